//! Work that belongs to the session: jobs with figures, which can be paused and stopped.

use super::Runner;
use crate::effect::{Effect, Job};
use crate::event::Event;
use crate::meter::Speed;
use luthier_hub::progress::Progress;
use luthier_repair::Throttle;
use std::time::Duration;

/// The interval at which a running job's figures are sent.
const FIGURES: Duration = Duration::from_millis(100);

impl Runner {
    /// Begins work that belongs to the session, with progress of its own.
    pub(super) fn begin(&mut self, effect: Effect) {
        match effect {
            Effect::Audit { ticket, ask } => {
                let progress = self.job(Job::Audit);
                self.thread(ticket, |context| async move {
                    context.audit(ask, &progress).await
                });
            }
            Effect::Plan {
                ticket,
                plan,
                report,
                selection,
            } => {
                let progress = self.job(Job::Plan);
                self.thread(ticket, move |context| async move {
                    context.plan(plan, report, &selection, &progress).await
                });
            }
            Effect::Pull { ticket, ask } => {
                let progress = self.job(Job::Pull);
                self.thread(ticket, |context| async move {
                    context.pull(ask, &progress).await
                });
            }
            Effect::Undo { ticket, plan, run } => {
                let progress = self.job(Job::Plan);
                self.thread(ticket, move |context| async move {
                    context.undo(plan, &run, &progress).await
                });
            }
            Effect::SignOff { ticket } => {
                let progress = self.job(Job::SignOff);
                self.thread(ticket, |context| async move {
                    context.sign_off(&progress).await
                });
            }
            Effect::Apply {
                ticket,
                plan,
                consent,
            } => {
                self.throttle = Throttle::default();
                let (progress, throttle) = (self.job(Job::Apply), self.throttle.clone());
                let plan = plan.into_inner();
                self.thread(ticket, move |context| async move {
                    context.apply(plan, consent, throttle, &progress).await
                });
            }
            _ => {}
        }
    }

    /// Progress of a new job, sent on while it changes.
    fn job(&mut self, job: Job) -> Progress {
        let progress = Progress::new();
        self.jobs.insert(job, progress.clone());
        let (context, watched) = (self.context.clone(), progress.clone());
        let ended = progress.ended();
        let throttle = (job == Job::Apply).then(|| self.throttle.clone());
        self.tasks.spawn(async move {
            let mut last = None;
            loop {
                let done = tokio::time::timeout(FIGURES, ended.cancelled())
                    .await
                    .is_ok();
                let speed = throttle.as_ref().map(|throttle| Speed {
                    limit: throttle.concurrency(),
                    allowed: throttle.allowed(),
                });
                let now = (watched.figures(), watched.is_paused(), speed);
                if last.as_ref() != Some(&now) {
                    last = Some(now.clone());
                    let (figures, paused, speed) = now;
                    context.send(Event::Progress {
                        job,
                        figures,
                        paused,
                        speed,
                    });
                }
                if done {
                    return;
                }
            }
        });
        progress
    }
}
