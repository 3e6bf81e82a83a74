//! The three guides, from the hub's screen to their end, by the keys that the screen names.

use crate::screen::Terminal;

const ENTER: &str = "\r";
const ESC: &str = "\u{1b}";

const SIZES: [(u16, u16); 2] = [(80, 24), (160, 48)];

fn demo(columns: u16, rows: u16) -> Terminal {
    let terminal = Terminal::start(&["demo"], columns, rows);
    terminal.see("findings in the whole hub");
    terminal
}

fn leave(mut terminal: Terminal) {
    terminal.send("q");
    assert_eq!(terminal.end().0, 0);
}

#[test]
fn a_pull_that_fails_is_traced_repaired_and_traced_again() {
    for (columns, rows) in SIZES {
        let mut terminal = demo(columns, rows);
        terminal.send("p");
        terminal.see("a pull fails 1/5");
        terminal.see("bela/score-tools");
        // A shared finding counts in each repository, and some belong to none.
        terminal.see("7 findings in none");
        // Where no pull fails, nobody has to look first, however much was found there.
        terminal.wait("failing repositories before the others", |screen| {
            let screen = screen.contents();
            let at = |name: &str| screen.lines().position(|line| line.contains(name));
            at("joan/loops") < at("iris/setlist") && at("joan/loops").is_some()
        });
        let mut keys = 1;
        // The worst repository stands under the cursor; `b` lists its branches with what is wrong.
        terminal.send("b");
        // In the dialog, not in the pane beside the list: there a fault stands on a line with its branch.
        terminal.wait("a dialog of branches with their faults", |screen| {
            let dialog = screen.contents();
            dialog.lines().any(|line| {
                line.contains("fix/retry-upload") && line.contains("1f916099834c  ✗ uri-unlinked")
            })
        });
        keys += 1;
        // Letters narrow the list.
        terminal.send("ret");
        keys += 3;
        terminal.wait("one branch", |screen| {
            let dialog = screen.contents();
            dialog.contains("/ret") && !dialog.contains("agent/fugue")
        });
        terminal.send(ENTER);
        terminal.see("a pull fails 2/5");
        terminal.see("a client refuses it");
        terminal.send("x");
        terminal.see("a pull fails 3/5");
        terminal.see("1 step");
        terminal.send(ENTER);
        terminal.see("apply this plan?");
        terminal.see("y yes");
        terminal.send("y");
        terminal.see("1 step done");
        terminal.send(ESC);
        terminal.see("the pull succeeds");
        keys += 5;
        assert!(keys <= 11, "{keys} keys");
        leave(terminal);
    }
}

#[test]
fn a_hub_is_signed_off_and_what_is_left_is_named() {
    for (columns, rows) in SIZES {
        let mut terminal = demo(columns, rows);
        terminal.send("s");
        terminal.see("sign off");
        terminal.see("FAIL: something is wrong");
        terminal.see("sign off 3/4");
        terminal.send("f");
        terminal.list();
        terminal.send(ESC);
        terminal.see("FAIL: something is wrong");
        terminal.send("w");
        terminal.see("write the reports into the folder");
        terminal.send(ESC);
        leave(terminal);
    }
}

#[test]
fn a_repair_by_hand_is_chosen_applied_and_verified() {
    for (columns, rows) in SIZES {
        let mut terminal = demo(columns, rows);
        terminal.send("f");
        terminal.see("guided repair 1/4");
        terminal.send("/");
        terminal.send("code:cache-msgpack");
        terminal.send(ENTER);
        terminal.list();
        terminal.send("a");
        terminal.see("marked");
        terminal.send("x");
        terminal.see("guided repair 2/4");
        terminal.see("Rewrites the cached tree");
        terminal.send(ENTER);
        terminal.see("y yes");
        terminal.send("y");
        terminal.see("steps done");
        terminal.send(ESC);
        terminal.see("4/4  verified");
        leave(terminal);
    }
}
