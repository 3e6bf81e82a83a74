//! Two databases by three stores: the same demo hub in each pair gives the same findings.

use crate::s3::{ACCESS_KEY, SECRET_KEY, Server};
use crate::server;
use crate::support::*;

/// A store to build in: its URL, and the environment that reaches it.
struct Objects {
    url: Option<String>,
    environment: Vec<(&'static str, String)>,
}

impl Objects {
    fn folder() -> Self {
        Self {
            url: None,
            environment: vec![],
        }
    }

    fn s3(endpoint: String, bucket: &str, keys: (String, String)) -> Self {
        Self {
            url: Some(format!("s3://{bucket}/hub")),
            environment: vec![
                ("AWS_ENDPOINT_URL", endpoint),
                ("AWS_ACCESS_KEY_ID", keys.0),
                ("AWS_SECRET_ACCESS_KEY", keys.1),
                ("AWS_REGION", "us-east-1".into()),
                ("AWS_EC2_METADATA_DISABLED", "true".into()),
            ],
        }
    }
}

fn wait<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Runtime::new().unwrap().block_on(work)
}

/// Builds the demo hub in a pair, audits it to the last byte, repairs it and audits it again.
fn findings(
    place: &Sandbox,
    name: &str,
    database: Option<String>,
    objects: &Objects,
) -> [String; 2] {
    let run = |arguments: &[&str]| {
        let mut command = place.command(arguments);
        let variables = objects.environment.iter();
        Ran::of(command.envs(variables.map(|(name, value)| (name, value.as_str()))))
    };
    let dir = place.path(name);
    let mut build = vec!["demo", "--json", "--build-only", dir.to_str().unwrap()];
    if let Some(url) = &database {
        build.extend(["--database", url]);
    }
    if let Some(url) = &objects.url {
        build.extend(["--store", url]);
    }
    let built = run(&build);
    assert_eq!(built.code, 0, "{name}: {built:?}");
    let line = built.lines().pop().unwrap();
    let database = database.unwrap_or_else(|| line["database"].as_str().unwrap().to_owned());
    let store = line["store"].as_str().unwrap().to_owned();
    let on = |arguments: &[&str]| {
        let with = ["--json", "--database", &database, "--store", &store];
        run(&[arguments, &with].concat())
    };
    let root = match store.starts_with("s3://") {
        true => format!("{store}/"),
        false => "local://".to_owned(),
    };
    let plain = |ran: Ran| {
        assert!(ran.lines().len() > 1, "{name}: {ran:?}");
        ran.out.replace(&root, "uri:")
    };
    // A bucket's objects are all new, and whatever the times, the grace window is not the matter here.
    let audit = ["audit", "--depth", "bytes", "--grace", "0s"];
    let before = plain(on(&audit));
    let repaired = on(&["repair", "--apply", "--write", "--yes", "--grace", "0s"]);
    assert_eq!(repaired.code, 1, "{name}: {repaired:?}");
    [before, plain(on(&audit))]
}

/// Makes a bucket of its own on the server.
async fn make_bucket(objects: &Objects, bucket: &str) {
    use aws_sdk_s3::config::{BehaviorVersion, Credentials, Region};
    let of = |name: &str| {
        let found = objects.environment.iter().find(|(key, _)| *key == name);
        found.unwrap().1.clone()
    };
    let keys = Credentials::new(
        of("AWS_ACCESS_KEY_ID"),
        of("AWS_SECRET_ACCESS_KEY"),
        None,
        None,
        "test",
    );
    let config = aws_sdk_s3::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .credentials_provider(keys)
        .region(Region::new("us-east-1"))
        .endpoint_url(of("AWS_ENDPOINT_URL"))
        .force_path_style(true)
        .build();
    let client = aws_sdk_s3::Client::from_conf(config);
    client.create_bucket().bucket(bucket).send().await.unwrap();
}

#[test]
fn every_pair_of_database_and_store_gives_the_same_findings() {
    let own = Server::start(&["muse"]);
    let other = Server::start(&["muse"]);
    let place = Sandbox::new();
    let variable = |name: &str| {
        std::env::var(name).unwrap_or_else(|_| {
            panic!("{name} is not set: use tests/run, or start the servers with: eval \"$(tests/servers/up)\"")
        })
    };
    let weed = |bucket: &str| {
        let keys = (
            variable("AWS_ACCESS_KEY_ID"),
            variable("AWS_SECRET_ACCESS_KEY"),
        );
        let bucket = format!("{bucket}-{:08x}", fastrand::u32(..));
        let objects = Objects::s3(variable("LUTHIER_TEST_SEAWEEDFS"), &bucket, keys);
        wait(make_bucket(&objects, &bucket));
        objects
    };
    let keys = || (ACCESS_KEY.to_owned(), SECRET_KEY.to_owned());
    let reference = findings(&place, "file-folder", None, &Objects::folder());
    let database = || Some(wait(server::database()));
    for (name, database, objects) in [
        (
            "file-own",
            None,
            Objects::s3(own.endpoint(), "muse", keys()),
        ),
        ("postgres-folder", database(), Objects::folder()),
        (
            "postgres-own",
            database(),
            Objects::s3(other.endpoint(), "muse", keys()),
        ),
        ("file-seaweedfs", None, weed("file")),
        ("postgres-seaweedfs", database(), weed("postgres")),
    ] {
        let found = findings(&place, name, database, &objects);
        for (found, expected) in found.iter().zip(&reference) {
            for (one, other) in found.lines().zip(expected.lines()) {
                assert_eq!(one, other, "{name}");
            }
            assert_eq!(found.len(), expected.len(), "{name}");
        }
    }
}
