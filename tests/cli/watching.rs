//! `luthier watch`: rounds, what they tell, and how a watch ends.

use crate::remote::Remote;
use crate::s3::{Fault, Op};
use crate::serving::get;
use crate::support::{Hub, Ran, Sandbox, files};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout};
use std::sync::mpsc;

/// A watch that goes on, and what it prints.
struct Watching {
    child: Child,
    said: BufReader<ChildStdout>,
}

impl Watching {
    fn start(place: &Sandbox, hub: &Hub, more: &[&str]) -> Self {
        let mut arguments = vec!["watch", "--json", "--every", "100ms"];
        arguments.extend(more);
        let (child, said) = place.spawn(&hub.with(&arguments));
        Self { child, said }
    }

    /// Waits for an event of this type, whatever comes before it.
    fn until(&mut self, wanted: &str) -> Value {
        loop {
            let mut line = String::new();
            self.said.read_line(&mut line).unwrap();
            assert!(!line.is_empty(), "the watch ended before `{wanted}`");
            let event: Value = serde_json::from_str(&line).unwrap();
            if event["type"] == wanted {
                return event;
            }
        }
    }

    fn stop(self, signal: Signal) -> Ran {
        kill_process(Pid::from_child(&self.child), signal).unwrap();
        drop(self.said);
        Ran::from(self.child.wait_with_output().unwrap())
    }
}

/// Returns the event of one round.
fn round(place: &Sandbox, hub: &Hub, more: &[&str]) -> (Value, i32) {
    let ran = place.on(hub, &[&["watch", "--rounds", "1", "--json"], more].concat());
    let [event] = &ran.lines()[..] else {
        panic!("{ran:?}")
    };
    (event.clone(), ran.code)
}

/// Returns an object of a row: its loss is a finding.
fn an_object(hub: &Hub) -> PathBuf {
    let objects = hub.objects().into_iter();
    let mut named = objects.filter(|(_, bytes)| bytes.starts_with(b"snapshot "));
    named.next().unwrap().0
}

#[test]
fn a_finding_that_comes_and_goes_is_told_once_each_by_whichever_run_sees_it() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let before = (
        hub.objects(),
        std::fs::read(hub.dir.join("hub.db")).unwrap(),
    );
    let (first, code) = round(&place, &hub, &[]);
    assert_eq!(first["since"], Value::Null, "{first}");
    let calm = first["total"].as_u64().unwrap();
    assert_eq!(code, i32::from(calm > 0), "{first}");
    let (same, _) = round(&place, &hub, &[]);
    assert_eq!(
        (&same["type"], &same["since"]),
        (&json!("no-change"), &first["at"])
    );

    let (object, aside) = (an_object(&hub), place.path("aside"));
    std::fs::rename(&object, &aside).unwrap();
    let (lost, code) = round(&place, &hub, &["--fail-on", "critical"]);
    assert_eq!((code, &lost["type"]), (1, &json!("change")), "{lost}");
    let codes = |moved: &Value| -> Vec<String> {
        let first = moved["first"].as_array().unwrap().iter();
        first
            .map(|one| one["code"].as_str().unwrap().to_owned())
            .collect()
    };
    assert!(
        codes(&lost["new"]).contains(&"object-missing".to_owned()),
        "{lost}"
    );
    assert_eq!(lost["gone"]["count"], 0);

    std::fs::rename(&aside, &object).unwrap();
    let words = place.on(&hub, &["watch", "--rounds", "1", "--fail-on", "critical"]);
    assert_eq!(words.code, 0, "{words:?}");
    assert!(
        words
            .out
            .contains("1 gone (critical object-missing snapshot"),
        "{words:?}"
    );
    assert_eq!(words.out.lines().count(), 1, "{words:?}");
    let quiet = place.on(&hub, &["watch", "--rounds", "2", "--every", "1ms"]);
    let calm = quiet.out.lines();
    assert_eq!(
        calm.filter(|line| line.contains("no change since")).count(),
        2,
        "{quiet:?}"
    );
    let after = (
        hub.objects(),
        std::fs::read(hub.dir.join("hub.db")).unwrap(),
    );
    assert!(before == after, "a watch writes nothing to the hub");
}

