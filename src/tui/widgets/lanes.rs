//! The branch graph beside a list of commits, a line each: which commits follow each other, where lines
//! fork and where they join.

use std::collections::BTreeSet;

/// Lines that are followed at once; a hub may name more, and these are not drawn.
const MOST: usize = 64;

/// Lines that are drawn beside each other.
const DRAWN: usize = 8;

/// The graph's part of one commit's line.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strand {
    /// Two cells a line.
    pub text: String,
    /// The line of the commit, from 0.
    pub own: usize,
}

/// The effect of a commit on the other lines.
struct Ties {
    own: usize,
    /// Lines that end in it.
    ending: BTreeSet<usize>,
    /// Lines that begin at it.
    beginning: BTreeSet<usize>,
    /// Lines that it joins and that go on.
    joining: BTreeSet<usize>,
}

/// Returns the strands of commits, children before parents. What precedes the first of them is not known, so every
/// line begins at a commit that is given.
pub fn strands<'a>(commits: impl IntoIterator<Item = (&'a str, &'a [String])>) -> Vec<Strand> {
    // The commit that each line leads to.
    let mut lines: Vec<Option<&str>> = Vec::new();
    let mut out = Vec::new();
    for (id, parents) in commits {
        let ties = tie(&mut lines, id, parents);
        out.push(draw(&lines, &ties));
        while lines.last() == Some(&None) {
            lines.pop();
        }
    }
    out
}

fn tie<'a>(lines: &mut Vec<Option<&'a str>>, id: &str, parents: &'a [String]) -> Ties {
    let mut waiting: Vec<usize> = (0..lines.len())
        .filter(|n| lines[*n].is_some_and(|wanted| wanted == id))
        .collect();
    let own = match waiting.is_empty() {
        true => free(lines, &BTreeSet::new()),
        false => waiting.remove(0),
    };
    let ending: BTreeSet<usize> = waiting.into_iter().collect();
    for line in &ending {
        lines[*line] = None;
    }
    lines[own] = parents.first().map(String::as_str);
    let (mut beginning, mut joining) = (BTreeSet::new(), BTreeSet::new());
    for parent in parents.iter().skip(1) {
        let there = lines.iter().position(|line| *line == Some(parent.as_str()));
        match there {
            Some(line) if line != own => {
                joining.insert(line);
            }
            None if lines.len() < MOST => {
                let mut taken = ending.clone();
                taken.insert(own);
                let line = free(lines, &taken);
                lines[line] = Some(parent);
                beginning.insert(line);
            }
            _ => {}
        }
    }
    Ties {
        own,
        ending,
        beginning,
        joining,
    }
}

/// Returns the first line that leads nowhere and is not in `taken`; a new one where there is none.
fn free(lines: &mut Vec<Option<&str>>, taken: &BTreeSet<usize>) -> usize {
    let found = (0..lines.len()).find(|n| lines[*n].is_none() && !taken.contains(n));
    found.unwrap_or_else(|| {
        lines.push(None);
        lines.len() - 1
    })
}

fn draw(lines: &[Option<&str>], ties: &Ties) -> Strand {
    let own = ties.own;
    let tied = || {
        let others = ties
            .ending
            .iter()
            .chain(&ties.beginning)
            .chain(&ties.joining);
        others.copied().chain([own])
    };
    let (first, last) = (tied().min().unwrap_or(own), tied().max().unwrap_or(own));
    let mut text = String::new();
    for (n, line) in lines.iter().enumerate().take(DRAWN) {
        let right = n > own;
        let inside = n > first && n < last;
        text.push(if n == own {
            '●'
        } else if ties.ending.contains(&n) {
            if right { '╯' } else { '╰' }
        } else if ties.beginning.contains(&n) {
            if right { '╮' } else { '╭' }
        } else if ties.joining.contains(&n) {
            if right { '┤' } else { '├' }
        } else if line.is_some() {
            if inside { '┼' } else { '│' }
        } else if inside {
            '─'
        } else {
            ' '
        });
        text.push(match n >= first && n < last {
            // What goes on behind the last line that is drawn is not seen.
            true if n + 1 == DRAWN => '…',
            true => '─',
            false => ' ',
        });
    }
    Strand { text, own }
}
