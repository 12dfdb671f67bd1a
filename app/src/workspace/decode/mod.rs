//! The decoders side by side: what they decode, what they reported, and the moment that is looked at.

pub mod cell;
pub mod choice;
mod column;
mod jobs;
pub mod measure;
pub mod moment;
mod time;
pub mod trace;

pub use column::Column;

use std::collections::BTreeMap;

use leptos::prelude::*;
use tailblazer_core::{
    decode::Method,
    experiment::{ARMS, DECODERS, DecodeConfig, Decoding},
    objective::Reading,
    session::{DecodeFrame, DecodeRequest, DecoderSetup},
};

use choice::Entry;
use jobs::Job;
use measure::Measurement;
use moment::Playback;
use trace::Trace;

/// Prompts of a measurement.
pub const PROMPTS: usize = 64;

/// The first id of a measurement; decodes have smaller ones.
const FIRST_JOB: u32 = 1_000;

/// Whose weights decode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// The arm, by the place of its run.
    pub run: usize,
    /// Steps done in the weights; none for the present ones.
    pub step: Option<usize>,
}

/// The token that is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Selected {
    /// The place of its decoder.
    pub place: usize,
    /// Where it is, counted from the first decoded one.
    pub token: usize,
}

/// The store. It is a handful of keys and is copied freely.
#[derive(Clone, Copy)]
pub struct Decode {
    /// The decoders, in the order of their columns.
    pub list: RwSignal<Vec<Entry>>,
    /// Whether a visitor has chosen them; until then they follow the checkpoint.
    pub is_chosen: RwSignal<bool>,
    /// What they have in common.
    pub common: RwSignal<DecodeConfig>,
    /// Whose weights decode.
    pub model: RwSignal<Model>,
    /// The place of the run that a link asked for, until it is trained or another one is chosen.
    wanted: RwSignal<Option<usize>>,
    columns: [Column; ARMS],
    /// The moment that is looked at.
    pub playback: Playback,
    /// The token that is looked at.
    pub selected: RwSignal<Option<Selected>>,
    jobs: RwSignal<BTreeMap<u32, Job>>,
    next_job: StoredValue<u32>,
    /// What was measured, one of each decoder and value of a knob.
    pub measurements: RwSignal<Vec<Measurement>>,
    /// Texts that a judge has not seen yet, by the id of their measurement.
    pub unjudged: RwSignal<Vec<u32>>,
}

impl Default for Decode {
    fn default() -> Self {
        Self::new()
    }
}

impl Decode {
    /// No decoder yet: which ones depends on the checkpoint.
    pub fn new() -> Self {
        Self {
            list: RwSignal::new(Vec::new()),
            is_chosen: RwSignal::new(false),
            common: RwSignal::new(DecodeConfig::default()),
            model: RwSignal::new(Model::default()),
            wanted: RwSignal::new(None),
            columns: [(); ARMS].map(|()| Column::new()),
            playback: Playback::new(),
            selected: RwSignal::new(None),
            jobs: RwSignal::new(BTreeMap::new()),
            next_job: StoredValue::new(FIRST_JOB),
            measurements: RwSignal::new(Vec::new()),
            unjudged: RwSignal::new(Vec::new()),
        }
    }

    /// What happened to the decoder of a place.
    pub fn column(&self, place: usize) -> Column {
        self.columns[place % ARMS]
    }

    /// The decoder of a place, if there is one.
    pub fn entry(&self, place: usize) -> Option<Entry> {
        self.list.with(|list| list.iter().find(|entry| entry.place == place).cloned())
    }

    /// Shows what a link asks for, from the run at a place.
    pub fn show(&self, decoding: &Decoding, run: usize) {
        let entries = decoding.decoders.iter().cloned().enumerate();
        let list: Vec<Entry> = entries.map(|(place, config)| Entry::of(place, config)).collect();
        self.columns.iter().for_each(Column::clear);
        self.is_chosen.set(!list.is_empty());
        self.list.set(list);
        self.common.set(decoding.common.clone());
        self.model.set(Model { run, step: None });
        self.wanted.set(Some(run));
    }

