//! Credentials and regions from wherever people keep them: taken without what was copied along, or refused in one
//! line; no value of them ends in a panic.

use crate::s3::{ACCESS_KEY, SECRET_KEY, Server};
use crate::support::*;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};

/// A service that hands out the store's keys for every role, and remembers what it was asked.
struct Sts {
    endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Sts {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = asked.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let mut reader = BufReader::new(stream);
                let (mut head, mut size) = (String::new(), 0);
                loop {
                    let mut line = String::new();
                    if reader.read_line(&mut line).unwrap_or(0) == 0 || line == "\r\n" {
                        break;
                    }
                    if let Some(length) = line.to_lowercase().strip_prefix("content-length:") {
                        size = length.trim().parse().unwrap_or(0);
                    }
                    head += &line;
                }
                let mut body = vec![0; size];
                if reader.read_exact(&mut body).is_err() {
                    continue;
                }
                let body = String::from_utf8_lossy(&body).into_owned();
                let action = match body.contains("Action=AssumeRoleWithWebIdentity") {
                    true => "AssumeRoleWithWebIdentity",
                    false => "AssumeRole",
                };
                log.lock().unwrap().push(format!("{head}{body}"));
                let answer = format!(
                    "<{action}Response xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><{action}Result><Credentials>\
                     <AccessKeyId>{ACCESS_KEY}</AccessKeyId><SecretAccessKey>{SECRET_KEY}</SecretAccessKey>\
                     <SessionToken>token</SessionToken><Expiration>2999-01-01T00:00:00Z</Expiration></Credentials>\
                     </{action}Result></{action}Response>"
                );
                let head = format!(
                    "HTTP/1.1 200 OK\r\ncontent-type: text/xml\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
                    answer.len()
                );
                let _ = reader
                    .get_mut()
                    .write_all(format!("{head}{answer}").as_bytes());
            }
        });
        Self { endpoint, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

/// A demo hub whose objects lie in a bucket, and what it takes to reach that.
struct Bucket {
    place: Sandbox,
    server: Server,
    database: String,
}

impl Bucket {
    fn new() -> Self {
        let (place, server) = (Sandbox::new(), Server::start(&["muse"]));
        let dir = place.path("hub");
        let database = format!("sqlite://{}", dir.join("hub.db").display());
        let bucket = Self {
            place,
            server,
            database,
        };
        let dir = dir.to_str().unwrap();
        let keys = [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        ];
        let built = bucket.run(&["demo", "--healthy", "--build-only", dir], &keys);
        assert_eq!(built.code, 0, "{built:?}");
        bucket
    }

    fn run(&self, arguments: &[&str], variables: &[(&str, &str)]) -> Ran {
        let to = ["--database", &self.database, "--store", "s3://muse"];
        let mut command = self.place.command(&[arguments, &to].concat());
        command.env("AWS_ENDPOINT_URL_S3", self.server.endpoint());
        command.env("AWS_EC2_METADATA_DISABLED", "true");
        command.env("PATH", "/usr/bin:/bin");
        Ran::of(command.envs(variables.iter().copied()))
    }

    fn audit(&self, variables: &[(&str, &str)]) -> Ran {
        self.run(&["audit", "--grace", "0s", "--quiet"], variables)
    }

    fn aws(&self, file: &str, text: &str) {
        let folder = self.place.path("home/.aws");
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join(file), text).unwrap();
    }
}

/// One line, no panic, and nothing of a secret.
fn refused(ran: &Ran, says: &str) {
    assert!(matches!(ran.code, 2 | 3), "{ran:?}");
    assert!(ran.err.contains(says), "{says}: {ran:?}");
    ran.is_one_line();
    for secret in [SECRET_KEY, "hunter2"] {
        assert!(!ran.err.contains(secret), "{ran:?}");
    }
}

