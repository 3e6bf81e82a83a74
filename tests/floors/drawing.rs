//! Reads a drawing of names that are joined by lines.

use crate::house::{Imports, is_word};
use std::collections::BTreeSet;

/// A name in the drawing.
struct Name {
    line: usize,
    /// The first column and the last.
    from: usize,
    to: usize,
    text: String,
}

/// Names joined downwards by `|`, `/` and `\`. What stands behind ` · ` says what is on the line.
pub struct Drawing {
    lines: Vec<Vec<char>>,
    names: Vec<Name>,
    beside: Vec<String>,
}

impl Drawing {
    /// Reads what stands between `<!-- house -->` and `<!-- /house -->`.
    pub fn read(page: &str) -> Self {
        let (_, rest) = page.split_once("<!-- house -->").expect("a drawing");
        let (drawn, _) = rest.split_once("<!-- /house -->").unwrap();
        let rows = drawn.lines().filter(|line| !line.starts_with("```"));
        let (lines, beside): (Vec<Vec<char>>, Vec<String>) = rows
            .map(|row| row.split_once(" · ").unwrap_or((row, "")))
            .map(|(line, beside)| (line.chars().collect(), beside.to_owned()))
            .unzip();
        let names = lines
            .iter()
            .enumerate()
            .flat_map(|(n, line)| names(n, line))
            .collect();
        Self {
            lines,
            names,
            beside,
        }
    }

    /// The words beside a name, such as those that it stands for.
    pub fn listed_beside(&self, name: &str) -> BTreeSet<String> {
        let found = self.names.iter().find(|found| found.text == name).unwrap();
        let words = self.beside[found.line]
            .split([' ', ','])
            .filter(|word| !word.is_empty());
        words.map(str::to_owned).collect()
    }

    /// Each name with those that its lines lead down to.
    pub fn imports(&self) -> Imports {
        let below = |name: &Name| {
            let around = name.from.saturating_sub(1)..=name.to + 1;
            let leaves = |x: &usize| match self.at(name.line + 1, *x) {
                '|' => (name.from..=name.to).contains(x),
                '/' => *x <= name.to,
                '\\' => *x >= name.from,
                _ => false,
            };
            let ends = around
                .filter(leaves)
                .filter_map(|x| self.follow(name.line + 1, x));
            (name.text.clone(), ends.collect())
        };
        self.names.iter().map(below).collect()
    }

    fn at(&self, line: usize, column: usize) -> char {
        let line = self.lines.get(line);
        line.and_then(|line| line.get(column))
            .copied()
            .unwrap_or(' ')
    }

    /// Follows a line down to the name at its end.
    fn follow(&self, mut line: usize, mut column: usize) -> Option<String> {
        loop {
            column = match self.at(line, column) {
                '|' => column,
                '/' => column.checked_sub(1)?,
                '\\' => column + 1,
                _ => return None,
            };
            line += 1;
            let here = |name: &&Name| name.line == line && (name.from..=name.to).contains(&column);
            if let Some(name) = self.names.iter().find(here) {
                return Some(name.text.clone());
            }
        }
    }
}

fn names(n: usize, line: &[char]) -> Vec<Name> {
    let mut out: Vec<Name> = Vec::new();
    for (x, c) in line.iter().enumerate().filter(|(_, c)| is_word(**c)) {
        match out.last_mut() {
            Some(name) if name.to + 1 == x => {
                name.to = x;
                name.text.push(*c);
            }
            _ => out.push(Name {
                line: n,
                from: x,
                to: x,
                text: c.to_string(),
            }),
        }
    }
    out
}
