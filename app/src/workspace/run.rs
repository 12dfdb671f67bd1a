//! The run of one arm: where it stands, what it reported, and the finished runs with earlier seeds.

use std::sync::Arc;

use futures::channel::oneshot;
use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Comparison, Experiment, Invalid},
    session::{
        Autosave, Budget, Denoising, DeviceReport, Event, Failure, Limit, OwnText, Prepared, Report, RunState, Sample,
        Saved, Stage, Validation,
    },
};

use super::{
    action::Standing,
    decode::Decode,
    library::Filed,
    message::{Message, Messages, Offer},
    record::Record,
};
use crate::t;

/// How far the preparation is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Progress {
    /// What is being done.
    pub stage: Stage,
    /// Units done.
    pub done: usize,
    /// Units in all, 0 when unknown.
    pub total: usize,
}

/// What a run was configured with.
#[derive(Clone, Debug)]
pub struct Plan {
    /// The experiment, with its first seed.
    pub experiment: Experiment,
    /// The visitor's text, when the experiment learns it.
    pub own_text: Option<Arc<OwnText>>,
    /// Which of the arm's seeds: how many come before it.
    pub seed: usize,
}

impl Plan {
    /// The experiment with the seed of this run.
    pub fn seeded(&self) -> Experiment {
        let seed = self.experiment.seed.wrapping_add(self.seed as u32);
        Experiment { seed, ..self.experiment.clone() }
    }

    /// Whether both describe the same runs, whichever of their seeds it is.
    pub fn same(&self, other: &Self) -> bool {
        let text = match (&self.own_text, &other.own_text) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        text && self.experiment == other.experiment
    }
}

/// What all runs of a page share.
#[derive(Clone, Copy)]
pub struct Shared {
    /// The comparison that is being edited.
    pub comparison: RwSignal<Comparison>,
    /// Raised when a record changed, at most once per frame.
    pub version: RwSignal<u64>,
    /// As `version`, at most once per second while steps are made: for tables.
    pub slow_version: RwSignal<u64>,
    /// The step under the crosshair.
    pub crosshair: RwSignal<Option<usize>>,
    /// Messages to the visitor.
    pub messages: Messages,
    /// The decoders side by side.
    pub decode: Decode,
}

impl Shared {
    /// Tells every view that a record changed.
    pub fn touch(&self) {
        self.version.update(|version| *version += 1);
        self.slow_version.update(|version| *version += 1);
    }
}

/// What was kept of a run before it goes on.
#[derive(Clone, Debug)]
pub struct Resumed {
    /// What it reported.
    pub report: Report,
    /// Its state; none where its weights alone are known.
    pub saved: Option<Arc<Autosave>>,
}

/// The run of an arm. It is a handful of keys and is copied freely.
#[derive(Clone, Copy)]
pub struct Run {
    /// What it shares with the other runs.
    pub shared: Shared,
    /// What the session's prepared run was configured with.
    pub plan: RwSignal<Option<Plan>>,
    /// What the session was asked to prepare.
    pub asked: StoredValue<Option<Plan>>,
    /// Whether training starts as soon as the run is prepared: the pause between is none that a visitor should see.
    pub starting: StoredValue<bool>,
    /// State of the run.
    pub state: RwSignal<RunState>,
    /// Progress of the preparation.
    pub progress: RwSignal<Option<Progress>>,
    /// Facts about the run.
    pub prepared: RwSignal<Option<Prepared>>,
    /// The device of the run.
    pub device: RwSignal<Option<DeviceReport>>,
    /// What it was predicted to take of that.
    pub budget: RwSignal<Option<Budget>>,
    /// The speed of the run's matrix products by themselves, once it was asked for.
    pub limit: RwSignal<Option<Limit>>,
    /// Samples, the newest last.
    pub samples: RwSignal<Vec<Sample>>,
    /// Metrics and validations.
    pub record: StoredValue<Record, LocalStorage>,
    /// The field that the session refused, with its sentence.
    pub refused: RwSignal<Option<Invalid>>,
    /// Runs that are finished, with the seeds before this one.
    pub earlier: StoredValue<Vec<Record>, LocalStorage>,
    /// How many runs are finished with the seeds before this one.
    pub seed: RwSignal<usize>,
    /// The arm that it is the run of.
    pub arm: RwSignal<usize>,
    /// Steps done in each of the weights that are kept to decode from, ascending.
    pub kept: RwSignal<Vec<usize>>,
    /// What was kept of it before it goes on here: what it reported, and its state.
    pub resumed: StoredValue<Option<Resumed>, LocalStorage>,
    /// Where the browser keeps it; none before it is started, and for what is only shown.
    pub filed: StoredValue<Option<Filed>>,
    /// Its whole state, as the session last reported it.
    pub autosaved: RwSignal<Option<Arc<Autosave>>, LocalStorage>,
    /// Who asked for the weights as a file.
    pub saving: StoredValue<Option<oneshot::Sender<Option<Saved>>>>,
}

