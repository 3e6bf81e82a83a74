//! Lists for other programs and for people: JSON Lines, Markdown or CSV. Everything from the hub is hostile: no cell
//! ends its row, acts as Markdown, or is a formula for a spreadsheet.

use crate::report::Numbered;
use luthier_hub::text;
use serde_json::Value;

/// The form of a list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// One JSON object a line.
    #[default]
    Jsonl,
    /// A table that chats and pages show.
    Markdown,
    /// For spreadsheets; RFC 4180.
    Csv,
}

impl Format {
    /// Every form, in the order in which they are offered.
    pub const ALL: [Self; 3] = [Self::Jsonl, Self::Markdown, Self::Csv];

    /// Returns the name for people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Jsonl => "JSON Lines",
            Self::Markdown => "Markdown",
            Self::Csv => "CSV",
        }
    }

    /// Returns the end of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Jsonl => "jsonl",
            Self::Markdown => "md",
            Self::Csv => "csv",
        }
    }

    /// Returns the form whose files end so.
    #[must_use]
    pub fn of_extension(end: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|form| form.extension() == end)
    }

    /// Returns the lines above the rows, each with its newline; JSON Lines have none.
    #[must_use]
    pub fn head(self, columns: &[&str]) -> String {
        match self {
            Self::Jsonl => String::new(),
            Self::Markdown => {
                let rule = "|---".repeat(columns.len());
                format!("| {} |\n{rule}|\n", columns.join(" | "))
            }
            Self::Csv => format!("{}\r\n", columns.join(",")),
        }
    }

    /// Returns a row with its newline: the value itself in JSON Lines, the cells elsewhere.
    #[must_use]
    pub fn row(self, value: &Value, cells: &[String]) -> String {
        match self {
            Self::Jsonl => format!("{}\n", text::json(value)),
            Self::Markdown => {
                let cells: Vec<String> = cells.iter().map(|cell| markdown_cell(cell)).collect();
                format!("| {} |\n", cells.join(" | "))
            }
            Self::Csv => {
                let cells: Vec<String> = cells.iter().map(|cell| csv_cell(cell)).collect();
                format!("{}\r\n", cells.join(","))
            }
        }
    }
}

/// Returns a hub's text inside a code span of Markdown, so that nothing in it acts, and no pipe ends a cell.
#[must_use]
pub fn code_span(text: &str) -> String {
    let safe = text::safe(text).replace('|', "\u{00a6}");
    let longest = safe.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let fence = "`".repeat(longest + 1);
    let pad = if safe.starts_with('`') || safe.ends_with('`') || safe.is_empty() {
        " "
    } else {
        ""
    };
    format!("{fence}{pad}{safe}{pad}{fence}")
}

/// Returns a cell of a Markdown table: plain words as they are, whatever else in a code span.
fn markdown_cell(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || " ,.-–".contains(c);
    match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => code_span(text),
    }
}

/// Returns a cell of CSV: control characters made visible, quoted where needed, and never a formula.
fn csv_cell(text: &str) -> String {
    let mut cell = text::safe(text).into_owned();
    // A spreadsheet may leave white space before it aside, and takes the wide forms for the others.
    let first = cell.trim_start().chars().next();
    if first.is_some_and(|c| "=+-@＝＋－＠".contains(c)) {
        cell.insert(0, '\'');
    }
    match cell.contains(['"', ',', ';', ' ']) || cell.starts_with('\'') {
        true => format!("\"{}\"", cell.replace('"', "\"\"")),
        false => cell,
    }
}

/// The columns of findings in Markdown: few, so that a chat shows them.
pub const SHORT: [&str; 6] = ["grade", "code", "fix", "what", "repository", "blocks"];

/// The columns of findings in CSV.
pub const FULL: [&str; 10] = [
    "grade",
    "code",
    "fix",
    "kind",
    "id",
    "repo",
    "remedy",
    "blocks_commits",
    "blocks_branches",
    "caused_by",
];

/// Returns the columns of findings.
#[must_use]
pub const fn columns(format: Format) -> &'static [&'static str] {
    match format {
        Format::Jsonl => &[],
        Format::Markdown => &SHORT,
        Format::Csv => &FULL,
    }
}

/// Returns a finding as a row.
#[must_use]
pub fn row(format: Format, numbered: &Numbered) -> String {
    let finding = &numbered.finding;
    let blocks = finding.blocks.unwrap_or_default();
    match format {
        Format::Jsonl => format.row(&finding.to_json(), &[]),
        Format::Markdown => format.row(
            &Value::Null,
            &[
                finding.grade.word().to_owned(),
                finding.code.name().to_owned(),
                numbered.fix.map_or("", |fix| fix.shown()).to_owned(),
                format!("{} {}", finding.kind.word(), short(&finding.id)),
                finding.repo.clone(),
                blocked(blocks.commits, blocks.branches),
            ],
        ),
        Format::Csv => {
            let count = |count: Option<u64>| count.map_or(String::new(), |n| n.to_string());
            format.row(
                &Value::Null,
                &[
                    finding.grade.word().to_owned(),
                    finding.code.name().to_owned(),
                    numbered.fix.map_or("", |fix| fix.word()).to_owned(),
                    finding.kind.word().to_owned(),
                    finding.id.clone(),
                    finding.repo.clone(),
                    finding.remedy.word().to_owned(),
                    count(blocks.commits),
                    count(blocks.branches),
                    finding.caused_by.clone().unwrap_or_default(),
                ],
            )
        }
    }
}

/// Returns twelve digits of a digest, which every command accepts for the id; another id is cut.
fn short(id: &str) -> String {
    let bare = id.strip_prefix("sha256:").unwrap_or(id);
    match bare.len() == 64 && bare.is_ascii() {
        true => bare[..12].to_owned(),
        false => text::cut(&text::safe(bare), 60).into_owned(),
    }
}

/// Returns what an object blocks, in words; empty where it blocks nothing.
#[must_use]
pub fn blocked(commits: Option<u64>, branches: Option<u64>) -> String {
    let counts = [(commits, "commit"), (branches, "branch")];
    let words: Vec<String> = counts
        .into_iter()
        .filter_map(|(count, noun)| Some(text::plural(count.filter(|n| *n > 0)?, noun)))
        .collect();
    words.join(", ")
}

/// Returns a finding in full, as a table of two columns.
#[must_use]
pub fn whole(numbered: &Numbered) -> String {
    let finding = &numbered.finding;
    let mut out = Format::Markdown.head(&["field", "value"]);
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            let name = text::safe(name).into_owned();
            out += &Format::Markdown.row(&Value::Null, &[name, value.to_owned()]);
        }
    };
    let blocks = finding.blocks.unwrap_or_default();
    add("code", finding.code.name());
    add("grade", finding.grade.word());
    add("fix", numbered.fix.map_or("", |fix| fix.shown()));
    add(finding.kind.word(), &finding.id);
    add("repository", &finding.repo);
    add("blocks", &blocked(blocks.commits, blocks.branches));
    add("caused by", finding.caused_by.as_deref().unwrap_or(""));
    for (name, value) in finding.told() {
        match value {
            Value::String(value) => add(&name, &value),
            value => add(&name, &value.to_string()),
        }
    }
    out
}

#[cfg(test)]
#[path = "../../tests/audit/table.rs"]
mod tests;
