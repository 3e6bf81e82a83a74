//! The joins over facts against sets that are held in memory, with ids of every form.

use super::{
    AuditScratch, CommitFact, Cover, FindingRow, Holders, Standing, TreeNames, Unresolved,
};
use crate::index::MembershipRow;
use luthier_object::{Kind, ObjectId};
use std::collections::{BTreeMap, BTreeSet};

/// A hub of few ids that meet often.
#[derive(Default)]
struct Facts {
    known: BTreeMap<(Kind, String), Standing>,
    members: BTreeSet<(Kind, String, String)>,
    /// Of those that name it, the least id that holds a digest, or the first.
    named: BTreeMap<(Kind, String, String), String>,
}

/// Returns an order in which ids without a digest come last, and none of them before another.
fn rank(by: &str) -> (bool, &str) {
    match ObjectId::new(by).hex() {
        Some(_) => (false, by),
        None => (true, ""),
    }
}

fn ids() -> Vec<String> {
    let digits = ["00", "0f", "a0", "ff"].map(|start| start.repeat(32));
    let typed = digits.clone().map(|digits| format!("sha256:{digits}"));
    let odd = ["", "0", "a", "g", "sha256:0", "sha256:zz", "t", "é", "ff"];
    let odd = odd.map(str::to_owned).into_iter();
    let upper = digits[2].to_uppercase();
    odd.chain(digits).chain(typed).chain([upper]).collect()
}

async fn laid_down(seed: u64) -> (AuditScratch, Facts) {
    let mut random = fastrand::Rng::with_seed(seed);
    let scratch = AuditScratch::new().await.unwrap();
    let mut facts = Facts::default();
    let repos = ["z", "", "b", "a"];
    for round in 0..60 {
        let kind = Kind::ALL[random.usize(0..3)];
        let id = random.choice(ids()).unwrap();
        let repo = random.choice(repos).unwrap().to_owned();
        match random.u8(0..4) {
            0 => {
                let standing = random.choice([Standing::Sound, Standing::Bad, Standing::Unjudged]);
                let standing = standing.unwrap();
                let row = (id.as_str(), standing);
                scratch.add_known(kind, [row]).await.unwrap();
                facts.known.entry((kind, id)).or_insert(standing);
            }
            1 => {
                let row = MembershipRow {
                    id: id.clone(),
                    repo_id: repo.clone(),
                };
                scratch.add_members(kind, &[row]).await.unwrap();
                facts.members.insert((kind, id, repo));
            }
            _ => {
                let by_id = match random.bool() {
                    true => random.choice(ids()).unwrap(),
                    false => format!("branch {round}"),
                };
                let name = Unresolved {
                    kind,
                    id: id.clone(),
                    repo_id: repo.clone(),
                    by_id: by_id.clone(),
                };
                scratch.add_named(&[name]).await.unwrap();
                let named = facts.named.entry((kind, id, repo));
                let told = named.or_insert_with(|| by_id.clone());
                if rank(&by_id) < rank(told) {
                    *told = by_id;
                }
            }
        }
    }
    if random.bool() {
        scratch.index().await.unwrap();
    }
    (scratch, facts)
}

impl Facts {
    fn has(&self, kind: Kind, id: &str) -> bool {
        self.known.contains_key(&(kind, id.to_owned()))
    }

    fn told(&self, wanted: impl Fn(Kind, &str, &str) -> bool) -> Vec<Unresolved> {
        let named = self.named.iter();
        let named = named.filter(|((kind, id, repo), _)| wanted(*kind, id, repo));
        named
            .map(|((kind, id, repo), by)| Unresolved {
                kind: *kind,
                id: id.clone(),
                repo_id: repo.clone(),
                by_id: by.clone(),
            })
            .collect()
    }

    fn without_row(&self) -> Vec<Unresolved> {
        let mut out = self.told(|kind, id, _| !self.has(kind, id));
        out.dedup_by(|later, first| (later.kind, &later.id) == (first.kind, &first.id));
        out
    }

    fn held_elsewhere(&self) -> Vec<Unresolved> {
        let holds = |kind, id: &str, repo: Option<&str>| {
            let mut members = self.members.iter();
            members.any(|(k, i, r)| *k == kind && i == id && repo.is_none_or(|repo| r == repo))
        };
        self.told(|kind, id, repo| {
            self.has(kind, id) && holds(kind, id, None) && !holds(kind, id, Some(repo))
        })
    }
}

#[tokio::test]
async fn names_without_row_and_rows_held_elsewhere_come_page_by_page_in_the_order_of_texts() {
    for seed in 0..40 {
        let (scratch, facts) = laid_down(seed).await;
        for limit in [1, 2, 100] {
            let mut found = Vec::new();
            loop {
                let after = found.last().map(|u: &Unresolved| (u.kind, u.id.as_str()));
                let page = scratch.without_row(after, limit).await.unwrap();
                if page.is_empty() {
                    break;
                }
                found.extend(page);
            }
            assert_eq!(found, facts.without_row(), "{seed}, {limit}");
            let mut found = Vec::new();
            loop {
                let page = scratch.held_elsewhere(found.last(), limit).await.unwrap();
                if page.is_empty() {
                    break;
                }
                found.extend(page);
            }
            assert_eq!(found, facts.held_elsewhere(), "{seed}, {limit}");
        }
    }
}