impl Run {
    /// No run.
    pub fn new(shared: Shared) -> Self {
        Self {
            shared,
            plan: RwSignal::new(None),
            asked: StoredValue::new(None),
            starting: StoredValue::new(false),
            state: RwSignal::new(RunState::Idle),
            progress: RwSignal::new(None),
            prepared: RwSignal::new(None),
            device: RwSignal::new(None),
            budget: RwSignal::new(None),
            limit: RwSignal::new(None),
            samples: RwSignal::new(Vec::new()),
            record: StoredValue::new_local(Record::default()),
            refused: RwSignal::new(None),
            earlier: StoredValue::new_local(Vec::new()),
            seed: RwSignal::new(0),
            arm: RwSignal::new(0),
            kept: RwSignal::new(Vec::new()),
            resumed: StoredValue::new_local(None),
            filed: StoredValue::new(None),
            autosaved: RwSignal::new_local(None),
            saving: StoredValue::new(None),
        }
    }

    /// Whether `edited` differs from what the prepared run was configured with.
    pub fn changed(&self, edited: &Plan) -> bool {
        self.plan.with(|plan| plan.as_ref().is_some_and(|plan| !plan.same(edited)))
    }

    /// Where the run stands.
    pub fn standing(&self, edited: &Plan) -> Standing {
        self.shared.slow_version.track();
        let can_branch = self.has_steps() && self.record.with_value(|record| !record.branches.is_growing());
        let (state, prepared) = (self.state.get(), self.plan.with(Option::is_some));
        Standing { state, prepared, changed: self.changed(edited), can_branch }
    }

    /// Whether steps were made.
    pub fn has_steps(&self) -> bool {
        self.record.with_value(|record| !record.columns.is_empty())
    }

    /// Forgets everything of the run but what it is.
    pub fn clear_record(&self) {
        self.record.update_value(|record| {
            *record = Record { layout: std::mem::take(&mut record.layout), ..Record::default() };
        });
        self.samples.update(Vec::clear);
        self.kept.update(Vec::clear);
        self.autosaved.set(None);
        self.shared.crosshair.set(None);
        self.shared.touch();
    }

    /// What it reported, as plain data.
    pub fn report(&self) -> Report {
        let (prepared, device, samples) = untrack(|| (self.prepared.get(), self.device.get(), self.samples.get()));
        self.record.with_value(|record| Report { prepared, device, samples, ..record.report() })
    }

    /// Takes off what was only shown.
    pub fn clear_shown(&self) {
        self.prepared.set(None);
        self.device.set(None);
        self.budget.set(None);
        self.record.update_value(|record| *record = Record::default());
        self.clear_record();
    }

    /// Shows a report in place of what it has.
    pub fn show(&self, report: &Report) {
        self.clear_record();
        self.prepared.set(report.prepared.clone());
        self.device.set(report.device.clone());
        self.samples.set(report.samples.clone());
        self.record.set_value(Record::of(report));
        self.shared.touch();
    }

    /// Forgets the runs with earlier seeds, and starts with the first one again.
    pub fn clear_seeds(&self) {
        self.earlier.update_value(Vec::clear);
        self.seed.set(0);
    }

    /// Forgets the run altogether: its arm was removed.
    pub fn clear(&self) {
        self.plan.set(None);
        self.asked.set_value(None);
        self.starting.set_value(false);
        self.prepared.set(None);
        self.filed.set_value(None);
        self.resumed.set_value(None);
        self.progress.set(None);
        self.device.set(None);
        self.refused.set(None);
        self.record.update_value(|record| *record = Record::default());
        self.clear_record();
        self.clear_seeds();
        self.state.set(RunState::Idle);
    }

    /// Puts the finished run aside and moves on to the next seed, if there is one to come.
    pub fn next_seed(&self, seeds: usize) -> bool {
        let next = self.seed.get_untracked() + 1;
        if next >= seeds {
            return false;
        }
        let finished = self.record.with_value(Record::clone);
        self.earlier.update_value(|earlier| earlier.push(finished));
        self.seed.set(next);
        true
    }

    /// Says something about the run; with several arms it names its own.
    pub fn say(&self, message: Message) {
        let is_alone = self.shared.comparison.with_untracked(|comparison| comparison.arms.len() < 2);
        let name = Comparison::letter(self.arm.get_untracked());
        self.shared.messages.push(if is_alone {
            message
        } else {
            Message { text: t!("Arm {name}: {sentence}", name, sentence = message.text), ..message }
        });
    }

