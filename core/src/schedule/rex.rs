//! REX, the reflected exponential schedule (Chen, Wolfe, Kyrillidis 2021, arXiv:2107.04197).

use super::{FLOOR, Progress, Schedule};
use crate::{
    experiment::ScheduleConfig,
    policy::{Description, Knob},
};

/// `lr(p) = peak * (floor + (1 - floor) * (1 - p) / (1 - depth * p))`, with `p` the progress after warm-up.
///
/// The paper has a floor of 0 and `depth = 1/2`; the widely copied `IvanVassi/REX_LR` uses 0.9, which is much flatter.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rex;

const DEPTH: Knob = Knob {
    id: "depth",
    name: "Depth",
    unit: "",
    range: 0.0..=0.99,
    is_whole: false,
    default: 0.5,
    summary: "How late the rate falls: 0 is linear, the paper has 0.5, a copied implementation 0.9.",
};

static DESCRIPTION: Description = Description {
    id: "rex",
    name: "REX",
    summary: "Stays high for long and falls ever faster towards the end.",
    source: "Chen, Wolfe and Kyrillidis 2021, arXiv:2107.04197",
    knobs: &[DEPTH, FLOOR],
    null: Some(&[("floor", 1.0)]),
};

impl Schedule for Rex {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    fn factor(&self, config: &ScheduleConfig, at: Progress) -> f64 {
        let p = at.after_warmup();
        config.above_floor((1.0 - p) / (1.0 - config.value(&DEPTH) * p))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schedule::{Linear, Shape, learning_rate};

    #[test]
    fn without_depth_it_is_linear() {
        let linear = ScheduleConfig { shape: Shape::of(&Linear), ..ScheduleConfig::default() };
        let mut rex = ScheduleConfig { shape: Shape::of(&Rex), ..ScheduleConfig::default() };
        rex.set_value(&DEPTH, 0.0);
        assert!((0..=500).all(|step| learning_rate(&rex, 500, step) == learning_rate(&linear, 500, step)));
    }
}
