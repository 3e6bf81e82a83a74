//! Faults of the last days of May 2026, when commits and snapshots were to have objects.

use super::{Broken, Declared};
use crate::world::World;
use luthier_audit::Code;

/// Merges on the server, which writes rows and no objects.
pub(super) fn merged_in_rows(world: &mut World) -> Broken {
    let (repo, title) = ("gwen/duet", "A coda, merged in the browser");
    let coda = world.repo(repo)?.tip("hugo/coda")?;
    let repository = world.repo(repo)?;
    let mut draft = repository.draft("main", None, title, 1)?;
    draft.merge(coda);
    repository.write(&mut draft, "layout.toml");
    let mut grown = draft.seal();
    grown.commit.unstore();
    grown.snapshot.unstore();
    let out = vec![
        Declared::of(Code::UriMissing, &grown.commit),
        Declared::of(Code::UriMissing, &grown.snapshot),
    ];
    world.keep(grown)?;
    Ok(out)
}
