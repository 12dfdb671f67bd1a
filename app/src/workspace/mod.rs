//! Everything the page knows, in one store: the comparison being edited, the runs of its arms, and how they are looked
//! at.
//!
//! Dense metrics live in plain columns beside one version signal, so that a step costs no signal of its own;
//! the engine raises the version at most once per frame.

pub mod action;
pub mod branch;
pub mod classroom;
pub mod columns;
pub mod decode;
pub mod denoising;
pub mod effort;
pub mod export;
pub mod format;
pub mod import;
pub mod library;
pub mod message;
pub mod overlay;
pub mod quantity;
pub mod record;
mod refine;
pub mod remedy;
pub mod replay;
pub mod run;
pub mod steer;
pub mod summary;
pub mod view;

use std::{collections::BTreeMap, sync::Arc};

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{ARMS, Comparison, Corpus, Decoding, Experiment, Invalid, comparison_to_link},
    objective::Reading,
    session::{OwnText, RunState},
};

use crate::{t, words};
use action::{Action, Request};
use classroom::Layout;
use decode::Decode;
use message::Messages;
use replay::Replay;
use run::{Plan, Run, Shared};
use view::{Screen, View};

/// What the settings edit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// What all arms share.
    #[default]
    Base,
    /// One arm: what is edited differs from the base there.
    Arm(usize),
}

/// The store. It is a handful of keys and is copied freely.
#[derive(Clone, Copy)]
pub struct Workspace {
    /// The comparison in the settings.
    pub comparison: RwSignal<Comparison>,
    /// Which part of it the settings edit.
    pub scope: RwSignal<Scope>,
    /// Every arm's whole experiment, worked out once for each change.
    experiments: Memo<Vec<Experiment>>,
    /// The comparison as a link, relative to the page, worked out once for each change.
    pub link: Memo<String>,
    /// The edited part as a whole experiment; what is written here reaches the comparison.
    pub experiment: RwSignal<Experiment>,
    /// The visitor's text.
    pub own_text: RwSignal<Option<Arc<OwnText>>>,
    /// Fields whose text is no number, with the sentence that says so.
    pub unreadable: RwSignal<BTreeMap<&'static str, String>>,

    /// Every run that there can be; arms have some of them.
    runs: [Run; ARMS],
    /// The run of each arm: its place in `runs`, which stays when another arm is removed.
    places: RwSignal<Vec<usize>>,
    /// Raised when a record changed, at most once per frame.
    pub version: RwSignal<u64>,
    /// As `version`, at most once per second while steps are made: for tables.
    pub slow_version: RwSignal<u64>,

    /// Milliseconds from the beginning of the last drawing to where the browser was free again.
    pub drawing: StoredValue<Option<f64>>,
    /// Messages to the visitor.
    pub messages: Messages,
    /// How the runs are looked at.
    pub view: View,
    /// The decoders side by side.
    pub decode: Decode,
    /// The recording on the page.
    pub replay: Replay,
    /// The report of a self-test that the WebGPU adapter has failed.
    pub failed_test: RwSignal<Option<String>>,
}

impl Workspace {
    /// A store with a comparison and no run.
    pub fn new(comparison: Comparison) -> Self {
        let (view, messages) = (View::new(), Messages::new());
        let (version, slow_version) = (RwSignal::new(0), RwSignal::new(0));
        let experiment = RwSignal::new(comparison.base.clone());
        let decode = Decode::new();
        let comparison = RwSignal::new(comparison);
        let shared = Shared { comparison, version, slow_version, crosshair: view.crosshair, messages, decode };
        let experiments = Memo::new(move |_| {
            comparison.with(|comparison| (0..comparison.arms.len()).map(|arm| comparison.experiment(arm)).collect())
        });
        let workspace = Self {
            comparison,
            link: Memo::new(move |_| comparison.with(comparison_to_link)),
            experiments,
            scope: RwSignal::new(Scope::Base),
            experiment,
            own_text: RwSignal::new(None),
            unreadable: RwSignal::new(BTreeMap::new()),
            runs: [(); ARMS].map(|()| Run::new(shared)),
            places: RwSignal::new(Vec::new()),
            version,
            slow_version,
            drawing: StoredValue::new(None),
            messages,
            view,
            decode,
            replay: Replay::new(),
            failed_test: RwSignal::new(None),
        };
        workspace.place_arms();
        workspace.show_decoding();
        workspace
    }

    /// The store of this page.
    pub fn expect() -> Self {
        expect_context()
    }

    /// Number of arms.
    pub fn arms(&self) -> usize {
        self.places.with(Vec::len)
    }

    /// The run at a place of the list of all runs.
    pub fn run_at(&self, place: usize) -> Run {
        self.runs[place]
    }

    /// The run of an arm.
    pub fn run_of(&self, arm: usize) -> Run {
        self.runs[self.place_of(arm)]
    }

    /// The place of an arm's run in the list of all runs.
    pub fn place_of(&self, arm: usize) -> usize {
        self.places.with(|places| places.get(arm).or(places.first()).copied().unwrap_or_default())
    }