#[test]
fn what_was_copied_along_with_a_value_is_taken_off() {
    let bucket = Bucket::new();
    let endpoint = format!(" {}\r\n", bucket.server.endpoint());
    for around in ["{}\n", "{}\r\n", "\"{}\"", "'{}' ", "\u{feff}{}"] {
        let of = |value: &str| around.replace("{}", value);
        let ran = bucket.audit(&[
            ("AWS_ACCESS_KEY_ID", &of(ACCESS_KEY)),
            ("AWS_SECRET_ACCESS_KEY", &of(SECRET_KEY)),
            ("AWS_REGION", &of("us-east-1")),
            ("AWS_ENDPOINT_URL_S3", &endpoint),
        ]);
        assert_eq!(ran.code, 0, "{around:?}: {ran:?}");
    }
    bucket.aws(
        "credentials",
        &format!("[quoted]\naws_access_key_id = \"{ACCESS_KEY}\"\r\naws_secret_access_key = '{SECRET_KEY}'\r\n"),
    );
    bucket.aws("config", "[profile quoted]\nregion = \"eu-west-1\"\n");
    let ran = bucket.audit(&[("AWS_PROFILE", "quoted\n")]);
    assert_eq!(ran.code, 0, "{ran:?}");
}

#[test]
fn what_cannot_be_sent_is_refused_in_one_line() {
    let bucket = Bucket::new();
    let cases = [
        ("AWS_ACCESS_KEY_ID", "AK\nX", "access key id"),
        ("AWS_ACCESS_KEY_ID", "AK\u{fc}X", "access key id"),
        (
            "AWS_SECRET_ACCESS_KEY",
            "hunter2\nAWS_REGION=x",
            "secret access key",
        ),
        ("AWS_SESSION_TOKEN", "hunter2\nb", "session token"),
        ("AWS_SESSION_TOKEN", "hunter2 b", "session token"),
        ("AWS_REGION", "us east", "AWS_REGION"),
        ("AWS_REGION", "us/east", "AWS_REGION"),
        ("AWS_ENDPOINT_URL_S3", "127.0.0.1:9", "endpoint"),
        ("AWS_ENDPOINT_URL_S3", "not a url", "endpoint"),
        (
            "AWS_ENDPOINT_URL_S3",
            "http://u:hunter2@127.0.0.1:9",
            "endpoint",
        ),
        (
            "AWS_ENDPOINT_URL_S3",
            "http://b\u{fc}cket.example",
            "endpoint",
        ),
        (
            "AWS_ENDPOINT_URL_S3",
            "http://127.0.0.1:9\nX: y",
            "AWS_ENDPOINT_URL_S3",
        ),
        ("AWS_ROLE_ARN", "arn:aws:iam::1:role/x\n", "AWS_ROLE_ARN"),
        (
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
            "hunter2\nb",
            "AWS_CONTAINER_AUTHORIZATION_TOKEN",
        ),
        ("AWS_PROFILE", "nope", "there is no AWS profile nope"),
        ("AWS_CA_BUNDLE", "/nonexistent.pem\n", "/nonexistent.pem"),
    ];
    for (name, value, says) in cases {
        let keys = [
            ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
            ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
            (name, value),
        ];
        refused(&bucket.audit(&keys), says);
    }
    let keys = [
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY),
        ("AWS_SECRET_ACCESS_KEY", SECRET_KEY),
        // The SDK's own reading of these panics.
        ("AWS_MAX_ATTEMPTS", "lots"),
        ("AWS_RETRY_MODE", "never"),
        ("HTTP_PROXY", "junk \n"),
    ];
    assert_eq!(bucket.audit(&keys).code, 0);
    refused(
        &bucket.audit(&[("AWS_ACCESS_KEY_ID", ACCESS_KEY)]),
        "AWS_SECRET_ACCESS_KEY is not",
    );
}

