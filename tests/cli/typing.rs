//! What people type: URLs in other programs' spellings, relative paths, values with what was copied along, words of
//! other tools. Whatever it is, it is read, or refused in one line.

use crate::support::*;
use std::process::Command;

/// The program in a folder of the place, with variables.
fn within(place: &Sandbox, folder: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Ran {
    let mut command: Command = place.command(arguments);
    command.current_dir(place.path(folder));
    Ran::of(command.envs(variables.iter().copied()))
}

const AUDIT: [&str; 5] = ["audit", "--depth", "rows", "--json", "--quiet"];

/// It was read, and found the demo's commits.
fn audited(ran: &Ran, what: &str) {
    assert!(matches!(ran.code, 0 | 1), "{what}: {ran:?}");
    let summary = ran.lines().pop().unwrap();
    assert!(summary["checked"]["commits"].as_u64() > Some(0), "{what}");
}

#[test]
fn the_hubs_own_url_and_other_spellings_of_a_file_are_read() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let root = hub.dir.display().to_string();
    let objects = format!("file://{root}/objects");
    for url in [
        "sqlite+aiosqlite:///./hub.db",
        "sqlite+pysqlite:///hub.db",
        "sqlite:///hub.db",
        "sqlite:///./hub.db?timeout=5",
        "sqlite://hub.db",
        "sqlite:hub.db",
        "hub.db",
        " 'sqlite:///hub.db' ",
        "sqlite:///hub.db\r\n",
        "SQLITE:///hub.db",
        "sqlite:///file:hub.db?mode=ro&uri=true",
        &format!("sqlite:///{root}/hub.db"),
        &format!("sqlite+aiosqlite://{root}/hub.db"),
        &format!("sqlite:///file:{root}/hub.db?uri=true"),
        &format!("{root}/hub.db"),
    ] {
        let variables = [("DATABASE_URL", url), ("LUTHIER_STORE", objects.as_str())];
        audited(&within(&place, "hub", &variables, &AUDIT), url);
    }
    for store in [
        "file://objects",
        "file://./objects",
        "file:///objects",
        "file:objects",
        "objects",
        "./objects",
    ] {
        let flags = [
            &AUDIT[..],
            &["--database", "sqlite:///hub.db", "--store", store],
        ]
        .concat();
        audited(&within(&place, "hub", &[], &flags), store);
    }
    for folder in [
        "objects",
        "./objects",
        "objects/",
        &format!("{root}/objects\n"),
    ] {
        let variables = [
            ("DATABASE_URL", hub.database.as_str()),
            ("MUSEHUB_OBJECTS_DIR", folder),
        ];
        audited(&within(&place, "hub", &variables, &AUDIT), folder);
    }
}

#[test]
fn databases_that_no_other_program_can_open_are_refused_by_name() {
    let place = Sandbox::new();
    for (url, says) in [
        ("sqlite://", "in memory"),
        ("sqlite+aiosqlite:///:memory:", "in memory"),
        ("sqlite:///C:\\muse\\hub.db", "Windows"),
        ("sqlite+pysqlcipher:///hub.db", "pysqlcipher"),
        ("nowhere.db", "there is no such file"),
        ("postgres://u:hunter2@one,two/hub", "several hosts"),
        ("postgres://u:hunt#er2@db/hub", "percent-encode"),
        ("postgres://db/hub\nmore", "line break"),
        (
            "postgresql://u:hunter2@db/hub?service=muse",
            "service files are not read",
        ),
        (
            "mysql+asyncmy://u:hunter2@db/hub",
            "the scheme is `mysql+asyncmy`",
        ),
    ] {
        let ran = place.run(&["audit", "--database", url, "--store", "file:///tmp"]);
        ran.fails(2, says);
        assert_eq!(ran.err.lines().count(), 1, "{url}: {ran:?}");
        assert!(
            !ran.err.contains("hunter2") && !ran.err.contains("er2@"),
            "{url}: {ran:?}"
        );
    }
}

#[test]
fn a_path_that_means_two_files_is_refused() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    // The same path below the current folder, as SQLAlchemy reads three slashes.
    let below = hub.dir.join(hub.dir.strip_prefix("/").unwrap());
    std::fs::create_dir_all(&below).unwrap();
    std::fs::copy(hub.dir.join("hub.db"), below.join("hub.db")).unwrap();
    let variables = [
        ("DATABASE_URL", hub.database.as_str()),
        ("LUTHIER_STORE", hub.store.as_str()),
    ];
    let ran = within(&place, "hub", &variables, &AUDIT);
    ran.fails(2, "both exist");
    let four = hub.database.replacen("sqlite://", "sqlite:///", 1);
    let variables = [
        ("DATABASE_URL", four.as_str()),
        ("LUTHIER_STORE", hub.store.as_str()),
    ];
    audited(&within(&place, "hub", &variables, &AUDIT), &four);
}