    /// The runs of all arms, A first.
    pub fn runs(&self) -> Vec<Run> {
        self.places.with(|places| places.iter().map(|place| self.runs[*place]).collect())
    }

    /// The arm that is looked at where only one can be shown: the edited one, or else A.
    pub fn arm(&self) -> usize {
        match self.scope.get() {
            Scope::Arm(arm) if arm < self.arms() => arm,
            _ => 0,
        }
    }

    /// The run of that arm.
    pub fn run(&self) -> Run {
        self.run_of(self.arm())
    }

    /// Gives every arm a run, and takes those away that have no arm any more.
    fn place_arms(&self) {
        let count = self.comparison.with_untracked(|comparison| comparison.arms.len());
        let mut places = self.places.get_untracked();
        for place in places.split_off(count.min(places.len())) {
            self.forget(place);
        }
        while places.len() < count {
            let free = (0..ARMS).find(|place| !places.contains(place)).expect("as many places as arms");
            places.push(free);
        }
        for (arm, place) in places.iter().enumerate() {
            self.runs[*place].arm.set(arm);
        }
        self.places.set(places);
    }

    /// Forgets a run whose arm was removed; another arm may get its place.
    fn forget(&self, place: usize) {
        self.runs[place].clear();
        self.decode.forget(place);
        self.view.law_fit.update(|places| places.retain(|known| *known != place));
    }

    /// Replaces the whole comparison, as a link does.
    pub fn replace(&self, comparison: Comparison) {
        self.comparison.set(comparison);
        self.scope.set(Scope::Base);
        self.place_arms();
        self.show_decoding();
        self.show_scope();
        self.version.update(|version| *version += 1);
    }

    /// Adds an arm that is like the one looked at, and edits it.
    pub fn add_arm(&self) {
        let like = untrack(|| self.experiment_of(self.arm()));
        self.add(&like);
    }

    /// Adds an arm with these settings, and edits it.
    pub fn add(&self, experiment: &Experiment) {
        let add = |comparison: &mut Comparison| {
            let arm = comparison.add_like(0)?;
            comparison.set_arm(arm, experiment);
            Some(arm)
        };
        if let Some(arm) = self.comparison.try_update(add).flatten() {
            self.place_arms();
            self.edit(Scope::Arm(arm));
        }
    }

    /// Removes an arm and forgets its run. Returns the place of that run.
    pub fn remove_arm(&self, arm: usize) -> Option<usize> {
        if untrack(|| self.arms()) < 2 {
            return None;
        }
        let place = untrack(|| self.place_of(arm));
        self.comparison.update(|comparison| comparison.remove(arm));
        self.places.update(|places| places.retain(|known| *known != place));
        self.forget(place);
        self.edit(Scope::Base);
        self.place_arms();
        Some(place)
    }

    /// Lets the settings edit another part.
    pub fn edit(&self, scope: Scope) {
        self.unreadable.update(BTreeMap::clear);
        self.scope.set(scope);
        self.show_scope();
    }

    /// Shows in the settings what the scope has.
    fn show_scope(&self) {
        let shown = self.comparison.with_untracked(|comparison| match self.scope.get_untracked() {
            Scope::Base => comparison.base.clone(),
            Scope::Arm(arm) => comparison.experiment(arm),
        });
        self.experiment.set(shown);
    }

    /// Shows on the decode screen what the comparison has.
    fn show_decoding(&self) {
        let decoding = self.comparison.with_untracked(|comparison| comparison.decoding.clone());
        self.decode.show(&decoding, untrack(|| self.place_of(decoding.arm)));
    }

    /// What is decoded, as a link has it.
    fn decoding(&self) -> Decoding {
        let (decoding, run) = self.decode.shown();
        let arm = self.places.with(|places| places.iter().position(|place| *place == run));
        Decoding { arm: arm.unwrap_or_default(), ..decoding }
    }

    /// Keeps the comparison up to date with what is edited.
    pub fn follow_edits(&self) {
        let workspace = *self;
        Effect::new(move |_| {
            let decoding = workspace.decoding();
            if workspace.comparison.with_untracked(|comparison| comparison.decoding != decoding) {
                workspace.comparison.update(|comparison| comparison.decoding = decoding);
            }
        });
        Effect::new(move |_| {
            let edited = workspace.experiment.get();
            let mut comparison = workspace.comparison.get_untracked();
            match workspace.scope.get_untracked() {
                Scope::Base => {
                    comparison.base = edited;
                    // What an arm has in common with the new base differs no more.
                    for arm in 0..comparison.arms.len() {
                        let experiment = comparison.experiment(arm);
                        comparison.set_arm(arm, &experiment);
                    }
                }
                Scope::Arm(arm) => {
                    // The seed is common to all arms, wherever it is edited.
                    comparison.base.seed = edited.seed;
                    comparison.set_arm(arm, &edited);
                }
            }
            if workspace.comparison.with_untracked(|known| *known != comparison) {
                workspace.comparison.set(comparison);
            }
        });
    }

