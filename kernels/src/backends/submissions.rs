//! How much work goes to a GPU at once. The browser draws with the same GPU, and waits for what was submitted before it:
//! long steps go in several submissions, each of which leaves it room.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// Seconds that a submission may take.
const LONGEST: f64 = 0.05;

/// Launches in a submission at most. The device's own limit, cubecl's `tasks_max`, is this one too.
pub const MOST: u64 = 64;

/// The launches of a device.
pub(crate) struct Submissions {
    /// Launches that may go together.
    most: AtomicU64,
    /// Launches since the last submission that was made here.
    open: AtomicU64,
}

/// Those of the one device that a program opens.
pub(crate) static SUBMISSIONS: Submissions = Submissions::new();

/// Takes note of how long some launches took, and keeps the submissions that follow short accordingly. The time may
/// hold more than the device's own work: submissions are shorter than they need to be then.
pub fn keep_short(launches: u64, seconds: f64) {
    SUBMISSIONS.keep_short(launches, seconds);
}

impl Submissions {
    const fn new() -> Self {
        Self { most: AtomicU64::new(MOST), open: AtomicU64::new(0) }
    }

    fn keep_short(&self, launches: u64, seconds: f64) {
        if launches > 0 && seconds > 0.0 {
            let most = (LONGEST / seconds * launches as f64) as u64;
            self.most.store(most.clamp(1, MOST), Relaxed);
        }
    }

    /// Notes a launch; whether what was launched is to be submitted now. Where the device's own limit comes first,
    /// there is nothing to do.
    pub fn launched(&self) -> bool {
        let most = self.most.load(Relaxed);
        let open = self.open.load(Relaxed) + 1;
        let is_full = most < MOST && open >= most;
        self.open.store(if is_full { 0 } else { open.min(MOST) }, Relaxed);
        is_full
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of some launches end a submission.
    fn submissions(of: &Submissions, launches: u64) -> usize {
        (0..launches).filter(|_| of.launched()).count()
    }

    #[test]
    fn short_steps_are_left_to_the_device() {
        let all = Submissions::new();
        assert_eq!(submissions(&all, 1000), 0);
        all.keep_short(70, 0.003);
        assert_eq!(submissions(&all, 1000), 0);
        all.keep_short(0, 9.0);
        all.keep_short(70, 0.0);
        assert_eq!(submissions(&all, 1000), 0, "nothing was learned from nothing");
    }

    #[test]
    fn a_submission_of_a_long_step_takes_the_time_allowed() {
        let all = Submissions::new();
        // 100 launches of 5 ms.
        all.keep_short(100, 0.5);
        submissions(&all, 1);
        assert_eq!(submissions(&all, 100), 10);
        all.keep_short(10, 5.0);
        submissions(&all, 1);
        assert_eq!(submissions(&all, 5), 5, "a launch cannot be cut");
        all.keep_short(70, 0.003);
        assert_eq!(submissions(&all, 1000), 0, "and back again");
    }
}