    /// Takes in what the session reports. Metrics only reach the columns; the engine raises the version.
    pub fn apply(&self, event: Event) {
        match event {
            Event::Ready { .. } | Event::Checkpoint { .. } => {}
            Event::State { state } => self.enter(state),
            Event::Device { backend, name, reason } => self.device.set(Some(DeviceReport { backend, name, reason })),
            Event::Progress { stage, done, total } => self.progress.set(Some(Progress { stage, done, total })),
            Event::Prepared(prepared) => {
                if let Some(plan) = self.asked.try_update_value(Option::take).flatten() {
                    if plan.seed == 0 {
                        self.clear_seeds();
                    }
                    self.plan.set(Some(plan));
                }
                let layout = prepared.layout.clone();
                self.prepared.set(Some(prepared));
                self.refused.set(None);
                self.clear_record();
                self.record.update_value(|record| record.layout = layout);
                if let Some(Resumed { report, saved }) = self.resumed.try_update_value(Option::take).flatten() {
                    self.samples.set(report.samples.clone());
                    self.record.set_value(Record::of(&report));
                    self.autosaved.set(saved);
                }
            }
            Event::Budget(budget) => self.budget.set(Some(budget)),
            Event::Autosave(saved) => self.autosaved.set(Some(Arc::new(saved))),
            Event::Metrics(frame) => self.record.update_value(|record| record.metrics(frame)),
            Event::Validation { step, loss, error, other_loss, exact_match } => {
                self.record.update_value(|record| {
                    record.validations.retain(|known| known.step < step);
                    record.validations.push(Validation { step, loss, error, other_loss, exact_match });
                });
                self.shared.touch();
            }
            Event::Layers(frame) => {
                self.record.update_value(|record| {
                    record.layers.retain(|known| known.step < frame.step);
                    record.layers.push(frame);
                });
                self.shared.touch();
            }
            Event::Search(frame) => {
                self.record.update_value(|record| record.search(frame));
                self.shared.touch();
            }
            Event::Branch(frame) => {
                self.record.update_value(|record| record.branches.take(&record.columns, frame));
                self.shared.touch();
            }
            Event::Sample { step, prompt, text, trace } => self.samples.update(|samples| {
                let denoising = trace.as_deref().and_then(Denoising::of);
                samples.retain(|known| known.step <= step);
                samples.push(Sample { step, prompt, text, denoising });
            }),
            Event::Decode(frame) => self.shared.decode.take(frame),
            Event::Measured(measured) => self.shared.decode.take_measured(*measured),
            Event::Judged(judged) => self.shared.decode.take_judged(judged),
            Event::Saved { saved } => {
                if let Some(asked) = self.saving.try_update_value(Option::take).flatten() {
                    // Whoever asked may have gone.
                    let _ = asked.send(saved);
                }
            }
            Event::Kept { steps } => self.kept.set(steps),
            Event::Limit(limit) => self.limit.set(Some(limit)),
            Event::Warning { message } => self.say(Message::warning(message)),
            // The arm's engine sees to these.
            Event::Lost { .. } | Event::Tested { .. } | Event::Raced(_) => {}
            Event::Failed(failure) => {
                self.starting.set_value(false);
                // What cannot go on is shown as far as it got.
                if let Some(Resumed { report, .. }) = self.resumed.try_update_value(Option::take).flatten() {
                    self.show(&report);
                }
                let refused = self.asked.try_update_value(Option::take).flatten().is_some();
                if refused && !self.has_steps() {
                    // The session drops a run that had not begun when it refuses the next one.
                    self.plan.set(None);
                }
                let message = self.blame(failure);
                self.say(message);
            }
            Event::Diverged(failure) => {
                let message = self.blame(failure);
                self.say(message.offering(Offer::Remedies { arm: self.arm.get_untracked() }));
            }
        }
    }

    /// Marks the setting at fault; the message says what happened.
    fn blame(&self, failure: Failure) -> Message {
        let Failure { field, message } = failure;
        if let Some(field) = field {
            self.refused.set(Some(Invalid { field, message: message.clone() }));
        }
        Message::failure(message)
    }

    fn enter(&self, state: RunState) {
        let starting = self.starting.get_value();
        self.starting.set_value(starting && state == RunState::Preparing);
        if starting && state == RunState::Idle {
            return;
        }
        if state == RunState::Idle {
            self.clear_record();
        }
        if state != RunState::Preparing {
            self.progress.set(None);
        }
        self.state.set(state);
        self.shared.touch();
    }
}