#[test]
fn a_hub_that_goes_away_and_comes_back_does_not_end_a_watch_and_a_signal_does() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    let (database, aside) = (hub.dir.join("hub.db"), hub.dir.join("aside"));
    for signal in [Signal::TERM, Signal::INT] {
        let mut watching = Watching::start(&place, &hub, &[]);
        watching.until("no-change");
        std::fs::rename(&database, &aside).unwrap();
        let failed = watching.until("failed");
        assert!(failed["last_audit"].is_string(), "{failed}");
        std::fs::rename(&aside, &database).unwrap();
        let again = watching.until("no-change");
        assert!(
            again["text"]
                .as_str()
                .unwrap()
                .contains("audited again: no change"),
            "{again}"
        );
        let other = place.on(&hub, &["watch", "--rounds", "1"]);
        other.fails(3, "another `luthier watch`");
        let ran = watching.stop(signal);
        assert_eq!(ran.code, 0, "{ran:?}");
    }
}

#[test]
fn rounds_that_fail_are_counted_and_end_with_three_and_nothing_is_gone() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let (first, _) = round(&place, &hub, &[]);
    let database = hub.dir.join("hub.db");
    let whole = std::fs::read(&database).unwrap();
    std::fs::write(&database, "no database").unwrap();
    let ran = place.on(&hub, &["watch", "--rounds", "2", "--every", "1ms"]);
    assert_eq!((ran.code, ran.out.lines().count()), (3, 2), "{ran:?}");
    assert!(
        ran.out.lines().all(|line| line.contains("NOT AUDITED: ")),
        "{ran:?}"
    );
    std::fs::write(&database, whole).unwrap();
    let (again, _) = round(&place, &hub, &[]);
    assert_eq!(again["total"], first["total"]);
    assert_eq!(again["gone"]["count"], 0);
}

#[test]
fn findings_that_cannot_be_compared_all_count_as_new() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let (first, _) = round(&place, &hub, &[]);
    let folder = place.path("state/luthier/watch");
    let entries = std::fs::read_dir(folder).unwrap();
    let paths = entries.map(|entry| entry.unwrap().path());
    let kept = paths.filter(|path| path.extension().is_some_and(|end| end == "jsonl"));
    let kept: Vec<PathBuf> = kept.collect();
    let text = std::fs::read_to_string(&kept[0]).unwrap();
    let cut = text.lines().take(5).collect::<Vec<_>>().join("\n");
    std::fs::write(&kept[0], cut).unwrap();
    let (again, _) = round(&place, &hub, &[]);
    assert_eq!(again["new"]["count"], first["total"]);
    assert!(
        again["text"].as_str().unwrap().contains("damaged, or cut"),
        "{again}"
    );
    let (same, _) = round(&place, &hub, &[]);
    assert_eq!(same["type"], "no-change");
}

#[test]
fn an_audit_without_all_answers_tells_of_no_finding_that_it_is_gone() {
    let hub = Remote::new(&[]);
    let round = || {
        let ran = hub.run(&["watch", "--rounds", "1", "--json", "--retry-for", "1s"]);
        (ran.lines().remove(0), ran.code)
    };
    let (first, _) = round();
    assert_eq!(first["complete"], true, "{first}");
    for op in [Op::Get, Op::Head] {
        hub.server
            .fail(op, "", Fault::Code("AccessDenied"), usize::MAX);
    }
    let (partial, code) = round();
    assert_eq!(
        (&partial["type"], &partial["complete"], code),
        (&json!("change"), &json!(false), 1),
        "{partial}"
    );
    assert_eq!(partial["gone"]["count"], 0, "{partial}");
    assert!(partial["kept"].as_u64().unwrap() > 0, "{partial}");
    assert_eq!(partial["total"], first["total"], "{partial}");
    hub.server.heal();
    let (whole, _) = round();
    assert_eq!(
        (&whole["complete"], &whole["total"], &whole["gone"]["count"]),
        (&json!(true), &first["total"], &json!(0)),
        "{whole}"
    );
}

/// A server that gives each request the next of these answers, and hands on what was posted.
fn webhook(statuses: &'static [&'static str]) -> (String, mpsc::Receiver<Value>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!(
        "http://{}/services/T0/s3cret-path",
        listener.local_addr().unwrap()
    );
    let (tell, told) = mpsc::channel();
    std::thread::spawn(move || {
        for status in statuses {
            let mut stream = listener.accept().unwrap().0;
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let mut length = 0;
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let line = line.trim().to_lowercase();
                if let Some(value) = line.strip_prefix("content-length: ") {
                    length = value.parse().unwrap();
                }
                if line.is_empty() {
                    break;
                }
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
            stream.write_all(answer.as_bytes()).unwrap();
            tell.send(serde_json::from_slice(&body).unwrap()).unwrap();
        }
    });
    (url, told)
}

