//! What a demo hub is made of: all of the script, or the part that shows one era.

use super::era::{Era, Keys};
use super::faults::{self, Break};
use super::script::RepoScript;
use luthier_hub::index::HubEra;
use std::borrow::Cow;

/// The repositories of a hub, how they are kept, and what is wrong with them.
pub(super) struct Contents {
    /// `owner/slug` of each; none named is all.
    repos: &'static [&'static str],
    kept: Option<Kept>,
    /// Commits and snapshots are rows alone.
    pub rows_alone: bool,
    pub breaks: &'static [Break],
}

/// How the repositories of an era are kept, whatever the script says.
struct Kept {
    /// The first day, as the script writes instants.
    from: &'static str,
    client: Era,
    keys: Keys,
    packs: bool,
}

const EVERYTHING: Contents = Contents {
    repos: &[],
    kept: None,
    rows_alone: false,
    breaks: faults::ALL,
};

const MARCH: Contents = Contents {
    repos: &["dmitri/old-site", "gwen/duet"],
    kept: Some(Kept {
        from: "2026-03-18T08:00:00Z",
        client: Era::V01,
        keys: Keys::March,
        packs: false,
    }),
    rows_alone: true,
    breaks: faults::MARCH,
};

const APRIL: Contents = Contents {
    repos: &["erin/archive", "iris/setlist"],
    kept: Some(Kept {
        from: "2026-04-10T08:00:00Z",
        client: Era::Rc7,
        keys: Keys::Colon,
        packs: false,
    }),
    rows_alone: true,
    breaks: faults::APRIL,
};

/// Repositories of several clients, every row with its object.
const MAY: Contents = Contents {
    repos: &[
        "alice/song",
        "bela/score-tools",
        "erin/archive",
        "gwen/duet",
    ],
    kept: None,
    rows_alone: false,
    breaks: faults::MAY,
};

const JUNE: Contents = Contents {
    repos: &["gwen/duet", "iris/setlist", "joan/loops"],
    kept: Some(Kept {
        from: "2026-06-02T08:00:00Z",
        client: Era::Typed,
        keys: Keys::Today,
        packs: true,
    }),
    rows_alone: true,
    breaks: faults::JUNE,
};

impl Contents {
    /// Returns what a hub of an era is made of; without one, everything.
    pub(super) const fn of(era: Option<HubEra>) -> &'static Self {
        match era {
            None => &EVERYTHING,
            Some(HubEra::March) => &MARCH,
            Some(HubEra::April) => &APRIL,
            Some(HubEra::May) => &MAY,
            Some(HubEra::June) => &JUNE,
        }
    }

    /// Returns a story as this hub tells it; `None` for one that it leaves out.
    pub(super) fn told<'s>(&self, story: &'s RepoScript) -> Option<Cow<'s, RepoScript>> {
        let path = format!("{}/{}", story.owner, story.slug);
        let has = self.repos.is_empty() || self.repos.contains(&path.as_str());
        has.then(|| match &self.kept {
            None => Cow::Borrowed(story),
            Some(kept) => Cow::Owned(RepoScript {
                started: kept.from.to_owned(),
                era: kept.client,
                keys: kept.keys,
                packs: kept.packs,
                ..story.clone()
            }),
        })
    }
}