    /// What the settings describe now for an arm.
    pub fn edited(&self, arm: usize) -> Plan {
        let experiment = self.experiment_of(arm);
        let own = experiment.text.corpus == Corpus::Own;
        Plan { own_text: self.own_text.get().filter(|_| own), experiment, seed: 0 }
    }

    /// Whether the settings differ from those of a prepared run.
    pub fn changed(&self) -> bool {
        (0..self.arms()).any(|arm| self.run_of(arm).changed(&self.edited(arm)))
    }

    /// What an action asks of each arm.
    pub fn requests(&self, action: Action) -> Vec<&'static [Request]> {
        let standings: Vec<_> = (0..self.arms()).map(|arm| self.run_of(arm).standing(&self.edited(arm))).collect();
        steer::requests(action, &standings)
    }

    /// Whether an action means anything now.
    pub fn possible(&self, action: Action) -> bool {
        self.requests(action).iter().any(|requests| !requests.is_empty())
    }

    /// The state of all runs together.
    pub fn state(&self) -> RunState {
        let states: Vec<_> = self.runs().iter().map(|run| run.state.get()).collect();
        steer::together(&states)
    }

    /// The experiment that the charts show of an arm: its run's once it has steps, the edited one before.
    pub fn shown_of(&self, arm: usize) -> Experiment {
        self.version.track();
        let run = self.run_of(arm);
        match run.plan.get() {
            Some(plan) if run.has_steps() || run.state.get() != RunState::Idle => plan.experiment,
            _ => self.experiment_of(arm),
        }
    }

    /// What the settings describe now for an arm, as one experiment.
    pub fn experiment_of(&self, arm: usize) -> Experiment {
        self.experiments.with(|list| list.get(arm).cloned()).unwrap_or_default()
    }

    /// The same of the arm that is looked at.
    pub fn shown(&self) -> Experiment {
        self.shown_of(self.arm())
    }

    /// How the network of a run reads; none where no session holds one.
    pub fn reading_of(&self, place: usize) -> Option<Reading> {
        self.runs[place].plan.with(|plan| {
            let experiment = &plan.as_ref()?.experiment;
            Some(experiment.objective.reading(experiment.model.context))
        })
    }

    /// How the network reads that decodes.
    pub fn reading(&self) -> Option<Reading> {
        self.reading_of(self.decode.model.get().run)
    }

    /// Steps done by a run whose weights a session holds; none before its first step.
    pub fn trained(&self, place: usize) -> Option<usize> {
        self.version.track();
        let run = self.runs[place];
        let is_held = run.plan.with(Option::is_some);
        run.record.with_value(|record| record.columns.last().map(|row| row.step)).filter(|_| is_held)
    }

    /// Whether the screen that trains is a strip below the decoders: a small frame has no way to the whole of it.
    pub fn trains_in_strip(&self) -> bool {
        self.view.screen.get() == Screen::Decode
            && self.view.classroom.with(|classroom| classroom.layout != Layout::Full)
            && self.state() != RunState::Finished
            && !self.replay.is_shown()
    }

    /// Every field at fault in the part that is edited, with one sentence each.
    pub fn faults(&self) -> Vec<Invalid> {
        let unreadable = self.unreadable.with(|fields| {
            let fault =
                |(field, message): (&&str, &String)| Invalid { field: field.to_string(), message: message.clone() };
            fields.iter().map(fault).collect::<Vec<_>>()
        });
        let invalid = self.experiment.with(tailblazer_core::experiment::validate);
        let refused = self.run().refused.get();
        distinct(unreadable.into_iter().chain(invalid).chain(refused))
    }

    /// Every reason why no run can be prepared; with several arms each names its own.
    pub fn obstacles(&self) -> Vec<String> {
        let unreadable = self.unreadable.with(|fields| fields.values().cloned().collect::<Vec<_>>());
        let (arms, faults) = self.comparison.with(|comparison| (comparison.arms.len(), comparison.faults()));
        let mut sentences: Vec<String> = unreadable;
        for (arm, invalid) in &faults {
            // A fault that all arms share is the base's.
            let shared = faults.iter().filter(|(_, other)| other == invalid).count() == arms;
            let sentence = words::sentence(&invalid.message);
            let sentence = if arms == 1 || shared {
                sentence
            } else {
                t!("Arm {name}: {sentence}", name = Comparison::letter(*arm), sentence)
            };
            if !sentences.contains(&sentence) {
                sentences.push(sentence);
            }
        }
        sentences
    }

    /// Whether the settings cover the page as a drawer or a sheet.
    pub fn sheet_open(&self) -> bool {
        self.view.compact.get() && self.view.settings_open.get()
    }
}

/// The first fault of each field.
fn distinct(faults: impl Iterator<Item = Invalid>) -> Vec<Invalid> {
    let mut list: Vec<Invalid> = Vec::new();
    for fault in faults {
        if !list.iter().any(|known| known.field == fault.field) {
            list.push(fault);
        }
    }
    list
}
