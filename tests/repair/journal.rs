//! The journal's chain: what holds it together, and what is seen when it was tampered with.

use crate::RepairError;
use crate::journal::{Event, Journal, Verified, runs, verify};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn run_event() -> Event {
    Event::Run {
        steps: 3,
        bytes: 30,
        database: "sqlite /hub.db".to_owned(),
        store: "folder /objects".to_owned(),
        undoes: None,
    }
}

fn end_event() -> Event {
    Event::End {
        outcomes: BTreeMap::new(),
        stopped: false,
        breaker: None,
    }
}

/// Three runs of two lines each, sealed.
fn written(folder: &Path) -> PathBuf {
    let path = folder.join("deep/state/journal.jsonl");
    for n in 0..3 {
        let mut journal = Journal::open_at(&path, "muse").unwrap();
        let run = format!("run-{n}");
        journal.append(&run, &[run_event()]).unwrap();
        journal.append(&run, &[end_event()]).unwrap();
        journal.seal().unwrap();
    }
    path
}

fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(str::to_owned).collect()
}

fn write(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.join("\n") + "\n").unwrap();
}

/// The journal after `change` of its lines.
fn tampered(change: impl Fn(&mut Vec<String>)) -> Verified {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let mut text = lines(&path);
    change(&mut text);
    write(&path, &text);
    verify(&path).unwrap()
}

fn only(verified: &Verified) -> (u64, &str) {
    assert_eq!(verified.tampered, 1, "{:?}", verified.tampering);
    let place = &verified.tampering[0];
    (place.line, &place.what)
}

#[test]
fn a_journal_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let verified = verify(&path).unwrap();
    assert!(verified.is_sound(), "{:?}", verified.tampering);
    assert_eq!((verified.lines, verified.runs), (6, 3));
    assert_eq!(verified.hub, "muse");
    let names: Vec<String> = runs(&path).unwrap().into_iter().map(|r| r.run).collect();
    assert_eq!(names, ["run-2", "run-1", "run-0"], "newest first");
}

#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    for path in [path.clone(), path.with_extension("seal")] {
        let mode = std::fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
}

#[test]
fn a_flipped_byte_is_found_on_its_line() {
    for at in 0..6 {
        let verified = tampered(|lines| lines[at] = lines[at].replace("muse", "mule"));
        let (line, what) = only(&verified);
        assert_eq!(line, at as u64 + 1);
        assert!(what.starts_with("changed"), "{what}");
    }
}

#[test]
fn a_line_that_is_no_longer_json_is_found() {
    let verified = tampered(|lines| lines[2].insert(0, 'x'));
    assert_eq!(only(&verified), (3, "changed: this is not a journal line"));
}

#[test]
fn a_removed_line_is_found_wherever_it_stood() {
    for at in 0..6 {
        let verified = tampered(|lines| {
            lines.remove(at);
        });
        let (line, what) = only(&verified);
        assert_eq!(line, at as u64 + 1);
        assert_eq!(what, format!("removed before it: number {}", at + 1));
    }
    let verified = tampered(|lines| lines.truncate(2));
    assert_eq!(only(&verified), (3, "removed before it: numbers 3 to 6"));
}

#[test]
fn lines_in_another_order_are_found() {
    for at in 0..5 {
        let verified = tampered(|lines| lines.swap(at, at + 1));
        let (line, what) = only(&verified);
        assert_eq!(line, at as u64 + 2);
        assert!(what.starts_with("out of order"), "{what}");
    }
}

#[test]
fn a_line_that_was_put_in_twice_is_found() {
    let verified = tampered(|lines| lines.insert(3, lines[1].clone()));
    let (line, what) = only(&verified);
    assert_eq!((line, what), (4, "added: number 2 occurs twice"));
}

#[test]
fn a_torn_last_line_is_no_tampering_and_is_cut_and_noted() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let mut text = std::fs::read(&path).unwrap();
    text.extend_from_slice(b"{\"seq\":7,\"prev\":\"ab");
    std::fs::write(&path, &text).unwrap();
    let verified = verify(&path).unwrap();
    assert!(verified.is_sound());
    assert_eq!(verified.torn, 19);

    drop(Journal::open_at(&path, "muse").unwrap());
    let verified = verify(&path).unwrap();
    assert!(verified.is_sound(), "{:?}", verified.tampering);
    assert_eq!((verified.torn, verified.lines), (0, 7));
    let note = lines(&path).pop().unwrap();
    assert!(note.contains("\"event\":\"note\""), "{note}");
    assert!(
        note.contains("{\\\"seq\\\":7,\\\"prev\\\":\\\"ab"),
        "{note}"
    );
}

#[test]
fn a_journal_torn_at_any_byte_of_its_last_line_can_be_opened() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("journal.jsonl");
    let mut journal = Journal::open_at(&path, "muse").unwrap();
    journal.append("run", &[run_event()]).unwrap();
    let first = std::fs::metadata(&path).unwrap().len() as usize;
    journal.append("run", &[end_event()]).unwrap();
    drop(journal);
    let whole = std::fs::read(&path).unwrap();
    for end in 0..=whole.len() {
        std::fs::write(&path, &whole[..end]).unwrap();
        let mut journal = Journal::open_at(&path, "muse").unwrap();
        journal.append("next", &[run_event()]).unwrap();
        drop(journal);
        let verified = verify(&path).unwrap();
        assert!(verified.is_sound(), "{end}: {:?}", verified.tampering);
        let kept = u64::from(end >= first) + u64::from(end == whole.len());
        let noted = u64::from(end != 0 && end != first && end != whole.len());
        assert_eq!(verified.lines, kept + noted + 1, "{end}");
    }
}

#[test]
fn a_journal_whose_end_was_changed_takes_no_more_lines() {
    for change in [
        (|lines: &mut Vec<String>| lines.truncate(4)) as fn(&mut Vec<String>),
        |lines| lines[5] = lines[5].replace("muse", "mule"),
        |lines| lines[5] = "{}".to_owned(),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let path = written(folder.path());
        let mut text = lines(&path);
        change(&mut text);
        write(&path, &text);
        let opened = Journal::open_at(&path, "muse");
        assert!(matches!(opened, Err(RepairError::Journal { .. })));
    }
}

#[test]
fn one_process_at_a_time_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = written(folder.path());
    let held = Journal::open_at(&path, "muse").unwrap();
    let Err(RepairError::Journal { source, .. }) = Journal::open_at(&path, "muse") else {
        panic!("opened twice");
    };
    assert!(source.to_string().contains("another luthier"), "{source}");
    drop(held);
    assert!(Journal::open_at(&path, "muse").is_ok());
}