#[test]
fn a_change_that_a_webhook_refuses_is_told_by_the_next_round_and_its_url_is_shown_nowhere() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    // A server that is busy is asked again within the round.
    let (url, told) = webhook(&["403 Forbidden", "503 Busy", "200 OK"]);
    let watch = || {
        let mut command =
            place.command(&hub.with(&["watch", "--rounds", "1", "--fail-on", "critical", "-v"]));
        Ran::of(command.env("LUTHIER_WEBHOOK", &url))
    };
    let refused = watch();
    assert!(
        refused
            .err
            .contains("the webhook at 127.0.0.1 failed: it answered 403"),
        "{refused:?}"
    );
    assert_eq!(told.recv().unwrap()["since"], Value::Null);
    let accepted = watch();
    assert!(!accepted.err.contains("failed"), "{accepted:?}");
    let bodies = [told.recv().unwrap(), told.recv().unwrap()];
    assert_eq!(bodies[0], bodies[1], "the second try says the same");
    let body = &bodies[1];
    assert_eq!(
        (&body["type"], &body["since"]),
        (&json!("change"), &Value::Null)
    );
    assert!(
        body["text"]
            .as_str()
            .unwrap()
            .starts_with("hub: first audit: 1"),
        "{body}"
    );
    assert_eq!(body["new"]["count"], body["total"]);
    let calm = watch();
    // The webhook has no answer left: nobody calls it.
    assert!(calm.out.contains("  no change since "), "{calm:?}");
    assert!(!calm.err.contains("webhook"), "{calm:?}");
    for ran in [&refused, &accepted] {
        assert!(!ran.err.contains("s3cret"), "{ran:?}");
    }
    let state = files(&place.path("state"));
    let secret = b"s3cret-path";
    for (path, bytes) in state {
        let has = bytes.windows(secret.len()).any(|window| window == secret);
        assert!(!has, "{}", path.display());
    }
    let wrong = place.on(&hub, &["watch", "--webhook", "ftp://s3cret-path/x"]);
    wrong.fails(2, "--webhook: write https://HOST/PATH");
    assert!(!wrong.err.contains("s3cret"), "{wrong:?}");
}

#[test]
fn a_command_gets_the_change_on_its_standard_input_and_its_failure_is_told() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let file = place.path("told.json");
    let (file, watch) = (file.to_str().unwrap(), ["watch", "--rounds", "1", "--exec"]);
    let failing = place.on(
        &hub,
        &[&watch[..], &["/bin/sh", "-c", "exit 3", ";"]].concat(),
    );
    assert!(
        failing.err.contains("`/bin/sh` failed: exit status: 3"),
        "{failing:?}"
    );
    let save = ["/bin/sh", "-c", "cat > \"$0\"", file, ";", "--json"];
    let ran = place.on(&hub, &[&watch[..], &save].concat());
    let told: Value = serde_json::from_str(&std::fs::read_to_string(file).unwrap()).unwrap();
    assert_eq!(vec![told], ran.lines());
}

