//! The decoders side by side: what they decode, what they reported, and the moment that is looked at.

pub mod choice;
pub mod measure;
pub mod moment;
pub mod trace;

use std::collections::BTreeMap;

use leptos::prelude::*;
use tailblazer_core::{
    decode::Method,
    experiment::ARMS,
    objective::Reading,
    policy::Knob,
    session::{DecodeFrame, DecodeRequest, DecoderSetup, JudgeRequest, Judged, MeasureRequest, Measured},
};

use choice::Entry;
use measure::Measurement;
use moment::{Align, Playback};
use trace::Trace;

/// Prompts of a measurement.
pub const PROMPTS: usize = 64;

/// The first id of a measurement; decodes have smaller ones.
const FIRST_JOB: u32 = 1_000;

/// What all decoders have in common.
#[derive(Clone, Debug, PartialEq)]
pub struct Common {
    /// The text to continue.
    pub prompt: String,
    /// Tokens to decode.
    pub length: usize,
    /// Softmax temperature; 0 takes the likeliest token.
    pub temperature: f64,
    /// Tokens of a block; none for the largest that the network was trained on.
    pub block: Option<usize>,
}

/// Whose weights decode.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Model {
    /// The arm, by the place of its run.
    pub run: usize,
    /// Steps done in the weights; none for the present ones.
    pub step: Option<usize>,
}

/// What happened to one decoder. It is a handful of keys and is copied freely.
#[derive(Clone, Copy)]
pub struct Column {
    /// What it reported.
    pub trace: StoredValue<Trace, LocalStorage>,
    /// Raised when the trace changed.
    pub version: RwSignal<u64>,
    /// What it was asked for last, and by the place of which run.
    sent: StoredValue<Option<(usize, DecodeRequest)>>,
    /// Whether reports are those of the last request: they are from its start on.
    is_answered: StoredValue<bool>,
    /// Why it cannot decode: the field and a sentence.
    pub fault: RwSignal<Option<(String, String)>>,
}

/// What a measurement is for.
#[derive(Clone, Debug, PartialEq)]
struct Job {
    place: usize,
    run: usize,
    setup: DecoderSetup,
    knob: Option<f64>,
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
    pub common: RwSignal<Common>,
    /// Whose weights decode.
    pub model: RwSignal<Model>,
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

impl Column {
    fn new() -> Self {
        Self {
            trace: StoredValue::new_local(Trace::default()),
            version: RwSignal::new(0),
            sent: StoredValue::new(None),
            is_answered: StoredValue::new(false),
            fault: RwSignal::new(None),
        }
    }

    /// Reads the trace, and follows it.
    pub fn with<T>(&self, read: impl FnOnce(&Trace) -> T) -> T {
        self.version.track();
        self.trace.with_value(read)
    }

    /// Forgets everything: it has another decoder now, or none.
    fn clear(&self) {
        self.trace.set_value(Trace::default());
        self.sent.set_value(None);
        self.is_answered.set_value(false);
        self.fault.set(None);
        self.touch();
    }

    /// Whether it was last asked to decode with the network of a run.
    fn is_of(&self, run: usize) -> bool {
        self.sent.with_value(|sent| sent.as_ref().is_some_and(|(of, _)| *of == run))
    }

    fn touch(&self) {
        self.version.update(|version| *version += 1);
    }

