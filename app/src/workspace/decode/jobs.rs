//! Measurements of decoders, from the request to what is shown.

use std::collections::BTreeMap;

use leptos::prelude::*;
use tailblazer_core::{
    policy::Knob,
    session::{DecoderSetup, JudgeRequest, Judged, MeasureRequest, Measured},
};

use super::{
    Decode, PROMPTS,
    choice::{self, Entry},
    measure::Measurement,
};

/// What a measurement is for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Job {
    pub place: usize,
    pub run: usize,
    pub setup: DecoderSetup,
    pub knob: Option<f64>,
}

impl Decode {
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
}