#[test]
fn postgres_is_reached_by_what_libpq_and_the_drivers_of_python_read() {
    let place = Sandbox::new();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let database = runtime.block_on(crate::server::database());
    let objects = format!("file://{}", place.path("objects").display());
    let dir = place.path("hub");
    let built = place.run(&[
        "demo",
        "--healthy",
        "--build-only",
        dir.to_str().unwrap(),
        "--database",
        &database,
        "--store",
        &objects,
    ]);
    assert_eq!(built.code, 0, "{built:?}");
    let url = url::Url::parse(&database).unwrap();
    let (user, password) = (url.username(), url.password().unwrap_or_default());
    let (host, port) = (
        url.host_str().unwrap(),
        url.port().unwrap_or(5432).to_string(),
    );
    let name = url.path().trim_start_matches('/');
    for spelt in [
        format!(
            "postgresql+asyncpg://{user}:{password}@{host}:{port}/{name}?ssl=disable&prepared_statement_cache_size=0"
        ),
        format!(
            "postgresql+psycopg://{user}:{password}@/{name}?host={host}&port={port}&connect_timeout=10"
        ),
        format!("postgresql+asyncpg://{user}:{password}@/{name}?host={host}:{port}"),
        format!(
            "postgresql:///{name}?host={host}&port={port}&user={user}&password={password}&gssencmode=disable"
        ),
        format!("\"{database}\"\n"),
    ] {
        let flags = [&AUDIT[..], &["--database", &spelt, "--store", &objects]].concat();
        audited(&place.run(&flags), &spelt);
    }
    // As files of secrets leave them: each with a line break at its end.
    let broken = |value: &str| format!("{value}\n");
    let variables = [
        ("PGHOST", broken(host)),
        ("PGPORT", broken(&port)),
        ("PGUSER", broken(user)),
        ("PGPASSWORD", broken(password)),
        ("PGSSLMODE", broken("disable")),
    ];
    let plain = format!("postgres:///{name}");
    let flags = [&AUDIT[..], &["--database", &plain, "--store", &objects]].concat();
    let ran = Ran::of(place.command(&flags).envs(variables.clone()));
    audited(&ran, "PGHOST and others");
    for (variable, value, says) in [
        ("PGPORT", "many", "PGPORT"),
        ("PGSSLMODE", "sometimes", "PGSSLMODE"),
        ("PGHOST", "one,two", "several hosts"),
    ] {
        let mut command = place.command(&flags);
        let ran = Ran::of(command.envs(variables.clone()).env(variable, value));
        ran.fails(2, says);
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
    }
    let ran = Ran::of(place.command(&flags).env("PGSERVICE", "muse"));
    ran.fails(2, "PGSERVICE");
}

#[test]
fn words_of_other_tools_are_answered_with_what_does_that_here() {
    let place = Sandbox::new();
    for (word, says) in [
        ("fsck", "`luthier audit`"),
        ("check", "`luthier verify`"),
        ("fix", "`luthier repair`"),
        ("status", "`luthier doctor`"),
        ("ls", "`luthier` without a command"),
        ("log", "`luthier` without a command"),
        ("cat", "`luthier show ID`"),
        ("clone", "`luthier pull"),
        ("backup", "`luthier checkpoint`"),
        ("undo", "`luthier journal undo RUN`"),
        ("gc", "never deletes anything"),
        ("migrate", "`luthier schema`"),
        ("audti", "did you mean `audit`?"),
        ("repare", "did you mean `repair`?"),
        ("sgnoff", "did you mean `signoff`?"),
        ("xyzzy", "there are: demo, doctor, audit"),
        ("\u{1b}[31m", "there are: demo"),
    ] {
        let ran = place.run(&[word]);
        ran.fails(2, says);
        assert_eq!(ran.err.lines().count(), 1, "{ran:?}");
        assert!(
            !ran.err.contains('\u{1b}') && !ran.err.contains("tip:"),
            "{ran:?}"
        );
    }
    place.run(&["journal", "list"]).fails(
        2,
        "`luthier journal` has no command `list`; it has: show, undo, verify",
    );
}

#[test]
fn lengths_of_time_are_read_with_days_and_refused_in_words_of_our_own() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    for time in ["0s", "90s", "15m", "1h", "1d", "2w", "1d12h", "1.5h"] {
        audited(
            &place.on(&hub, &[&AUDIT[..], &["--grace", time]].concat()),
            time,
        );
    }
    for time in ["soon", "1", "-1h", "1y", "99999999999999w"] {
        let grace = format!("--grace={time}");
        let ran = place.on(&hub, &["audit", &grace]);
        ran.fails(2, "1d or 2w");
        assert!(
            !ran.err.contains("jiff") && !ran.err.contains("Span"),
            "{ran:?}"
        );
    }
}
