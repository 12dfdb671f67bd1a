//! How often the page draws. Where training leaves no core free, every drawing is time that nothing is trained.

use std::cell::Cell;

/// The share of the time that drawing may take while every core trains.
const SHARE: f64 = 0.03;

/// Milliseconds between two drawings at most.
const LONGEST: f64 = 500.0;

/// The last drawing.
#[derive(Default)]
pub struct Pace {
    cost: Cell<f64>,
    ended: Cell<f64>,
}

impl Pace {
    /// Notes when a drawing began and ended, in milliseconds of one clock.
    pub fn note(&self, began: f64, ended: f64) {
        self.cost.set((ended - began).max(0.0));
        self.ended.set(ended);
    }

    /// Milliseconds to wait before the next drawing: none while a core is free.
    pub fn wait(&self, now: f64, is_crowded: bool) -> f64 {
        let pause = if is_crowded { (self.cost.get() / SHARE).min(LONGEST) } else { 0.0 };
        (self.ended.get() + pause - now).max(0.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn drawing_takes_its_share_and_no_more_where_every_core_trains() {
        let pace = Pace::default();
        assert_eq!(pace.wait(5.0, true), 0.0, "nothing was drawn yet");
        pace.note(100.0, 106.0);
        assert_eq!(pace.wait(106.0, true), 200.0);
        assert_eq!(pace.wait(256.0, true), 50.0);
        assert_eq!(pace.wait(400.0, true), 0.0);
        assert_eq!(pace.wait(106.0, false), 0.0);
        pace.note(0.0, 90.0);
        assert_eq!(pace.wait(90.0, true), LONGEST);
    }
}
