//! The moment of all decodes: where it ends, and where each decoder is then.

use leptos::prelude::*;

use super::{
    Decode,
    moment::{self, Align},
    trace::Trace,
};

impl Decode {
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
}
