//! Everything the page knows, in one store: the experiment being edited, the run, and how it is looked at.
//!
//! Dense metrics live in plain columns beside one version signal, so that a step costs no signal of its own;
//! the engine raises the version at most once per frame.

pub mod action;
pub mod columns;
pub mod format;
pub mod message;
pub mod summary;
pub mod view;

use std::{collections::BTreeMap, sync::Arc};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{Corpus, Experiment, Invalid, validate},
    layerwise::Parameter,
    session::{Backend, Event, LayersFrame, Limit, OwnText, Prepared, RunState, Stage},
};

use action::Standing;
use columns::Columns;
use message::{Message, Messages};
use view::View;

/// The loss on held-out text at one step.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// Steps done before it.
    pub step: usize,
    /// Mean cross-entropy in nats per token.
    pub loss: f64,
    /// Share of a task's problems answered exactly.
    pub exact_match: Option<f64>,
}

/// A text that the model wrote.
#[derive(Clone, Debug, PartialEq)]
pub struct Sample {
    /// Steps done before it.
    pub step: usize,
    /// The text that was given.
    pub prompt: String,
    /// The text that the model added.
    pub text: String,
}

/// The device of the run.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    /// Which engine computes.
    pub backend: Backend,
    /// Name of the adapter.
    pub name: String,
    /// One sentence: why this device.
    pub reason: String,
}

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
    /// The experiment.
    pub experiment: Experiment,
    /// The visitor's text, when the experiment learns it.
    pub own_text: Option<Arc<OwnText>>,
}

impl Plan {
    /// Whether both describe the same run.
    fn same(&self, other: &Self) -> bool {
        let text = match (&self.own_text, &other.own_text) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        text && self.experiment == other.experiment
    }
}

/// The dense part of a run.
#[derive(Clone, Debug, Default)]
pub struct Record {
    /// Metrics of every step.
    pub columns: Columns,
    /// Validations, in order.
    pub validations: Vec<Validation>,
    /// The model's parameters, in the order of the lists in `layers`.
    pub layout: Vec<Parameter>,
    /// Measured spectra, in order.
    pub layers: Vec<LayersFrame>,
}

/// The store. It is a handful of keys and is copied freely.
#[derive(Clone, Copy)]
pub struct Workspace {
    /// The experiment in the settings.
    pub experiment: RwSignal<Experiment>,
    /// The visitor's text.
    pub own_text: RwSignal<Option<Arc<OwnText>>>,
    /// Fields whose text is no number, with the sentence that says so.
    pub unreadable: RwSignal<BTreeMap<&'static str, String>>,
    /// The field that the session refused, with its sentence.
    pub refused: RwSignal<Option<Invalid>>,

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
    pub device: RwSignal<Option<Device>>,
    /// The speed of the run's matrix products by themselves, once it was asked for.
    pub limit: RwSignal<Option<Limit>>,
    /// Samples, the newest last.
    pub samples: RwSignal<Vec<Sample>>,
    /// Metrics and validations.
    pub record: StoredValue<Record, LocalStorage>,
    /// Raised when the record changed, at most once per frame.
    pub version: RwSignal<u64>,
    /// As `version`, at most once per second while steps are made: for tables.
    pub slow_version: RwSignal<u64>,

    /// Messages to the visitor.
    pub messages: Messages,
    /// How the run is looked at.
    pub view: View,
}

impl Workspace {
    /// A store with an experiment and no run.
    pub fn new(experiment: Experiment) -> Self {
        Self {
            experiment: RwSignal::new(experiment),
            own_text: RwSignal::new(None),
            unreadable: RwSignal::new(BTreeMap::new()),
            refused: RwSignal::new(None),
            plan: RwSignal::new(None),
            asked: StoredValue::new(None),
            starting: StoredValue::new(false),
            state: RwSignal::new(RunState::Idle),
            progress: RwSignal::new(None),
            prepared: RwSignal::new(None),
            device: RwSignal::new(None),
            limit: RwSignal::new(None),
            samples: RwSignal::new(Vec::new()),
            record: StoredValue::new_local(Record::default()),
            version: RwSignal::new(0),
            slow_version: RwSignal::new(0),
            messages: Messages::new(),
            view: View::new(),
        }
    }

    /// The store of this page.
    pub fn expect() -> Self {
        expect_context()
    }

    /// What the settings describe now.
    pub fn edited(&self) -> Plan {
        let experiment = self.experiment.get();
        let own = experiment.text.corpus == Corpus::Own;
        Plan { own_text: self.own_text.get().filter(|_| own), experiment }
    }