#[test]
fn a_role_is_assumed_in_the_region_that_the_store_gets() {
    let (bucket, sts) = (Bucket::new(), Sts::start());
    let token = bucket.place.path("token");
    std::fs::write(&token, "a.jwt.token").unwrap();
    bucket.aws(
        "config",
        &format!(
            "[profile base]\naws_access_key_id = AKBASE\naws_secret_access_key = hunter2\n\
             [default]\nrole_arn = arn:aws:iam::123456789012:role/audit\nsource_profile = base\n\
             [profile one]\nrole_arn = arn:aws:iam::123456789012:role/one\nsource_profile = base\nregion = eu-west-1\n\
             [profile two]\nrole_arn = arn:aws:iam::123456789012:role/two\nsource_profile = one\n\
             [profile env]\nrole_arn = arn:aws:iam::123456789012:role/env\ncredential_source = Environment\n\
             [profile web]\nrole_arn = arn:aws:iam::123456789012:role/web\nweb_identity_token_file = {}\n",
            token.display()
        ),
    );
    let endpoint = ("AWS_ENDPOINT_URL_STS", sts.endpoint.as_str());
    for (variables, times, region) in [
        (vec![], 1, "us-east-1"),
        (vec![("AWS_REGION", "eu-central-1")], 1, "eu-central-1"),
        (vec![("AWS_PROFILE", "one")], 1, "eu-west-1"),
        // Its own section names none: that of its source is taken.
        (vec![("AWS_PROFILE", "two")], 2, "eu-west-1"),
        (
            vec![
                ("AWS_PROFILE", "env"),
                ("AWS_ACCESS_KEY_ID", "AKENV\n"),
                ("AWS_SECRET_ACCESS_KEY", "hunter2\r\n"),
            ],
            1,
            "us-east-1",
        ),
        (vec![("AWS_PROFILE", "web")], 1, ""),
    ] {
        let ran = bucket.audit(&[&variables[..], &[endpoint]].concat());
        assert_eq!(ran.code, 0, "{variables:?}: {ran:?}");
        let asked = sts.asked();
        assert_eq!(asked.len(), times, "{variables:?}: {asked:?}");
        let scope = format!("/{region}/sts/");
        assert!(region.is_empty() || asked[0].contains(&scope), "{asked:?}");
    }
}

#[test]
fn keys_from_a_command_are_taken_and_its_failures_are_told_without_its_words() {
    let bucket = Bucket::new();
    let json = |more: &str| {
        format!(
            "{{\"Version\":1,\"AccessKeyId\":\"{ACCESS_KEY}\",\"SecretAccessKey\":\"{SECRET_KEY}\"{more}}}"
        )
    };
    let (keys, old) = (bucket.place.path("keys"), bucket.place.path("old"));
    std::fs::write(&keys, json("")).unwrap();
    std::fs::write(&old, json(",\"Expiration\":\"2020-01-01T00:00:00Z\"")).unwrap();
    bucket.aws(
        "config",
        &format!(
            "[profile good]\ncredential_process = cat {}\n[profile old]\ncredential_process = cat {}\n\
             [profile fails]\ncredential_process = sh -c 'echo hunter2 >&2; exit 3'\n\
             [profile words]\ncredential_process = echo hunter2\n",
            keys.display(),
            old.display()
        ),
    );
    let ran = bucket.audit(&[("AWS_PROFILE", "good")]);
    assert_eq!(ran.code, 0, "{ran:?}");
    refused(
        &bucket.audit(&[("AWS_PROFILE", "old")]),
        "expired at 2020-01-01T00:00:00Z",
    );
    refused(
        &bucket.audit(&[("AWS_PROFILE", "fails")]),
        "the command failed",
    );
    refused(
        &bucket.audit(&[("AWS_PROFILE", "words")]),
        "export-credentials --profile words",
    );
}

