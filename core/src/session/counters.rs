//! What a device was asked to do: counted, not estimated.

use serde::{Deserialize, Serialize};

/// Counts since an engine began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Counters {
    /// Compute dispatches.
    pub dispatches: u64,
    /// Submissions to the queue.
    pub submits: u64,
    /// Buffers mapped for reading.
    pub readbacks: u64,
    /// Compute pipelines made.
    pub pipelines: u64,
    /// Bytes in use now: buffers on a GPU, else the program's own memory.
    pub device_bytes: u64,
}

impl Counters {
    /// What came after `before`; the bytes are those in use now.
    pub fn since(self, before: Self) -> Self {
        self.with(before, u64::saturating_sub)
    }

    /// Both together; the bytes are those in use now.
    pub fn and(self, before: Self) -> Self {
        self.with(before, |now, before| now + before)
    }

    fn with(self, before: Self, join: impl Fn(u64, u64) -> u64) -> Self {
        Self {
            dispatches: join(self.dispatches, before.dispatches),
            submits: join(self.submits, before.submits),
            readbacks: join(self.readbacks, before.readbacks),
            pipelines: join(self.pipelines, before.pipelines),
            device_bytes: self.device_bytes,
        }
    }
}

/// What the device did for consecutive steps.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Work {
    /// How many steps these are.
    pub count: usize,
    /// From the beginning of the first step to the moment before their metrics were read.
    pub steps: Counters,
    /// By reading their metrics.
    pub reads: Counters,
    /// Everything since the engine began.
    pub total: Counters,
}

impl Work {
    /// The work of these steps and of those before them.
    pub fn and(self, before: Self) -> Self {
        Self {
            count: self.count + before.count,
            steps: self.steps.and(before.steps),
            reads: self.reads.and(before.reads),
            total: self.total,
        }
    }

    /// A count of the steps, reads aside, divided by their number; none where there is no step.
    pub fn per_step(&self, count: impl Fn(&Counters) -> u64) -> Option<f64> {
        (self.count > 0).then(|| count(&self.steps) as f64 / self.count as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_is_added_up_and_memory_is_not() {
        let counters = |dispatches, device_bytes| Counters { dispatches, device_bytes, ..Counters::default() };
        let work = |count, dispatches| Work { count, steps: counters(dispatches, 7), ..Work::default() };
        assert_eq!(counters(9, 7).since(counters(4, 5)), counters(5, 7));
        let both = work(3, 30).and(work(1, 14));
        assert_eq!(both.per_step(|counters| counters.dispatches), Some(11.0));
        assert_eq!(both.steps.device_bytes, 7);
        assert_eq!(Work::default().per_step(|counters| counters.submits), None);
    }
}
