//! The moment of all decodes that is looked at, and how it goes on.

use leptos::prelude::*;

/// What decodes are lined up by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Align {
    /// Forwards done.
    #[default]
    Forwards,
    /// Seconds of decoding.
    Seconds,
}

/// How fast a moment goes on, by its place in the lists below.
pub const SPEEDS: usize = 6;

/// Forwards in a second.
const FORWARDS: [f64; SPEEDS] = [1.0, 2.0, 4.0, 8.0, 16.0, 60.0];

/// Seconds of decoding in a second.
const SECONDS: [f64; SPEEDS] = [0.02, 0.05, 0.1, 0.25, 0.5, 1.0];

/// The most seconds between two frames that a moment goes on by: a hidden tab does not jump.
const LONGEST: f64 = 0.25;

/// One moment for all decoders. It is a handful of keys and is copied freely.
#[derive(Clone, Copy)]
pub struct Playback {
    /// Forwards or seconds done.
    pub at: RwSignal<f64>,
    /// Which of them.
    pub align: RwSignal<Align>,
    /// Whether it goes on by itself.
    pub is_playing: RwSignal<bool>,
    /// How fast, by its place in the list of speeds.
    pub speed: RwSignal<usize>,
    /// The part of a forward that has passed already.
    rest: StoredValue<f64>,
}

impl Playback {
    /// At the start, at four forwards in a second.
    pub fn new() -> Self {
        Self {
            at: RwSignal::new(0.0),
            align: RwSignal::new(Align::Forwards),
            is_playing: RwSignal::new(false),
            speed: RwSignal::new(2),
            rest: StoredValue::new(0.0),
        }
    }

    /// Stops.
    pub fn pause(&self) {
        if self.is_playing.get_untracked() {
            self.is_playing.set(false);
        }
    }

    /// Goes on by itself.
    pub fn play(&self) {
        self.rest.set_value(0.0);
        self.is_playing.set(true);
    }

    /// Goes to a moment, and stops there.
    pub fn go(&self, at: f64, end: f64) {
        self.pause();
        let at = at.clamp(0.0, end.max(0.0));
        if self.at.get_untracked() != at {
            self.at.set(at);
        }
    }

    /// Lets so many seconds pass. It waits at the end of what is known, and stops there once nothing is to come.
    pub fn pass(&self, seconds: f64, end: f64, is_busy: bool) {
        let (align, speed) = (self.align.get_untracked(), self.speed.get_untracked().min(SPEEDS - 1));
        let at = self.at.get_untracked();
        let seconds = seconds.clamp(0.0, LONGEST);
        let to = match align {
            Align::Seconds => at + seconds * SECONDS[speed],
            Align::Forwards => {
                let rest = self.rest.get_value() + seconds * FORWARDS[speed];
                self.rest.set_value(rest.fract());
                at.floor() + rest.floor()
            }
        };
        let to = to.min(end.max(0.0));
        if to != at {
            self.at.set(to);
        }
        if to >= end && !is_busy {
            self.pause();
        }
    }
}

impl Default for Playback {
    fn default() -> Self {
        Self::new()
    }
}

/// The words of a speed.
pub fn words(align: Align, speed: usize) -> String {
    match align {
        Align::Forwards => format!("{} / s", FORWARDS[speed]),
        Align::Seconds => format!("×{}", SECONDS[speed]),
    }
}

/// The nearest of these moments behind `at`, or before it where `by` is negative; `at` where there is none.
pub fn neighbour(moments: impl Iterator<Item = f64>, at: f64, by: isize) -> f64 {
    const APART: f64 = 1e-9;
    let far = moments.filter(|moment| if by < 0 { *moment < at - APART } else { *moment > at + APART });
    match by < 0 {
        true => far.fold(0.0, f64::max),
        false => Some(far.fold(f64::INFINITY, f64::min)).filter(|moment| moment.is_finite()).unwrap_or(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_goes_on_by_whole_forwards_and_waits_at_the_end() {
        let owner = Owner::new();
        owner.with(|| {
            let playback = Playback::new();
            playback.play();
            for (seconds, expected) in [(0.2, 0.0), (0.2, 1.0), (0.2, 2.0), (0.25, 3.0), (9.0, 3.0)] {
                playback.pass(seconds, 3.0, true);
                assert_eq!(playback.at.get_untracked(), expected);
            }
            assert!(playback.is_playing.get_untracked(), "more is to come");
            playback.pass(0.1, 3.0, false);
            assert!(!playback.is_playing.get_untracked());
        });
    }

    #[test]
    fn a_moment_in_seconds_goes_on_slower_than_time() {
        let owner = Owner::new();
        owner.with(|| {
            let playback = Playback::new();
            playback.align.set(Align::Seconds);
            playback.play();
            playback.pass(0.1, 1.0, false);
            assert!((playback.at.get_untracked() - 0.01).abs() < 1e-12);
            playback.go(7.0, 1.0);
            assert_eq!((playback.at.get_untracked(), playback.is_playing.get_untracked()), (1.0, false));
        });
    }

    #[test]
    fn neighbours_are_the_next_moments() {
        let moments = || [0.1, 0.3, 0.2].into_iter();
        assert_eq!(neighbour(moments(), 0.1, 1), 0.2);
        assert_eq!(neighbour(moments(), 0.25, -1), 0.2);
        assert_eq!((neighbour(moments(), 0.3, 1), neighbour(moments(), 0.1, -1)), (0.3, 0.0));
    }

    #[test]
    fn every_speed_has_words() {
        assert_eq!((words(Align::Forwards, 2), words(Align::Seconds, 5)), ("4 / s".into(), "×1".into()));
    }
}