#[test]
fn a_profile_that_gives_no_credentials_says_of_which_kind_it_is_and_what_to_do() {
    let bucket = Bucket::new();
    bucket.aws(
        "config",
        "[sso-session corp]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n\
         [profile sso]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = Audit\n\
         [profile old]\nsso_start_url = https://corp.example/start\nsso_region = eu-west-1\n\
         sso_account_id = 123456789012\nsso_role_name = Audit\n\
         [profile lost]\nsso_session = gone\nsso_account_id = 123456789012\nsso_role_name = Audit\n\
         [profile login]\nlogin_session = arn:aws:iam::123456789012:user/x\n\
         [profile base]\naws_access_key_id = AKBASE\naws_secret_access_key = hunter2\n\
         [profile bare]\nrole_arn = arn:aws:iam::123456789012:role/x\n\
         [profile gone]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = nowhere\n\
         [profile loop]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = pool\n\
         [profile pool]\nrole_arn = arn:aws:iam::123456789012:role/x\nsource_profile = loop\n\
         [profile env]\nrole_arn = arn:aws:iam::123456789012:role/x\ncredential_source = Environment\n\
         [profile half]\naws_access_key_id = AKBASE\n\
         [profile empty]\nregion = eu-west-1\n",
    );
    for (name, says) in [
        (
            "sso",
            "there is no session yet; run `aws sso login --profile sso`",
        ),
        ("old", "aws sso login --profile old"),
        ("lost", "[sso-session]"),
        (
            "login",
            "is one of `aws login`, which this build does not read; export keys",
        ),
        ("bare", "neither source_profile nor credential_source"),
        ("gone", "there is no AWS profile nowhere"),
        ("loop", "leads back to itself"),
        (
            "env",
            "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY are not both set",
        ),
        ("half", "holds one of aws_access_key_id"),
        ("empty", "holds no credentials"),
        ("nope", "they hold: bare, base, empty"),
    ] {
        let ran = bucket.audit(&[("AWS_PROFILE", name)]);
        refused(&ran, says);
        let doctor = bucket.run(&["doctor"], &[("AWS_PROFILE", name)]);
        assert_eq!(doctor.code, 3, "{doctor:?}");
        assert!(doctor.out.contains(says), "{doctor:?}");
    }
    bucket.aws("config", "[profile broken\n");
    refused(
        &bucket.audit(&[("AWS_PROFILE", "broken")]),
        "cannot be read",
    );
}

#[test]
fn one_bucket_name_at_the_endpoints_of_two_aws_profiles_is_no_one_hub() {
    let hub = crate::remote::Remote::new(&[]);
    let other = Server::start(&["muse"]);
    other.refill("muse", &hub.server.objects("muse"));
    let config = hub.place.path("aws-config");
    let profile = |name: &str, server: &Server| {
        format!(
            "[profile {name}]\nendpoint_url = {}\naws_access_key_id = {ACCESS_KEY}\naws_secret_access_key = {SECRET_KEY}\n",
            server.endpoint()
        )
    };
    let text = profile("one", &hub.server) + &profile("two", &other);
    std::fs::write(&config, text).unwrap();
    hub.place.configure(&format!(
        "[profiles.it]\ndatabase = \"{}\"\nstore = \"s3://muse/hub\"\nenvironment = \"staging\"\n",
        hub.database
    ));
    let repair = |profile: &str, code: &str| {
        let mut command = hub.place.command(&[
            "repair",
            "--profile",
            "it",
            "--code",
            code,
            "--apply",
            "--write",
            "--yes",
        ]);
        hub.to_server(&mut command)
            .env_remove("AWS_ENDPOINT_URL")
            .env("AWS_CONFIG_FILE", &config)
            .env("AWS_PROFILE", profile);
        Ran::of(&mut command)
    };
    let first = repair("one", "cache-msgpack");
    assert!(first.out.contains("recached"), "{first:?}");
    let refused = repair("two", "count-wrong");
    assert!(refused.err.contains("hub binding: "), "{refused:?}");
    assert!(
        refused.err.contains("the object store differs"),
        "{refused:?}"
    );
    assert!(refused.err.contains(&other.endpoint()), "{refused:?}");
    let again = repair("one", "count-wrong");
    assert!(again.out.contains("recached"), "{again:?}");
}
