//! The schemas of new hubs, embedded from `migrations/`: (number, name, SQL), forward only.

/// A step of a schema: its number, its name, its SQL.
pub(super) type Step = (i64, &'static str, &'static str);

/// The tables of a hub, by the month of 2026 in which hubs had them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum HubEra {
    /// The public release: a manifest is JSON, only blobs have a `storage_uri`.
    March,
    /// Manifests are caches and memberships have tables of their own; until the last days of May.
    April,
    /// Every row has a `storage_uri`: the last days of May.
    May,
    /// Blobs are in packs; as hubs are today.
    #[default]
    June,
}

impl HubEra {
    /// Returns the steps that make the tables in Postgres.
    pub(super) fn postgres(self) -> Vec<Step> {
        let [hub, packs] = POSTGRES;
        match self {
            Self::March => vec![MARCH_IN_POSTGRES],
            Self::April => vec![hub, APRIL_IN_POSTGRES],
            Self::May => vec![hub],
            Self::June => vec![hub, packs],
        }
    }

    /// Returns the steps that make the tables in SQLite.
    pub(super) fn sqlite(self) -> Vec<Step> {
        let [hub, packs] = SQLITE;
        match self {
            Self::March => vec![MARCH_IN_SQLITE],
            Self::April => vec![hub, APRIL_IN_SQLITE],
            Self::May => vec![hub],
            Self::June => vec![hub, packs],
        }
    }
}

const MARCH_IN_POSTGRES: Step = (
    1001,
    "march",
    include_str!("../../../migrations/eras/postgres/march.sql"),
);

const APRIL_IN_POSTGRES: Step = (
    1002,
    "april",
    include_str!("../../../migrations/eras/postgres/april.sql"),
);

const MARCH_IN_SQLITE: Step = (
    1001,
    "march",
    include_str!("../../../migrations/eras/sqlite/march.sql"),
);

const APRIL_IN_SQLITE: Step = (
    1002,
    "april",
    include_str!("../../../migrations/eras/sqlite/april.sql"),
);

/// For Postgres.
const POSTGRES: [Step; 2] = [
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
const SQLITE: [Step; 2] = [
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
