//! The schemas of new hubs, embedded from `migrations/`: (number, name, SQL), forward only.

/// For Postgres.
pub(super) const POSTGRES: [(i64, &str, &str); 2] = [
    (
        1,
        "hub",
        include_str!("../../../migrations/postgres/0001_hub.sql"),
    ),
    (
        2,
        "packs",
        include_str!("../../../migrations/postgres/0002_packs.sql"),
    ),
];

/// For SQLite.
pub(super) const SQLITE: [(i64, &str, &str); 2] = [
    (
        1,
        "hub",
        include_str!("../../../migrations/sqlite/0001_hub.sql"),
    ),
    (
        2,
        "packs",
        include_str!("../../../migrations/sqlite/0002_packs.sql"),
    ),
];

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_of_the_migrations_folders_is_in_its_list() {
        for (folder, list) in [("postgres", super::POSTGRES), ("sqlite", super::SQLITE)] {
            let all = concat!(env!("CARGO_MANIFEST_DIR"), "/../../migrations/");
            let mut files: Vec<String> = std::fs::read_dir(format!("{all}{folder}"))
                .unwrap()
                .map(|f| f.unwrap().file_name().into_string().unwrap())
                .collect();
            files.sort();
            let listed: Vec<String> = list
                .iter()
                .map(|(number, name, _)| format!("{number:04}_{name}.sql"))
                .collect();
            assert_eq!(files, listed, "{folder}");
        }
    }
}
