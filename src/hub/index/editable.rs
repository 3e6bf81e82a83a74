//! The columns that a repair changes.

macro_rules! columns {
    ($($column:ident $name:literal)*) => {
        /// A column that a repair changes, by the name that it has today.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum EditableColumn { $($column,)* }

        impl EditableColumn {
            /// Returns the column's name.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(EditableColumn::$column => $name,)* }
            }

            /// Returns the column that `name` spells.
            #[must_use]
            pub fn from_name(name: &str) -> Option<Self> {
                match name {
                    $($name => Some(EditableColumn::$column),)*
                    _ => None,
                }
            }
        }
    };
}

columns! {
    Author "author"
    Branch "branch"
    CommitMeta "commit_meta"
    CreatedAt "created_at"
    Directories "directories"
    EntryCount "entry_count"
    ManifestBlob "manifest_blob"
    Message "message"
    ParentIds "parent_ids"
    SizeBytes "size_bytes"
    SnapshotId "snapshot_id"
    StorageUri "storage_uri"
    Timestamp "timestamp"
}

impl std::fmt::Display for EditableColumn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name())
    }
}