#[tokio::test]
async fn rows_of_a_repository_and_blobs_without_a_name_come_page_by_page() {
    for seed in 0..40 {
        let (scratch, facts) = laid_down(seed).await;
        let of_a: Vec<&String> = facts
            .members
            .iter()
            .filter(|(kind, id, repo)| *kind == Kind::Commit && repo == "a" && !id.is_empty())
            .map(|(_, id, _)| id)
            .collect();
        let unnamed: Vec<&String> = facts
            .known
            .iter()
            .filter(|((kind, _), standing)| *kind == Kind::Blob && **standing != Standing::Unjudged)
            .map(|((_, id), _)| id)
            .filter(|id| {
                let mut named = facts.named.keys();
                !id.is_empty() && !named.any(|(kind, other, _)| *kind == Kind::Blob && other == *id)
            })
            .collect();
        for limit in [1, 3] {
            let (mut held, mut free): (Vec<String>, Vec<String>) = Default::default();
            loop {
                let after = held.last().cloned().unwrap_or_default();
                let page = scratch.members(Kind::Commit, "a", &after, limit);
                let page = page.await.unwrap();
                let end = page.is_empty();
                held.extend(page);
                if end {
                    break;
                }
            }
            loop {
                let after = free.last().cloned().unwrap_or_default();
                let page = scratch.unnamed_blobs(&after, limit).await.unwrap();
                let end = page.is_empty();
                free.extend(page);
                if end {
                    break;
                }
            }
            assert_eq!(held.iter().collect::<Vec<_>>(), of_a, "{seed}");
            assert_eq!(free.iter().collect::<Vec<_>>(), unnamed, "{seed}");
        }
    }
}

fn commit(id: &str, parents: &[&str]) -> CommitFact {
    CommitFact {
        id: id.to_owned(),
        repo_id: "r".to_owned(),
        snapshot_id: Some("tree".to_owned()),
        parents: parents.iter().map(|id| (*id).to_owned()).collect(),
        named_by: Holders::default(),
    }
}

#[tokio::test]
async fn edges_keep_the_order_of_children_and_of_their_parents() {
    let scratch = AuditScratch::new().await.unwrap();
    let ids: Vec<String> = ["f", "1", "odd"].map(|part| part.repeat(64)).into();
    let (a, b, c) = (ids[0].as_str(), ids[1].as_str(), ids[2].as_str());
    let commits = [
        commit(a, &[]),
        commit(b, &["gone", a]),
        commit(c, &[b, a, b]),
    ];
    scratch.add_commits(&commits).await.unwrap();
    let edges = scratch.commit_edges().await.unwrap();
    assert_eq!(edges, [(1, 0), (2, 1), (2, 0), (2, 1)]);
    let blocked = scratch.blocked_commits(Kind::Commit, a).await.unwrap();
    assert_eq!(blocked, [0, 1, 2]);
    let blocked = scratch.blocked_commits(Kind::Commit, "gone").await.unwrap();
    assert_eq!(blocked, [1]);
    let trees = scratch.blocked_commits(Kind::Snapshot, "tree");
    assert_eq!(trees.await.unwrap(), [0, 1, 2]);
    let numbered = scratch.commits_numbered(&[2, 0]).await.unwrap();
    let ids: Vec<&str> = numbered.iter().map(|(_, id, _)| id.as_str()).collect();
    assert_eq!(ids, [a, c]);
}

#[tokio::test]
async fn a_newer_look_takes_the_findings_of_rows_that_gave_an_answer() {
    let finding = |id: &str| FindingRow {
        n: 0,
        code: 7,
        grade: 1,
        kind: Kind::Blob as u8,
        id: id.to_owned(),
        repo: String::new(),
        body: "{}".to_owned(),
        fix: None,
    };
    let older = AuditScratch::new().await.unwrap();
    let typed = format!("sha256:{}", "7".repeat(64));
    let ids = ["answered", "silent", "unseen", typed.as_str()];
    let findings: Vec<FindingRow> = ids.iter().map(|id| finding(id)).collect();
    older.index().await.unwrap();
    older.add_findings(&findings).await.unwrap();
    older.assign_order().await.unwrap();
    let newer = AuditScratch::new().await.unwrap();
    let known = [
        ("answered", Standing::Sound),
        ("silent", Standing::Unread),
        (typed.as_str(), Standing::Bad),
    ];
    newer.add_known(Kind::Blob, known).await.unwrap();
    newer.index().await.unwrap();
    newer.assign_order().await.unwrap();
    for (cover, left) in [
        (Cover::Hub, vec!["silent"]),
        (Cover::Rows, vec!["silent", "unseen"]),
    ] {
        let merged = AuditScratch::merged(&older, &newer, &cover, &[7]).await;
        let merged = merged.unwrap();
        let found = merged.findings_of(&[7], 0, 10).await.unwrap();
        let found: Vec<&str> = found.iter().map(|row| row.id.as_str()).collect();
        assert_eq!(found, left);
    }
}

