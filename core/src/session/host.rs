//! What the session needs from the program around it.

use super::{Counters, Event};

/// The world outside the session: a browser's worker, a native process or a test.
pub trait Host {
    /// Hands an event to whoever listens.
    fn emit(&self, event: Event);

    /// Seconds on a monotonic clock with any origin.
    fn seconds(&self) -> f64;

    /// What the device was asked to do so far; nothing where nobody counts.
    fn counters(&self) -> Counters {
        Counters::default()
    }

    /// Lets other work of this thread happen: messages arrive, the GPU's callbacks run.
    fn yield_now(&self) -> impl Future<Output = ()>;

    /// The bytes of a bundled corpus file, such as `moby-dick.txt`, or a sentence that says why there are none.
    fn corpus(&self, file: &str) -> impl Future<Output = Result<Vec<u8>, String>>;
}