    /// What a link is to say of it, and the place of the run that decodes. Decoders that follow the checkpoint are not
    /// in it.
    pub fn shown(&self) -> (Decoding, usize) {
        let decoders = self.list.with(|list| list.iter().map(Entry::config).collect());
        let decoders = if self.is_chosen.get() { decoders } else { Vec::new() };
        let run = self.wanted.get().unwrap_or_else(|| self.model.get().run);
        (Decoding { arm: 0, common: self.common.get(), decoders }, run)
    }

    /// Decodes from the run that a link asked for once it is trained, and from the first that is trained until then.
    pub fn follow(&self, trained: &[usize]) {
        let (model, wanted) = (self.model.get(), self.wanted.get());
        let is_trained = |run: &usize| trained.contains(run);
        if let Some(run) = wanted.filter(is_trained) {
            self.wanted.set(None);
            self.turn_to(Model { run, step: None });
        } else if let Some(run) = trained.first().filter(|_| !is_trained(&model.run)) {
            self.turn_to(Model { run: *run, step: None });
        }
    }

    /// Decodes from other weights, as the visitor chose.
    pub fn choose_model(&self, model: Model) {
        self.wanted.set(None);
        self.turn_to(model);
    }

    fn turn_to(&self, model: Model) {
        if self.model.get_untracked() != model {
            self.model.set(model);
        }
    }

    /// Gives the decoders of a first visit, unless a visitor has chosen others.
    pub fn suggest(&self, reading: &Reading) {
        if self.is_chosen.get_untracked() {
            return;
        }
        let list = choice::first(reading);
        if self.list.with_untracked(|known| *known != list) {
            self.columns.iter().for_each(Column::clear);
            self.list.set(list);
        }
    }

    /// Changes a decoder.
    pub fn edit(&self, place: usize, edit: impl FnOnce(&mut Entry)) {
        self.is_chosen.set(true);
        self.list.update(|list| {
            if let Some(entry) = list.iter_mut().find(|entry| entry.place == place) {
                edit(entry);
            }
        });
    }

    /// Adds a decoder that is not there yet.
    pub fn add(&self, reading: Option<&Reading>) {
        self.is_chosen.set(true);
        self.list.update(|list| {
            let free = (0..ARMS).find(|place| list.iter().all(|entry| entry.place != *place));
            if let Some(place) = free.filter(|_| list.len() < DECODERS) {
                list.push(choice::next(list, reading, place));
            }
        });
    }

    /// Removes a decoder, unless it is the last one.
    pub fn remove(&self, place: usize) {
        if self.list.with_untracked(Vec::len) < 2 {
            return;
        }
        self.is_chosen.set(true);
        self.list.update(|list| list.retain(|entry| entry.place != place));
        self.column(place).clear();
        if self.selected.get_untracked().is_some_and(|selected| selected.place == place) {
            self.selected.set(None);
        }
    }

    /// What a decoder decodes from.
    pub fn setup(&self, entry: &Entry) -> DecoderSetup {
        let (common, model) = (self.common.get(), self.model.get());
        DecoderSetup {
            decoder: entry.chosen.clone(),
            block: common.block,
            temperature: entry.temperature.unwrap_or(common.temperature),
            checkpoint: model.step,
        }
    }

    /// What a decoder is to be asked for, if it was not asked for that already.
    ///
    /// A request has the id of the one before it, which it ends; the ids of two networks differ, so that the page can
    /// tell an answer that comes too late.
    pub fn request(&self, entry: &Entry, is_again: bool) -> Option<DecodeRequest> {
        let (common, model) = (self.common.get_untracked(), self.model.get_untracked());
        let id = (model.run * ARMS + entry.place) as u32;
        let setup = untrack(|| self.setup(entry));
        let request = DecodeRequest { id, setup, prompt: common.prompt, length: common.length };
        let column = self.column(entry.place);
        let is_known = column.sent.with_value(|sent| *sent == Some((model.run, request.clone())));
        if is_known && !is_again {
            return None;
        }
        column.sent.set_value(Some((model.run, request.clone())));
        column.is_answered.set_value(false);
        column.touch();
        Some(request)
    }