#[tokio::test]
async fn the_worst_comes_first_also_where_it_only_follows() {
    let finding = |id: &str, grade: u8| FindingRow {
        n: 0,
        code: 7,
        grade,
        kind: Kind::Blob as u8,
        id: id.to_owned(),
        repo: String::new(),
        body: "{}".to_owned(),
        fix: None,
    };
    let scratch = AuditScratch::new().await.unwrap();
    let rows = [
        finding("a hint", 0),
        finding("a critical effect", 3),
        finding("a critical cause", 3),
        finding("a warning that stops pulls", 1),
        finding("a warning", 1),
    ];
    scratch.index().await.unwrap();
    scratch.add_findings(&rows).await.unwrap();
    let written = scratch.findings_of(&[7], 0, 10).await.unwrap();
    let at = |id: &str| written.iter().find(|row| row.id == id).map(|row| row.n);
    let body = || "{}".to_owned();
    let changes = [
        (at("a critical effect").unwrap(), body(), 9, true),
        (at("a critical cause").unwrap(), body(), 9, false),
        (at("a warning that stops pulls").unwrap(), body(), 2, false),
    ];
    scratch.amend_findings(&changes).await.unwrap();
    scratch.assign_order().await.unwrap();
    let placed = scratch.findings_at(&[0, 1, 2, 3, 4]).await.unwrap();
    let ids: Vec<&str> = placed.iter().map(|row| row.id.as_str()).collect();
    let expected = [
        "a critical cause",
        "a warning that stops pulls",
        "a critical effect",
        "a warning",
        "a hint",
    ];
    assert_eq!(ids, expected);
}

fn tree(id: &str, repos: &[&str], blobs: &[&str]) -> TreeNames {
    TreeNames {
        snapshot_id: id.to_owned(),
        repos: repos.iter().map(|repo| (*repo).to_owned()).collect(),
        blobs: blobs.iter().copied().collect(),
    }
}

#[tokio::test]
async fn a_bad_blob_blocks_every_tree_that_names_it_and_is_named_by_the_first() {
    let scratch = AuditScratch::new().await.unwrap();
    let sound = "1".repeat(64);
    let missing = format!("sha256:{}", "2".repeat(64));
    let known = [(sound.as_str(), Standing::Sound), ("odd", Standing::Bad)];
    scratch.add_known(Kind::Blob, known).await.unwrap();
    let trees = vec![
        tree("first", &["a"], &[&sound, &missing]),
        tree("second", &["a", "b"], &[&missing, "odd", &missing]),
        tree("third", &["b"], &[&sound]),
    ];
    scratch.add_trees(trees).await.unwrap();
    let commits = ["first", "second", "third"].map(|tree| CommitFact {
        snapshot_id: Some(tree.to_owned()),
        ..commit(tree, &[])
    });
    scratch.add_commits(&commits).await.unwrap();
    for (blob, blocked) in [(&missing, vec![0, 1]), (&sound, vec![])] {
        let found = scratch.blocked_commits(Kind::Blob, blob).await.unwrap();
        assert_eq!(found, blocked, "{blob}");
    }
    let odd = scratch.blocked_commits(Kind::Blob, "odd").await.unwrap();
    assert_eq!(odd, [1]);
    let named = |repo: &str, by: &str| Unresolved {
        kind: Kind::Blob,
        id: missing.clone(),
        repo_id: repo.to_owned(),
        by_id: by.to_owned(),
    };
    let without = scratch.without_row(None, 10).await.unwrap();
    assert_eq!(without, [named("a", "first")]);
    let held = [crate::index::MembershipRow {
        id: missing.clone(),
        repo_id: "c".to_owned(),
    }];
    scratch.add_members(Kind::Blob, &held).await.unwrap();
    let known = [(missing.as_str(), Standing::Sound)];
    scratch.add_known(Kind::Blob, known).await.unwrap();
    let elsewhere = scratch.held_elsewhere(None, 10).await.unwrap();
    assert_eq!(elsewhere, [named("a", "first"), named("b", "second")]);
}

#[tokio::test]
async fn a_judged_commit_names_its_parents_and_its_tree_in_every_repository() {
    let scratch = AuditScratch::new().await.unwrap();
    let named_by = Holders::from(["b".to_owned(), "a".to_owned()]);
    let judged = CommitFact {
        named_by,
        ..commit("child", &["parent"])
    };
    let unjudged = commit("other", &["unnamed"]);
    scratch.add_commits(&[judged, unjudged]).await.unwrap();
    let found = scratch.without_row(None, 10).await.unwrap();
    let found: Vec<_> = found
        .iter()
        .map(|u| (u.kind, u.id.as_str(), u.repo_id.as_str(), u.by_id.as_str()))
        .collect();
    let wanted = [
        (Kind::Commit, "parent", "a", "child"),
        (Kind::Snapshot, "tree", "a", "child"),
    ];
    assert_eq!(found, wanted);
}
