//! LAMB and LARS: steps that are scaled by a ratio of norms over a whole parameter.
//!
//! ```text
//! LAMB    optimiser: u in place of the gradient | trust: lr |w| / |u| per parameter | scaled: w - factor u
//! LARS    trust: coefficient |w| / (|g| + decay |w|) per parameter | scaled: momentum and step
//! ```

use super::{Optimiser, Rule, kernel};
use crate::gpu::dispatch::{Dispatch, Kernel, WORKGROUP, count};
use crate::gpu::template::Constant::Flag;

const TRUST: Kernel = kernel!("trust");
const SCALED: Kernel = kernel!("scaled_update");

impl Optimiser {
    /// Whether a step depends on the norms of its parameter: [`Optimiser::trust`] and [`Optimiser::scaled`] follow.
    pub fn is_scaled(&self) -> bool {
        matches!(self.rule, Rule::Lamb | Rule::Lars)
    }

    /// The factor of each of the parameters' steps. Buffers: `settings` (of [`Optimiser::settings`]), `gradient`,
    /// `squares` (with LARS), `weights`, `factors` `[parameters + 1]`, the last of which is LARS's factor of the gradient.
    pub fn trust(&self, parameters: usize) -> Dispatch {
        Dispatch::new(
            TRUST,
            parameters * WORKGROUP as usize,
            [Some("settings"), Some("gradient"), self.of_lars("squares"), Some("weights"), Some("factors")],
            vec![
                ("LAMB", Flag(self.rule == Rule::Lamb)),
                ("GROUPS", count(self.sums())),
                ("PARAMETERS", count(parameters)),
            ],
        )
    }

    /// The step. Buffers: `settings` (with LARS), `group_of`, `gradient`, `factors`, `first` (with LARS), `weights`.
    pub fn scaled(&self, parameters: usize) -> Dispatch {
        let (settings, first) = (self.of_lars("settings"), self.of_lars("first"));
        Dispatch::new(
            SCALED,
            self.length / 4,
            [settings, Some("group_of"), Some("gradient"), Some("factors"), first, Some("weights")],
            vec![
                ("LAMB", Flag(self.rule == Rule::Lamb)),
                ("LENGTH", count(self.length)),
                ("PARAMETERS", count(parameters)),
            ],
        )
    }

    fn of_lars(&self, buffer: &'static str) -> Option<&'static str> {
        (self.rule == Rule::Lars).then_some(buffer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources_bind_what_the_dispatch_names() {
        for rule in [Rule::Lamb, Rule::Lars] {
            let optimiser = Optimiser { length: 640, rule };
            optimiser.trust(3).check();
            optimiser.scaled(3).check();
        }
    }
}