    /// Notes that a decoder was not asked, and why.
    pub fn refuse(&self, place: usize, fault: Option<(String, String)>) {
        let column = self.column(place);
        if fault.is_some() {
            column.trace.set_value(Trace::default());
            column.sent.set_value(None);
            column.touch();
        }
        column.fault.set(fault);
    }

    /// Takes in a report of a decode.
    pub fn take(&self, frame: DecodeFrame) {
        if frame.id >= FIRST_JOB {
            // A measurement that was refused.
            let job = self.jobs.try_update(|jobs| jobs.remove(&frame.id)).flatten();
            if let (Some(job), Some(failure)) = (job, frame.failure) {
                self.column(job.place).fault.set(Some((failure.field.unwrap_or_default(), failure.message)));
            }
            return;
        }
        let column = self.column(frame.id as usize);
        let is_asked = column.sent.with_value(|sent| sent.as_ref().is_some_and(|(_, request)| request.id == frame.id));
        if !is_asked || !(frame.start.is_some() || frame.failure.is_some() || column.is_answered.get_value()) {
            return;
        }
        if frame.start.is_none() && !column.is_answered.get_value() {
            // Refused before it began.
            column.trace.set_value(Trace::default());
        }
        column.is_answered.set_value(true);
        column.trace.update_value(|trace| trace.take(frame));
        column.touch();
    }

    /// Shows a report that nobody asked for, in the column of a place.
    pub fn present(&self, place: usize, frame: DecodeFrame) {
        let column = self.column(place);
        column.trace.update_value(|trace| trace.take(frame));
        column.touch();
    }

    /// Takes off what was presented in the column of a place.
    pub fn withdraw(&self, place: usize) {
        self.column(place).clear();
    }

    /// No answer of a network comes any more; what it decoded stays.
    pub fn lose(&self, run: usize) {
        if self.jobs.with_untracked(|jobs| jobs.values().any(|job| job.run == run)) {
            self.jobs.update(|jobs| jobs.retain(|_, job| job.run != run));
        }
        for column in self.columns.iter().filter(|column| column.is_of(run)) {
            column.sent.set_value(None);
            column.touch();
        }
    }

    /// Forgets what a network decoded and was asked for: it is no more.
    pub fn forget(&self, run: usize) {
        self.jobs.update(|jobs| jobs.retain(|_, job| job.run != run));
        self.measurements.update(|list| list.retain(|known| known.run != run));
        self.columns.iter().filter(|column| column.is_of(run)).for_each(Column::clear);
    }

    /// The most forwards of all decoders.
    pub fn forwards(&self) -> usize {
        self.over(|trace| trace.forwards()).into_iter().max().unwrap_or_default()
    }

    /// The most seconds of all decoders.
    pub fn seconds(&self) -> f64 {
        self.over(|trace| trace.seconds(trace.forwards())).into_iter().fold(0.0, f64::max)
    }

    /// Whether any decoder is still at work.
    pub fn is_busy(&self) -> bool {
        self.list.with(|list| list.iter().any(|entry| self.column(entry.place).is_busy()))
    }

    /// Whether any decoder was asked for anything.
    pub fn was_asked(&self) -> bool {
        self.columns.iter().any(|column| column.sent.with_value(Option::is_some))
    }

    /// Something of every decoder's trace, in the order of the columns.
    pub fn over<T>(&self, read: impl Fn(&Trace) -> T) -> Vec<T> {
        self.list.with(|list| list.iter().map(|entry| self.column(entry.place).with(&read)).collect())
    }

    /// Another decoder for a place; knobs that it has too keep their values.
    pub fn choose(&self, place: usize, id: &str) {
        if let Some(method) = Method::find(id) {
            self.edit(place, |entry| entry.chosen.choose(method));
        }
    }
}

#[cfg(test)]
mod tests;
