//! The commit graph by number, and walks over it.

use super::finding::Blocks;
use std::collections::HashSet;

/// Commits visited while counting what faults block, over all faults; then counting stops and says so.
const VISITS: u64 = 200_000_000;

/// Edges by node, packed: the neighbours of `n` are `to[start[n]..start[n + 1]]`.
pub(super) struct Edges {
    start: Vec<u32>,
    to: Vec<u32>,
}

impl Edges {
    /// `pairs` are (from, to).
    pub fn new(nodes: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut start = vec![0u32; nodes + 1];
        for (from, _) in pairs.clone() {
            start[from as usize + 1] += 1;
        }
        for n in 0..nodes {
            start[n + 1] += start[n];
        }
        let mut next = start.clone();
        let mut to = vec![0u32; start[nodes] as usize];
        for (from, target) in pairs {
            let at = &mut next[from as usize];
            to[*at as usize] = target;
            *at += 1;
        }
        Self { start, to }
    }

    pub fn of(&self, n: u32) -> &[u32] {
        &self.to[self.start[n as usize] as usize..self.start[n as usize + 1] as usize]
    }

    pub fn len(&self) -> usize {
        self.start.len() - 1
    }
}

/// Walks towards the children, again and again over one set of marks.
pub(super) struct Walk {
    seen: Vec<u32>,
    stamp: u32,
    left: u64,
}

impl Walk {
    pub fn new(nodes: usize) -> Self {
        Self {
            seen: vec![0; nodes],
            stamp: 0,
            left: VISITS,
        }
    }

    /// Returns a walk that counts nothing.
    pub fn uncounted(nodes: usize) -> Self {
        Self {
            left: 0,
            ..Self::new(nodes)
        }
    }

    /// Returns whether the last walk came to this commit.
    pub fn came_to(&self, n: u32) -> bool {
        self.stamp > 0 && self.seen[n as usize] == self.stamp
    }

    pub fn from(&mut self, start: &[u32], children: &Edges, heads: &[(u32, u32)]) -> Blocks {
        if self.left == 0 {
            return Blocks::default();
        }
        self.stamp += 1;
        let mut commits = 0;
        let mut open = start.to_vec();
        while let Some(n) = open.pop() {
            if std::mem::replace(&mut self.seen[n as usize], self.stamp) != self.stamp {
                commits += 1;
                open.extend(children.of(n));
            }
        }
        self.left = self.left.saturating_sub(commits + heads.len() as u64);
        let hit = heads
            .iter()
            .filter(|(head, _)| self.seen[*head as usize] == self.stamp);
        let repos: HashSet<u32> = hit.clone().map(|(_, repo)| *repo).collect();
        Blocks {
            commits: Some(commits),
            branches: Some(hit.count() as u64),
            repos: Some(repos.len() as u64),
        }
    }
}