    /// Whether it was asked for something that is not all there yet.
    pub fn is_busy(&self) -> bool {
        self.version.track();
        self.sent.with_value(Option::is_some)
            && !(self.is_answered.get_value() && self.trace.with_value(Trace::is_over))
    }
}

impl Decode {
    /// No decoder yet: which ones depends on the checkpoint.
    pub fn new(prompt: &str) -> Self {
        let common = Common { prompt: prompt.to_owned(), length: 64, temperature: 0.0, block: None };
        Self {
            list: RwSignal::new(Vec::new()),
            is_chosen: RwSignal::new(false),
            common: RwSignal::new(common),
            model: RwSignal::new(Model::default()),
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
            if let Some(place) = free.filter(|_| list.len() < choice::MOST) {
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

    /// Where the moment ends that is known so far.
    pub fn end(&self) -> f64 {
        match self.playback.align.get() {
            Align::Forwards => self.forwards() as f64,
            Align::Seconds => self.seconds(),
        }
    }

    /// Where the axis of time ends: it stays while decoders are at work, as far as it can.
    pub fn domain(&self) -> f64 {
        let (align, busy) = (self.playback.align.get(), self.is_busy());
        let length = self.over(Trace::length).into_iter().max().unwrap_or_default();
        match align {
            Align::Forwards if busy => self.forwards().max(length).max(8) as f64,
            Align::Forwards => self.forwards().max(8) as f64,
            Align::Seconds => self.seconds().max(1e-3),
        }
    }

    /// The forward of a decoder at the moment.
    pub fn forward(&self, place: usize) -> usize {
        let (at, align) = (self.playback.at.get(), self.playback.align.get());
        self.column(place).with(|trace| match align {
            Align::Forwards => (at as usize).min(trace.forwards()),
            Align::Seconds => trace.forward_at(at),
        })
    }

    /// Goes so many forwards on or back; by seconds, to the next moment at which any decoder has an answer.
    pub fn step(&self, by: isize) {
        self.playback.pause();
        let at = self.playback.at.get_untracked();
        let to = match self.playback.align.get_untracked() {
            Align::Forwards => at.floor() + by as f64,
            Align::Seconds => {
                let moments = untrack(|| {
                    self.over(|trace| (1..=trace.forwards()).map(|forward| trace.seconds(forward)).collect::<Vec<_>>())
                });
                moment::neighbour(moments.into_iter().flatten(), at, by)
            }
        };
        self.playback.at.set(to.clamp(0.0, untrack(|| self.end())));
    }

    /// Counts by the other thing, and looks at about the same moment.
    pub fn realign(&self, align: Align) {
        if self.playback.align.get_untracked() == align {
            return;
        }
        let at = self.playback.at.get_untracked();
        let longest = untrack(|| {
            self.list.with(|list| {
                list.iter().map(|entry| entry.place).max_by_key(|place| self.column(*place).with(Trace::forwards))
            })
        });
        let to = longest.map_or(0.0, |place| {
            self.column(place).trace.with_value(|trace| match align {
                Align::Seconds => trace.seconds(at as usize),
                Align::Forwards => trace.forward_at(at) as f64,
            })
        });
        self.playback.align.set(align);
        self.playback.at.set(to);
    }

    /// What measures a decoder.
    pub fn measure(&self, entry: &Entry) -> MeasureRequest {
        self.job(entry.place, untrack(|| self.setup(entry)), None)
    }

    /// What measures a decoder at values of the knob that trades quality for speed.
    pub fn sweep(&self, entry: &Entry, knob: &'static Knob, block: usize) -> Vec<MeasureRequest> {
        let at = |value: f64| {
            let mut entry = entry.clone();
            entry.chosen.set(knob, value);
            self.job(entry.place, untrack(|| self.setup(&entry)), Some(value))
        };
        choice::sweep(knob, block).into_iter().map(at).collect()
    }

    fn job(&self, place: usize, setup: DecoderSetup, knob: Option<f64>) -> MeasureRequest {
        let id = self.next_job.get_value();
        self.next_job.set_value(id + 1);
        let run = self.model.get_untracked().run;
        self.jobs.update(|jobs| drop(jobs.insert(id, Job { place, run, setup: setup.clone(), knob })));
        MeasureRequest { id, setup, prompts: PROMPTS }
    }

    /// Measurements that have not come yet.
    pub fn awaited(&self) -> usize {
        self.jobs.with(BTreeMap::len)
    }

    /// Gives up waiting: whatever still comes is not shown.
    pub fn stop_waiting(&self) {
        self.jobs.update(BTreeMap::clear);
    }

    /// Takes in a measurement.
    pub fn take_measured(&self, measured: Measured) {
        let id = measured.id;
        let Some(Job { place, run, setup, knob }) = self.jobs.try_update(|jobs| jobs.remove(&id)).flatten() else {
            return;
        };
        let is_open = measured.exact.is_none() && !measured.texts.is_empty();
        self.measurements.update(|list| {
            list.retain(|known| (known.place, known.run, known.knob) != (place, run, knob) || known.setup != setup);
            list.push(Measurement { place, run, setup, knob, measured, judged: None });
        });
        if is_open {
            self.unjudged.update(|ids| ids.push(id));
        }
    }

    /// The texts of a measurement for a judge, once.
    pub fn for_judge(&self, id: u32) -> Option<JudgeRequest> {
        self.unjudged.update(|ids| ids.retain(|known| *known != id));
        let texts = self.measurements.with_untracked(|list| {
            list.iter().find(|known| known.measured.id == id).map(|known| known.measured.texts.clone())
        });
        texts.map(|texts| JudgeRequest { id, texts })
    }

    /// Takes in a judgement.
    pub fn take_judged(&self, Judged { id, nats, .. }: Judged) {
        self.measurements.update(|list| {
            if let Some(known) = list.iter_mut().find(|known| known.measured.id == id) {
                known.judged = Some(nats);
            }
        });
    }

    /// What was measured of the decoders as they are now, from the weights that decode now.
    pub fn current(&self) -> Vec<Measurement> {
        let (run, list) = (self.model.get().run, self.list.get());
        let is_current = |known: &Measurement| {
            let entry = list.iter().find(|entry| entry.place == known.place)?;
            let mut setup = self.setup(entry);
            if let (Some(value), Some(knob)) = (known.knob, entry.trade()) {
                setup.decoder.set(knob, value);
            }
            (known.run == run && known.setup == setup).then_some(())
        };
        self.measurements.with(|all| all.iter().filter(|known| is_current(known).is_some()).cloned().collect())
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
