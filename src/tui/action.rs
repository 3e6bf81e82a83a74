//! The actions of keys, of rows in the help, and of tests.

use super::guide::Guide;
use luthier_audit::table::Format;
use luthier_audit::{Depth, Fix};

/// Everything that a person can ask of the console. What cannot be done here and now is refused with
/// a reason, never silently.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    Move(Motion),
    /// Sort by this column, or turn its order round; a click on its heading.
    SortBy(usize),
    /// Sideways or fold.
    Left,
    /// Sideways or unfold.
    Right,
    /// The other pane takes the movement keys.
    Pane,
    Open,
    Back,
    /// Back over links that were followed.
    LinkBack,
    Filter,
    Mark,
    /// From here to where the cursor goes.
    Range,
    MarkAll,
    Unmark,
    Zoom,
    /// Moves the border between the first two panes, by percent of the width.
    Border(i8),
    /// Shows what is here in another program.
    View,
    /// Listens to the mouse, or leaves it alone.
    Mouse,
    CopyId,
    CopyRecord,
    /// Copies findings as a table in Markdown.
    CopyTable,
    Export,
    /// Asks for the form first.
    ExportAs,
    /// The form of the list that is about to be written.
    Form(Format),
    /// Everything that can be done, found by a few letters.
    Palette,
    /// The next way to go on with a filter that is being typed.
    Complete,
    Help,
    Log,
    Refresh,
    Redraw,
    /// Reads the configuration again.
    Reload,
    Suspend,
    /// Stops what runs.
    Cancel,
    Leave,
    Findings,
    /// Lists the findings about which one of these can be done.
    Fixable(&'static [Fix]),
    /// Lists what only a copy from elsewhere restores.
    Wanted,
    /// Asks for a client's folder, and plans what its copies restore.
    Copies,
    Repos,
    /// Asks how deep an audit is to look, and at what.
    Audit,
    /// The depth of the audit that is being chosen.
    Deep(Depth),
    Plan,
    Tab(usize),
    Branch,
    Facet(usize),
    Previous,
    Next,
    /// The next finding in the list.
    NextFinding,
    PreviousFinding,
    /// The column to the left sorts the list.
    SortBefore,
    SortAfter,
    Flip,
    /// Counts findings together.
    Group,
    /// Steps or what is refused.
    Cycle,
    Apply,
    Pause,
    /// More steps at once.
    Faster,
    /// Fewer steps at once.
    Slower,
    /// Enters a guide, where it was left if it was.
    Guide(Guide),
    /// To the hub; a guide can be entered again where it was left.
    Home,
    /// Opens the journal.
    Journal,
    /// Checks the journal's chain.
    Check,
    /// Plans the undo of a run.
    Undo,
    /// Plans the repair of the finding that is being decided.
    Repair,
    /// Leaves the finding that is being decided as it is.
    Skip,
    /// The same answer for all of a code.
    SameForAll,
    /// Side by side, or one below the other.
    Layout,
    /// Writes what is shown into files.
    Write,
    /// Traces a client's pull.
    Pull,
    /// The same once more.
    Again,
    Yes,
    /// Enter below a line of text.
    Submit,
}

/// A movement in a list or a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    Up,
    Down,
    PageUp,
    PageDown,
    HalfUp,
    HalfDown,
    Home,
    End,
}
