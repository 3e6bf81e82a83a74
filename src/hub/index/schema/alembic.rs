//! The additive SQL as a revision of the hub's own Alembic chain.

use super::{Dialect, Migration, index_name};
use crate::index::Capabilities;
use luthier_object::Kind;

impl Migration {
    /// Returns the same as a revision of the hub's own Alembic chain, behind the revision that it is at.
    #[must_use]
    pub fn alembic(&self) -> String {
        let (after, down) = (self.behind(), self.down_revision());
        let (mut up, mut back) = (String::new(), String::new());
        if self.dialect == Dialect::Postgres && !self.columns.is_empty() {
            up += "    op.execute(\"SET LOCAL lock_timeout = '5s'\")\n";
        }
        for kind in &self.columns {
            up += &format!("    op.execute({})\n", quoted(&self.add_column(*kind)));
            back = format!(
                "    op.drop_column(\"{}\", \"storage_uri\")\n",
                Capabilities::table(*kind)
            ) + &back;
        }
        if !self.indexes.is_empty() {
            let (made, dropped) = self.index_steps();
            up += &made;
            back = dropped + &back;
        }
        if up.is_empty() {
            up += "    pass\n";
            back += "    pass\n";
        }
        format!(
            "\"\"\"storage_uri on commits and snapshots\n\n\
             Additive: nullable columns without default, and indexes over the rows that are null.\n\
             Going back forgets where objects are; the objects stay.\n\n\
             Revision ID: luthier_storage_uri\n\
             Revises: {after}\n\
             \"\"\"\n\
             from alembic import op\n\n\
             revision = \"luthier_storage_uri\"\n\
             down_revision = {down}\n\
             branch_labels = None\n\
             depends_on = None\n\n\n\
             def upgrade() -> None:\n{up}\n\n\
             def downgrade() -> None:\n{back}"
        )
    }

    /// Returns the Python value of `down_revision`.
    fn down_revision(&self) -> String {
        match self.revisions.as_slice() {
            [] => "None".to_owned(),
            [one] => quoted(one),
            many => {
                let many: Vec<String> = many.iter().map(|revision| quoted(revision)).collect();
                format!("({})", many.join(", "))
            }
        }
    }

    /// Returns the revisions that this one comes behind, in words.
    fn behind(&self) -> String {
        match self.revisions.is_empty() {
            true => "the first revision".to_owned(),
            false => self
                .revisions
                .join(", ")
                .replace(['\\', '"', '\n', '\r'], " "),
        }
    }

    /// Returns the Python that makes the indexes, and the Python that drops them.
    fn index_steps(&self) -> (String, String) {
        let mut up = "    with op.get_context().autocommit_block():\n".to_owned();
        let mut drops = up.clone();
        let concurrently = match self.dialect {
            Dialect::Postgres => "CONCURRENTLY ",
            Dialect::Sqlite => "",
        };
        for (kind, standing) in &self.indexes {
            for statement in self.add_index(*kind, *standing) {
                up += &format!("        op.execute({})\n", quoted(&statement));
            }
            let concurrently = match self.is_partitioned(*kind) {
                true => "",
                false => concurrently,
            };
            drops += &format!(
                "        op.execute(\"DROP INDEX {concurrently}IF EXISTS {}\")\n",
                index_name(*kind)
            );
        }
        (up, drops)
    }

    fn is_partitioned(&self, kind: Kind) -> bool {
        self.name(kind).partitioned
    }
}

/// Returns a Python string; revisions come out of the hub, so nothing in them may end it.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\x{:02x}", c as u32 & 0xff)),
            c => out.push(c),
        }
    }
    out + "\""
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_backslash_does_not_end_a_python_string() {
        assert_eq!(super::quoted("\\"), r#""\\""#);
    }
}