/// Reads OpenMetrics' text strictly: every sample once, of a family that was declared, and an end.
fn samples(text: &str) -> BTreeMap<String, f64> {
    let is_name = |name: &str| {
        name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
            && !name.starts_with(|c: char| c.is_ascii_digit())
    };
    let mut types: BTreeMap<&str, &str> = BTreeMap::new();
    let mut out = BTreeMap::new();
    let body = text.strip_suffix("# EOF\n").expect("an end");
    for line in body.lines() {
        if let Some(told) = line.strip_prefix("# ") {
            let words: Vec<&str> = told.splitn(3, ' ').collect();
            assert!(is_name(words[1]) && words.len() == 3, "{line}");
            match words[0] {
                "TYPE" => assert!(types.insert(words[1], words[2]).is_none(), "{line}"),
                "HELP" => {}
                "UNIT" => assert!(words[1].ends_with(&format!("_{}", words[2])), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (sample, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = sample.split_once('{').unwrap_or((sample, "}"));
        let family = match name.strip_suffix("_total") {
            Some(family) => (family, "counter"),
            None => (name, "gauge"),
        };
        assert_eq!(types.get(family.0), Some(&family.1), "{line}");
        for label in labels.strip_suffix('}').expect(line).split_terminator(',') {
            let (label, value) = label.split_once('=').unwrap();
            assert!(is_name(label) && value.len() >= 2, "{line}");
            assert!(value.starts_with('"') && value.ends_with('"'), "{line}");
        }
        let value: f64 = value.parse().unwrap();
        assert!(out.insert(sample.to_owned(), value).is_none(), "{line}");
    }
    out
}

#[test]
fn a_monitor_reads_the_last_audit_its_age_and_whether_the_hub_answers() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &[]);
    let mut watching = Watching::start(&place, &hub, &["--metrics", "127.0.0.1:0"]);
    let url = watching.until("metrics")["url"]
        .as_str()
        .unwrap()
        .to_owned();
    let address = url
        .strip_prefix("http://")
        .unwrap()
        .strip_suffix("/metrics")
        .unwrap();
    let read = || {
        let (status, text) = get(address, "/metrics");
        assert_eq!(status, 200);
        samples(&text)
    };
    let first = watching.until("change");
    let told = read();
    let figure = |told: &BTreeMap<String, f64>, name: &str| {
        let (name, label) = name.split_once(' ').unwrap_or((name, ""));
        let mut found = told.iter().filter(|(sample, _)| {
            let at = sample.split('{').next().unwrap();
            at == format!("luthier_{name}") && sample.contains(label)
        });
        let value = found.next().map(|(_, value)| *value);
        value.unwrap_or_else(|| panic!("no {name} {label} in {told:#?}"))
    };
    assert_eq!(figure(&told, "up"), 1.0);
    assert_eq!(figure(&told, "audit_complete"), 1.0);
    assert_eq!(figure(&told, "audit_depth depth=\"presence\""), 1.0);
    let all: f64 = told
        .iter()
        .filter(|(name, _)| name.starts_with("luthier_findings{"))
        .map(|(_, n)| n)
        .sum();
    assert_eq!(Some(all), first["total"].as_f64());
    for (kind, named) in [
        ("commit", "commits"),
        ("snapshot", "snapshots"),
        ("blob", "blobs"),
    ] {
        let label = format!("kind=\"{kind}\"");
        assert_eq!(
            Some(figure(&told, &format!("objects {label}"))),
            first["checked"][named].as_f64()
        );
        assert_eq!(
            Some(figure(&told, &format!("null_uris {label}"))),
            first["null_uris"][kind].as_f64()
        );
    }
    assert!(figure(&told, "audit_duration_seconds") > 0.0);
    let (database, aside) = (hub.dir.join("hub.db"), hub.dir.join("aside"));
    std::fs::rename(&database, &aside).unwrap();
    watching.until("failed");
    let down = read();
    assert_eq!(figure(&down, "up"), 0.0);
    assert!(figure(&down, "watch_rounds_failed_total") >= 1.0);
    // What the last audit found stays, and says how old it is.
    let findings = "findings code=\"object-missing\"";
    assert_eq!(figure(&down, findings), figure(&told, findings));
    assert!(figure(&down, "audit_age_seconds") > 0.0);
    std::fs::rename(&aside, &database).unwrap();
    assert_eq!(watching.stop(Signal::TERM).code, 0);
}

#[test]
fn the_last_audits_of_a_hub_are_remembered_and_those_of_a_part_are_not() {
    let place = Sandbox::new();
    let hub = place.demo("hub", &["--healthy"]);
    place.on(&hub, &["audit", "dmitri/old-site"]);
    let folder = place.path("state/luthier/history");
    assert!(!folder.exists());
    let remembered = || {
        let [(path, text)] = &files(&folder).into_iter().collect::<Vec<_>>()[..] else {
            panic!("one file")
        };
        let mode = std::fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let audits: Vec<Value> = serde_json::from_slice(text).unwrap();
        (path.clone(), audits)
    };
    let summary = place.on(&hub, &["audit", "--json"]).lines().pop().unwrap();
    round(&place, &hub, &["--depth", "rows"]);
    let (path, audits) = remembered();
    let depths: Vec<&Value> = audits.iter().map(|audit| &audit["depth"]).collect();
    assert_eq!(depths, ["presence", "rows"]);
    place.on(
        &hub,
        &[
            "signoff",
            "--out",
            &place.path("reports").display().to_string(),
        ],
    );
    let (_, signed) = remembered();
    assert_eq!((signed.len(), &signed[2]["depth"]), (3, &json!("bytes")));
    assert_eq!(audits[0]["grades"], summary["grades"]);
    let many = vec![audits[0].clone(); 500];
    std::fs::write(&path, serde_json::to_vec(&many).unwrap()).unwrap();
    place.on(&hub, &["audit", "--depth", "rows"]);
    let (_, audits) = remembered();
    assert_eq!((audits.len(), &audits[199]["depth"]), (200, &json!("rows")));
    std::fs::write(&path, "damaged").unwrap();
    let ran = place.on(&hub, &["audit"]);
    assert!(matches!(ran.code, 0 | 1), "{ran:?}");
    assert_eq!(remembered().1.len(), 1);
}
