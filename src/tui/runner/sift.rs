//! Which findings of a selection need a choice.

use super::Desk;
use crate::audit::{Auto, Numbered};
use crate::repair::Selection;
use crate::tui::decisions::{Open, Sifted, subject, winner};
use crate::tui::effect::ReportRef;
use crate::tui::event::Answer;

/// Findings read at once.
const PAGE: u32 = 5_000;

impl Desk {
    /// Goes through a selection once: some forty bytes of each finding are kept.
    pub(super) async fn sift(
        &self,
        report: ReportRef,
        selection: Selection,
    ) -> Result<Answer, String> {
        let report = self.report_named(report)?;
        let mut sifted = Sifted::default();
        match selection {
            Selection::Auto(filter) | Selection::Chosen(filter) => {
                let mut skip = 0;
                loop {
                    let page = report.page(&filter, skip, PAGE).await;
                    let page = page.map_err(|error| error.to_string())?;
                    skip += page.len() as u64;
                    let is_last = page.len() < PAGE as usize;
                    take(page, &mut sifted);
                    if is_last {
                        break;
                    }
                }
            }
            Selection::Ordinals(places) => {
                for places in places.chunks(PAGE as usize) {
                    let page = report.at(places).await;
                    take(page.map_err(|error| error.to_string())?, &mut sifted);
                }
            }
        }
        Ok(Answer::Sifted(sifted))
    }
}

fn take(page: Vec<Numbered>, sifted: &mut Sifted) {
    for Numbered { ordinal, finding } in page {
        if finding.auto == Auto::Ask && winner(finding.remedy).is_some() {
            sifted.open.push(Open {
                ordinal,
                code: finding.code,
                remedy: finding.remedy,
                subject: subject(&finding.id),
            });
        } else {
            sifted.rest.push(ordinal);
        }
    }
}