    /// Whether the settings differ from those of the prepared run.
    pub fn changed(&self) -> bool {
        let edited = self.edited();
        self.plan.with(|plan| plan.as_ref().is_some_and(|plan| !plan.same(&edited)))
    }

    /// Where the run stands, for the run bar.
    pub fn standing(&self) -> Standing {
        Standing { state: self.state.get(), prepared: self.plan.with(Option::is_some), changed: self.changed() }
    }

    /// The experiment that the charts show: the run's once it has steps, the edited one before.
    pub fn shown(&self) -> Experiment {
        self.version.track();
        let started = self.record.with_value(|record| !record.columns.is_empty());
        match self.plan.get() {
            Some(plan) if started || self.state.get() != RunState::Idle => plan.experiment,
            _ => self.experiment.get(),
        }
    }

    /// Every field at fault, with one sentence each.
    pub fn faults(&self) -> Vec<Invalid> {
        let unreadable = self.unreadable.with(|fields| {
            let fault =
                |(field, message): (&&str, &String)| Invalid { field: field.to_string(), message: message.clone() };
            fields.iter().map(fault).collect::<Vec<_>>()
        });
        let invalid = self.experiment.with(validate);
        let refused = self.refused.get();
        let mut faults: Vec<Invalid> = Vec::new();
        for fault in unreadable.into_iter().chain(invalid).chain(refused) {
            if !faults.iter().any(|known| known.field == fault.field) {
                faults.push(fault);
            }
        }
        faults
    }

    /// Whether the settings cover the page as a drawer or a sheet.
    pub fn sheet_open(&self) -> bool {
        self.view.compact.get() && self.view.settings_open.get()
    }

    /// Forgets everything of the run but what it is.
    pub fn clear_record(&self) {
        self.record.update_value(|record| {
            *record = Record { layout: std::mem::take(&mut record.layout), ..Record::default() };
        });
        self.samples.update(Vec::clear);
        self.view.crosshair.set(None);
        self.touch();
    }

    /// Tells every view that the record changed.
    pub fn touch(&self) {
        self.version.update(|version| *version += 1);
        self.slow_version.update(|version| *version += 1);
    }

    /// Takes in what the session reports. Metrics only reach the columns; the engine raises the version.
    pub fn apply(&self, event: Event) {
        match event {
            Event::Ready { .. } | Event::Checkpoint { .. } => {}
            Event::State { state } => self.enter(state),
            Event::Device { backend, name, reason } => self.device.set(Some(Device { backend, name, reason })),
            Event::Progress { stage, done, total } => self.progress.set(Some(Progress { stage, done, total })),
            Event::Prepared(prepared) => {
                if let Some(plan) = self.asked.try_update_value(Option::take).flatten() {
                    self.plan.set(Some(plan));
                }
                let layout = prepared.layout.clone();
                self.prepared.set(Some(prepared));
                self.refused.set(None);
                self.clear_record();
                self.record.update_value(|record| record.layout = layout);
            }
            Event::Metrics(frame) => self.record.update_value(|record| record.columns.append(frame)),
            Event::Validation { step, loss, exact_match } => {
                self.record.update_value(|record| {
                    record.validations.retain(|known| known.step < step);
                    record.validations.push(Validation { step, loss, exact_match });
                });
                self.touch();
            }
            Event::Layers(frame) => {
                self.record.update_value(|record| {
                    record.layers.retain(|known| known.step < frame.step);
                    record.layers.push(frame);
                });
                self.touch();
            }
            Event::Sample { step, prompt, text } => self.samples.update(|samples| {
                samples.retain(|known| known.step <= step);
                samples.push(Sample { step, prompt, text });
            }),
            Event::Limit(limit) => self.limit.set(Some(limit)),
            Event::Warning { message } => self.messages.push(Message::warning(message)),
            Event::Failed(failure) => {
                self.starting.set_value(false);
                let refused = self.asked.try_update_value(Option::take).flatten().is_some();
                if refused && self.record.with_value(|record| record.columns.is_empty()) {
                    // The session drops a run that had not begun when it refuses the next one.
                    self.plan.set(None);
                }
                if let Some(field) = failure.field {
                    self.refused.set(Some(Invalid { field, message: failure.message.clone() }));
                }
                self.messages.push(Message::failure(failure.message));
            }
        }
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
        self.touch();
    }
}
