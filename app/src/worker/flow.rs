//! Flow control of metrics: at most one frame is on its way to the page; steps that happen meanwhile are merged.
//!
//! A page in a hidden tab acknowledges nothing, so a run of any speed costs it one message per validation.

use tailblazer_core::session::MetricsFrame;

/// What is on its way and what waits.
#[derive(Debug, Default)]
pub struct Flow {
    unacknowledged: u32,
    waiting: Option<MetricsFrame>,
}

impl Flow {
    /// Takes steps in and returns the frame to send now, if one may go.
    pub fn offer(&mut self, frame: MetricsFrame) -> Option<MetricsFrame> {
        match &mut self.waiting {
            Some(waiting) => {
                waiting.steps.extend(frame.steps);
                waiting.batch_digest = frame.batch_digest;
                waiting.work = frame.work.and(waiting.work);
            }
            waiting => *waiting = Some(frame),
        }
        if self.unacknowledged == 0 { self.flush() } else { None }
    }

    /// Notes that the page took frames in and returns the frame to send now.
    pub fn acknowledge(&mut self, count: u32) -> Option<MetricsFrame> {
        self.unacknowledged = self.unacknowledged.saturating_sub(count);
        if self.unacknowledged == 0 { self.flush() } else { None }
    }

    /// Returns what waits, whether or not a frame is on its way: another event must not overtake its steps.
    pub fn flush(&mut self) -> Option<MetricsFrame> {
        let frame = self.waiting.take()?;
        self.unacknowledged += 1;
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use tailblazer_core::session::{StepMetrics, Work};

    use super::*;

    fn frame(step: usize) -> MetricsFrame {
        MetricsFrame {
            steps: vec![StepMetrics { step, ..StepMetrics::default() }],
            batch_digest: format!("digest {step}"),
            work: Work { count: 1, ..Work::default() },
        }
    }

    fn steps(frame: Option<MetricsFrame>) -> Vec<usize> {
        frame.map_or_else(Vec::new, |frame| frame.steps.iter().map(|row| row.step).collect())
    }

    #[test]
    fn merges_while_a_frame_is_on_its_way() {
        let mut flow = Flow::default();
        assert_eq!(steps(flow.offer(frame(1))), [1]);
        assert_eq!(flow.offer(frame(2)), None);
        assert_eq!(flow.offer(frame(3)), None);
        let merged = flow.acknowledge(1).unwrap();
        assert_eq!((merged.batch_digest.as_str(), merged.work.count), ("digest 3", 2));
        assert_eq!(steps(Some(merged)), [2, 3]);
        assert_eq!(flow.acknowledge(1), None);
        assert_eq!(steps(flow.offer(frame(4))), [4]);
    }

    #[test]
    fn other_events_do_not_overtake_steps() {
        let mut flow = Flow::default();
        assert_eq!(steps(flow.offer(frame(1))), [1]);
        assert_eq!(flow.offer(frame(2)), None);
        assert_eq!(steps(flow.flush()), [2]);
        assert_eq!(flow.acknowledge(1), None, "the second frame is still on its way");
        assert_eq!(flow.offer(frame(3)), None);
        assert_eq!(steps(flow.acknowledge(1)), [3]);
    }
}
