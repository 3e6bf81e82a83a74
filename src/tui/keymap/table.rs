//! The rows of the key table.

use super::Place as P;
use super::{Binding, Place};
use crate::tui::action::{Action, Motion};
use crate::tui::decisions::Side;
use crate::tui::guide::Guide;

const fn row(
    action: Action,
    places: &'static [Place],
    keys: &'static [&'static str],
    rank: u8,
    title: &'static str,
    help: &'static str,
) -> Binding {
    Binding {
        action,
        places,
        keys,
        title,
        help,
        rank,
    }
}

/// Lists that lie over a screen and take every key.
const LISTS: &[Place] = &[P::Common, P::Log, P::Branches];

/// Every key of the console.
#[rustfmt::skip]
pub const TABLE: &[Binding] = &[
    // One screen's own.
    row(Action::Guide(Guide::Pull),   &[P::Hub], &["p"],   1, "pull fails", "Guide: choose a branch, trace its pull, repair what blocks it, trace again."),
    row(Action::Guide(Guide::SignOff), &[P::Hub], &["s"],  1, "sign off", "Guide: doctor, audit to the last byte, every branch pulled, what is left, the report."),
    row(Action::Guide(Guide::ByHand), &[P::Hub], &["f"],   1, "findings", "Guide: choose findings, decide, apply, verify."),
    row(Action::Findings,  &[P::Repos, P::Inspect], &["f"], 1, "findings", "The findings of the last audit that belong here."),
    row(Action::Repos,     &[P::Hub],      &["b"],         5, "repositories", "Browse the repositories."),
    row(Action::Open,      &[P::Hub],      &["enter"],     0, "open",     "Open the findings with the code under the cursor."),
    row(Action::Open,      &[P::Repos],    &["enter"],     1, "objects",  "Open the repository's commits, snapshots and blobs."),
    row(Action::Open,      &[P::Objects],  &["enter"],     1, "inspect",  "Look at the object from every side."),
    row(Action::Tab(0),    &[P::Objects],  &["1"],         6, "commits",  "List the commits."),
    row(Action::Tab(1),    &[P::Objects],  &["2"],         6, "snapshots", "List the snapshots."),
    row(Action::Tab(2),    &[P::Objects],  &["3"],         6, "blobs",    "List the blobs."),
    row(Action::Branch,    &[P::Objects],  &["b"],         4, "branch",   "Choose a branch; only its commits are listed."),
    row(Action::Open,      &[P::Inspect],  &["enter"],     4, "open",     "Follow the link under the cursor, or unfold what is folded."),
    row(Action::Facet(0),  &[P::Inspect],  &["1"],         6, "diff",     "The row beside the object, field by field."),
    row(Action::Facet(1),  &[P::Inspect],  &["2"],         6, "row",      "The columns of the row."),
    row(Action::Facet(2),  &[P::Inspect],  &["3"],         6, "object",   "The object that the store holds, as indented JSON."),
    row(Action::Facet(3),  &[P::Inspect],  &["4"],         6, "bytes",    "The object's bytes; header tinted, the offending one marked."),
    row(Action::Facet(4),  &[P::Inspect],  &["5"],         6, "identity", "Every identity scheme, what it yields, and which one matches."),
    row(Action::Facet(5),  &[P::Inspect],  &["6"],         6, "links",    "What it names and what names it."),
    row(Action::Previous,  &[P::Inspect],  &["["],         5, "previous", "The object before this one in the list that it was opened from."),
    row(Action::Next,      &[P::Inspect],  &["]"],         5, "next",     "The object behind this one in the list that it was opened from."),
    row(Action::CopyRecord, &[P::Inspect], &["Y"],         0, "copy record", "Copy the object's indented JSON to the terminal's clipboard."),
    row(Action::Mark,      &[P::Findings], &["space"],     1, "mark",     "Mark or unmark the finding under the cursor."),
    row(Action::Open,      &[P::Findings], &["enter"],     2, "open",     "Look at the object from every side; in groups, list the group."),
    row(Action::MarkAll,   &[P::Findings], &["a"],         5, "all",      "Mark all findings that the filter lets through."),
    row(Action::Unmark,    &[P::Findings], &["u"],         6, "none",     "Unmark all."),
    row(Action::Group,     &[P::Findings], &["c"],         5, "group",    "Count by code, by repository, by kind; then the plain list again."),
    row(Action::Filter,    &[P::Findings], &["/"],         4, "filter",   "Narrow the list as you type: words, and code: kind: repo: id: is:"),
    row(Action::Export,    &[P::Findings], &["E"],         0, "export",   "Write the findings that are shown into a new file here, one JSON object a line."),
    row(Action::Plan,      &[P::Hub],      &["x"],         5, "plan",     "Plan every repair that needs no choice. Writes nothing."),
    row(Action::Plan,      &[P::Repos, P::Objects, P::Inspect, P::Findings, P::Decide, P::Pull], &["x"], 3, "plan", "Plan the repair of what is marked or under the cursor. Writes nothing."),
    row(Action::Choose(Side::Row),    &[P::Decide], &["1"], 1, "row", "The row stands; where no remedy makes it true, all is left as it is."),
    row(Action::Choose(Side::Object), &[P::Decide], &["2"], 1, "object", "The object stands; where no remedy makes it true, all is left as it is."),
    row(Action::Choose(Side::Skip),   &[P::Decide], &["s"], 2, "skip", "Decide nothing here: it is left as it is."),
    row(Action::SameForAll, &[P::Decide],  &["="],         4, "same for all", "The same answer for all of this code; only after three by hand."),
    row(Action::Previous,  &[P::Decide],   &["["],         5, "previous", "The finding before this one."),
    row(Action::Next,      &[P::Decide],   &["]"],         5, "next",     "The finding behind this one."),
    row(Action::Layout,    &[P::Decide],   &["d"],         6, "layout",   "Both sides beside each other, or one below the other."),
    row(Action::Open,      &[P::Decide],   &["enter"],     5, "inspect",  "Look at the object from every side."),
    row(Action::Apply,     &[P::Plan],     &["enter"],     1, "apply",    "Apply this plan. Asks first."),
    row(Action::Cycle,     &[P::Plan],     &["c"],         2, "refused",  "Show the steps, or what the plan leaves alone and why."),
    row(Action::Write,     &[P::Plan],     &["w"],         3, "save",     "Write the plan into a new file, to be applied later by `luthier repair --plan`."),
    row(Action::Pause,     &[P::Apply],    &["p"],         1, "pause",    "Pause between two steps, and go on."),
    row(Action::Faster,    &[P::Apply],    &["+"],         2, "faster",   "One step more at once."),
    row(Action::Slower,    &[P::Apply],    &["-"],         2, "slower",   "One step less at once."),
    row(Action::Open,      &[P::Journal],  &["enter"],     1, "open",     "The lines of the run, newest first."),
    row(Action::Open,      &[P::Run],      &["enter"],     1, "before and after", "The values before and after."),
    row(Action::Undo,      &[P::Journal],  &["U"],         3, "undo",     "Plan to put back what the run changed. Writes nothing."),
    row(Action::Write,     &[P::SignOff],  &["w"],         1, "write",    "Write the report for people and the one for machines; asks where."),
    row(Action::Findings,  &[P::SignOff],  &["f"],         2, "findings", "The findings of the last audit."),
    row(Action::Again,     &[P::SignOff],  &["r"],         2, "again",    "Sign off once more."),
    row(Action::Check,     &[P::Journal],  &["c"],         2, "check",    "Whether a line of the journal was changed, removed or re-ordered."),
    row(Action::Pull,      &[P::Repos, P::Objects], &["p"], 2, "pull",   "Try what a client's pull of this repository or branch would receive."),
    row(Action::Again,     &[P::Pull],     &["r"],         1, "again",    "Try the pull once more."),
    row(Action::Audit,     &[P::Hub, P::Repos, P::Objects, P::Findings], &["A"], 6, "audit", "Audit again: the repository under the cursor where one is, else the whole hub."),

    // Questions and lines of text: they take every key.
    row(Action::Yes,       &[P::Confirm],  &["y"],         1, "yes",      "Do it."),
    row(Action::Back,      &[P::Confirm],  &["n", "esc", "ctrl-c"], 2, "no", "Leave everything as it is."),
    row(Action::Submit,    &[P::Name],     &["enter"],     1, "do it",    "Do it, once the hub's name stands in the line."),
    row(Action::Back,      &[P::Name],     &["esc", "ctrl-c"], 2, "no",   "Leave everything as it is."),
    row(Action::Submit,    &[P::Prompt],   &["enter"],     1, "keep",     "Keep the filter."),
    row(Action::Back,      &[P::Prompt],   &["esc", "ctrl-c"], 2, "undo", "Go back to the filter as it was."),
    row(Action::Submit,    &[P::Help],     &["enter"],     1, "run",      "Do what the row says."),
    row(Action::Back,      &[P::Help],     &["esc", "ctrl-c"], 2, "close", "Close the help."),
    row(Action::Move(Motion::Down),     &[P::Help], &["down"],   0, "down",      "Next row."),
    row(Action::Move(Motion::Up),       &[P::Help], &["up"],     0, "up",        "Previous row."),
    row(Action::Move(Motion::PageDown), &[P::Help], &["pgdn"],   0, "page down", "A page down."),
    row(Action::Move(Motion::PageUp),   &[P::Help], &["pgup"],   0, "page up",   "A page up."),
    row(Action::Submit,    &[P::Branches], &["enter"],     1, "choose",   "List this branch only."),
    row(Action::Back,      &[P::Branches, P::Log], &["esc", "ctrl-c"], 2, "close", "Close the list."),
    row(Action::Leave,     &[P::Small],    &["q"],         1, "leave",    "Leave; nothing else works on a screen this small."),
    row(Action::CopyId,    &[P::Log],      &["y"],         1, "copy",     "Copy the line to the terminal's clipboard."),

    // Everywhere.
    row(Action::Move(Motion::Down),     LISTS, &["down", "j"],   0, "down",      "Next row."),
    row(Action::Move(Motion::Up),       LISTS, &["up", "k"],     0, "up",        "Previous row."),
    row(Action::Move(Motion::PageDown), LISTS, &["pgdn"],        0, "page down", "A page down."),
    row(Action::Move(Motion::PageUp),   LISTS, &["pgup"],        0, "page up",   "A page up."),
    row(Action::Move(Motion::HalfDown), LISTS, &["ctrl-d"],      0, "half down", "Half a page down."),
    row(Action::Move(Motion::HalfUp),   LISTS, &["ctrl-u"],      0, "half up",   "Half a page up."),
    row(Action::Move(Motion::Home),     LISTS, &["home", "g"],   0, "first",     "The first row."),
    row(Action::Move(Motion::End),      LISTS, &["end", "G"],    0, "last",      "The last row, however long the list."),
    row(Action::Left,      &[P::Common], &["left", "h"],   0, "left",     "Sideways to the left, or fold."),
    row(Action::Right,     &[P::Common], &["right", "l"],  0, "right",    "Sideways to the right, or unfold."),
    row(Action::Pane,      &[P::Common], &["tab", "backtab"], 0, "pane",  "The other pane takes the movement keys."),
    row(Action::Zoom,      &[P::Common], &["z"],           0, "zoom",     "One pane, or as many as fit."),
    row(Action::CopyId,    &[P::Common], &["y"],           8, "copy id",  "Copy the whole id to the terminal's clipboard (OSC 52)."),
    row(Action::Back,      &[P::Common], &["esc"],         8, "back",     "Back; never out of the program."),
    row(Action::LinkBack,  &[P::Common], &["ctrl-o"],      0, "link back", "Back over the links that were followed."),
    row(Action::Journal,   &[P::Common], &["J"],           7, "journal",  "What was changed from here, newest first."),
    row(Action::Home,      &[P::Common], &["H"],           0, "hub",      "To the hub; its key enters a guide again where it was left."),
    row(Action::Help,      &[P::Common], &["?"],           3, "help",     "The keys that work here; type to filter, enter runs one."),
    row(Action::Log,       &[P::Common], &["L"],           9, "log",      "What was told in this session, newest first."),
    row(Action::Refresh,   &[P::Common], &["R"],           9, "refresh",  "Read again what is shown; open the hub again where that failed."),
    row(Action::Redraw,    &[P::Common], &["ctrl-l"],      0, "redraw",   "Draw the whole screen anew."),
    row(Action::Suspend,   &[P::Common], &["ctrl-z"],      0, "suspend",  "Stop the program; `fg` goes on."),
    row(Action::Cancel,    &[P::Common], &["ctrl-c"],      0, "stop",     "Stop what runs: a repair after its step, an audit at once."),
    row(Action::Leave,     &[P::Common], &["q"],           4, "leave",    "Leave; asks only while something that you started runs."),
];
