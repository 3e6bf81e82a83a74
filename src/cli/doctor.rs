//! `luthier doctor`.

use super::output::Output;
use super::{CliError, Exit, Global, target};
use crate::config::{self, Target};
use luthier_audit::unlinked;
use luthier_hub::store::doctor::{self, Check, Health};
use luthier_hub::store::{Environment, Store};
use luthier_hub::text;
use luthier_repair::journal;
use serde_json::json;
use std::collections::BTreeMap;

pub async fn run(global: &Global, out: Output) -> Result<Exit, CliError> {
    let target = target(global)?;
    let mut checks = vec![configuration(&target)];
    checks.extend(doctor::examine(&target.hub, target.authority.as_ref()).await);
    tell_fates(&target, &mut checks).await;
    checks.push(journal_of(&target));
    for check in &checks {
        tell(check, &out)?;
    }
    let mut count: BTreeMap<Health, u64> = BTreeMap::new();
    for check in &checks {
        *count.entry(check.health).or_default() += 1;
    }
    let of = |health| count.get(&health).copied().unwrap_or(0);
    let (pass, warn, fail) = (of(Health::Pass), of(Health::Warn), of(Health::Fail));
    let untried = of(Health::Untried);
    if out.json {
        out.object(&json!({
            "type": "summary", "complete": true, "pass": pass, "warn": warn, "fail": fail, "untried": untried,
        }))?;
    } else {
        let untried = match untried {
            0 => String::new(),
            count => format!(", {count} not tried"),
        };
        out.line(&format!(
            "{pass} passed, {warn} warned, {fail} failed{untried}"
        ))?;
    }
    out.flush()?;
    Ok(match (checks.iter().any(|check| check.unusable), fail) {
        (true, _) => Exit::Unusable,
        (false, 0) => Exit::Done,
        (false, _) => Exit::Findings,
    })
}

/// Adds to the count of rows without `storage_uri` what a backfill does with them; of many, with the first.
async fn tell_fates(target: &Target, checks: &mut [Check]) {
    let counted =
        |check: &&mut Check| check.name == "null storage_uri" && check.health == Health::Warn;
    let Some(check) = checks.iter_mut().find(counted) else {
        return;
    };
    // A side that does not answer has a line of its own.
    let Ok(store) = Store::open(&target.hub, None).await else {
        return;
    };
    let Ok(sampled) = unlinked::sample(&store).await else {
        return;
    };
    let fates = &sampled.fates;
    let of = match sampled.whole {
        true => String::new(),
        false => format!("of the first {} ", text::grouped(fates.values().sum())),
    };
    check.found += &format!("; {of}{}", unlinked::tell(fates));
    let changes = fates.keys().any(|fate| fate.is_changed());
    if sampled.whole && !changes {
        "`luthier audit` lists each row and its remedy".clone_into(&mut check.advice);
    }
}

fn tell(check: &Check, out: &Output) -> Result<(), CliError> {
    if out.json {
        let mut line = serde_json::to_value(check).unwrap_or_default();
        line["type"] = json!("check");
        return out.object(&line);
    }
    let mark = match check.health {
        Health::Pass => "pass",
        Health::Warn => "warn",
        Health::Fail => "FAIL",
        Health::Untried => "-",
    };
    if check.health == Health::Pass && out.quiet {
        return Ok(());
    }
    out.line(&format!("{mark:<4}  {:<16}  {}", check.name, check.found))?;
    if !check.advice.is_empty() {
        out.line(&format!("                        {}", check.advice))?;
    }
    Ok(())
}

fn configuration(target: &Target) -> Check {
    let mode = match target.authority {
        Some(_) => "writing allowed",
        None => "read-only",
    };
    let hub = &target.hub;
    let found = format!(
        "{}, environment {}, {mode}",
        hub.name,
        hub.environment.word()
    );
    let mut check = Check::pass("hub", found);
    if hub.environment == Environment::Unknown {
        check.advice = match &target.profile {
            Some(profile) => format!(
                "set `environment` of profile {profile} in {}",
                config::path().unwrap_or_default().display()
            ),
            None => format!(
                "without a profile, {} is the database's name; a profile gives name and environment: `luthier config init --profile NAME`",
                hub.name
            ),
        };
    }
    check
}

/// Returns whether repairs from here can be traced later.
fn journal_of(target: &Target) -> Check {
    const NAME: &str = "journal";
    if let Err(error) = journal::try_place(&target.hub) {
        // Only what writes to the hub needs it.
        return match target.authority {
            Some(_) => Check::fail(
                NAME,
                error.to_string(),
                "without a journal, nothing can be repaired",
            ),
            None => Check::warn(
                NAME,
                error.to_string(),
                "an audit works without a journal; a repair needs one",
            ),
        };
    }
    let Some(path) = journal::path_of(&target.hub).filter(|path| path.exists()) else {
        return Check::pass(NAME, "Luthier has not changed this hub from this machine");
    };
    match journal::verify(&path) {
        Err(error) => Check::fail(
            NAME,
            format!("{}: {error}", path.display()),
            "nothing can be repaired from here until it can be read",
        ),
        Ok(verified) if verified.is_sound() => Check::pass(NAME, "no line was changed"),
        Ok(_) => Check::fail(
            NAME,
            "lines were changed, removed or reordered",
            "`luthier journal verify` shows where",
        ),
    }
}
