//! Checks what the database's server says that stops a run or makes it wait.

use super::Check;
use crate::access::Access;
use crate::index::ServerState;
use crate::index::server::Connections;

/// Connections that are few: an audit uses six where it may.
const FEW: u64 = 6;

/// Returns the checks, each only where there is something to say.
pub(super) fn examine(state: &ServerState, access: Access) -> Vec<Check> {
    let mut checks = Vec::new();
    checks.extend(state.read_only.as_ref().map(|why| read_only(why, access)));
    checks.extend(pooler(state.pooler, access));
    checks.extend(state.connections.as_ref().map(connections));
    checks.extend(state.applier.as_ref().map(|who| {
        Check::warn(
            "applier",
            format!("a repair is running on this hub ({who})"),
            "an audit may report what that repair is about to fix; another repair has to wait",
        )
    }));
    if !state.locked.is_empty() {
        checks.push(Check::fail(
            "locked tables",
            format!("nobody can read {}", state.locked.join("; ")),
            "wait for the end of what changes or rewrites them (a migration, VACUUM FULL), or end it",
        ));
    }
    checks
}

fn read_only(why: &str, access: Access) -> Check {
    let found = format!("the database takes no changes: {why}");
    match access {
        Access::Read => Check::warn(
            "read-only",
            found,
            "enough for an audit; a repair is refused until this changes",
        ),
        Access::Write => Check::fail(
            "read-only",
            found,
            "if it is a standby, repair on the primary; if it is a setting (hosted servers set it when the disk is full), free the disk, then unset it",
        ),
    }
}

fn pooler(found: Option<bool>, access: Access) -> Option<Check> {
    const NAME: &str = "pooler";
    match (found?, access) {
        (false, _) => Some(Check::pass(NAME, "none; the server is reached directly")),
        (true, Access::Read) => Some(Check::pass(
            NAME,
            "a pooler is in front of the server; Luthier sets nothing that lasts longer than a transaction",
        )),
        (true, Access::Write) => Some(Check::warn(
            NAME,
            "a pooler is in front of the server; Luthier sets nothing for a session",
            "a repair keeps one of its server connections for its lock, and `schema --apply` works within the role's \
             statement_timeout: connect to the server itself where you can",
        )),
    }
}

fn connections(found: &Connections) -> Check {
    const NAME: &str = "connections";
    let Connections { left, limit } = found;
    let left_over = format!("{left} more may be opened ({limit})");
    let advice = "Luthier uses up to 6 for reading and 3 more for writing, and is slower with fewer; a repair needs 2";
    match *left < FEW {
        true => Check::warn(NAME, left_over, advice),
        false => Check::pass(NAME, left_over),
    }
}
