//! What the decode screen asks of the engines.

use leptos::prelude::*;
use tailblazer_core::{objective::Noise, session::Command};

use super::Engine;
use crate::workspace::{
    Workspace,
    decode::{Decode, choice::Entry},
};

impl Engine {
    fn decoders(&self) -> (Workspace, Decode, Vec<Entry>) {
        let workspace = self.workspace();
        (workspace, workspace.decode, workspace.decode.list.get_untracked())
    }

    /// Has every decoder decode that was not asked yet for what it is to decode now, or all of them again. Those that the
    /// network does not allow say so instead. Returns how many were asked.
    pub fn decode(&self, is_again: bool) -> usize {
        let (workspace, decode, list) = self.decoders();
        let run = decode.model.get_untracked().run;
        let Some(reading) = untrack(|| workspace.reading()) else { return 0 };
        let ask = |entry: &Entry| {
            let fault = entry.fault(&reading);
            let is_refused = fault.is_some();
            decode.refuse(entry.place, fault);
            let request = (!is_refused).then(|| decode.request(entry, is_again)).flatten()?;
            self.arm(run).send(Command::Decode(Box::new(request)));
            Some(())
        };
        list.iter().filter_map(ask).count()
    }

    /// Plays or pauses what was decoded; decodes first where something is not decoded yet, or where the weights have
    /// moved on since it was.
    pub fn play_decodes(&self) {
        let (workspace, decode, _) = self.decoders();
        if decode.playback.is_playing.get_untracked() {
            return decode.playback.pause();
        }
        let is_at_end = untrack(|| decode.playback.at.get() >= decode.end() && !decode.is_busy());
        let moved = || {
            let model = decode.model.get_untracked();
            let step = untrack(|| workspace.trained(model.run));
            let is_old = |from: Option<usize>| model.step.is_none() && from.is_some_and(|from| Some(from) != step);
            untrack(|| decode.over(|trace| trace.start.as_ref().map(|start| start.step))).into_iter().any(is_old)
        };
        let asked = self.decode(is_at_end && moved());
        if asked > 0 || is_at_end {
            decode.playback.at.set(0.0);
        }
        if untrack(|| decode.is_busy() || decode.end() > 0.0) {
            decode.playback.play();
        }
    }

    /// Measures every decoder that the network allows.
    pub fn measure_decoders(&self) {
        let (workspace, decode, list) = self.decoders();
        let Some(reading) = untrack(|| workspace.reading()) else { return };
        let run = decode.model.get_untracked().run;
        for entry in list.iter().filter(|entry| entry.fault(&reading).is_none()) {
            self.arm(run).send(Command::Measure(Box::new(decode.measure(entry))));
        }
    }

    /// Measures a decoder at values of the knob that trades quality for speed.
    pub fn sweep_decoder(&self, place: usize) {
        let (workspace, decode, _) = self.decoders();
        let (Some(entry), Some(reading)) = (untrack(|| decode.entry(place)), untrack(|| workspace.reading())) else {
            return;
        };
        let Some(knob) = entry.trade().filter(|_| entry.fault(&reading).is_none()) else { return };
        let block = decode.common.with_untracked(|common| common.block).unwrap_or(reading.block);
        for request in decode.sweep(&entry, knob, block) {
            self.arm(decode.model.get_untracked().run).send(Command::Measure(Box::new(request)));
        }
    }

    /// Has a network that was trained on the next token judge what a measurement decoded, if there is one besides the
    /// network that decoded it.
    pub fn judge_decoded(&self, id: u32) {
        let (workspace, decode, _) = self.decoders();
        let Some(request) = decode.for_judge(id) else { return };
        if let Some(judge) = untrack(|| workspace.judge()) {
            self.arm(judge).send(Command::Judge(request));
        }
    }
}

impl Workspace {
    /// The place of the run that judges: another one than the one that decodes, trained on the next token.
    pub fn judge(&self) -> Option<usize> {
        let decoding = self.decode.model.get().run;
        let places = (0..self.arms()).map(|arm| self.place_of(arm));
        let is_judge = |place: &usize| {
            let is_apt = self.reading_of(*place).is_some_and(|reading| reading.noise == Noise::None);
            is_apt && *place != decoding && self.trained(*place).is_some()
        };
        places.into_iter().find(is_judge)
    }
}
