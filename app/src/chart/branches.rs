//! Branches: decays that left a run as it was, drawn beside it.

use tailblazer_core::session::{BranchEnd, StepMetrics};

use super::{
    curve::decimate,
    ink::Ink,
    input::{Arm, Input},
    mark::{Shape, Stroke},
    scene::Scene,
    ticks::Scale,
};
use crate::{
    t,
    workspace::{
        branch::Branch,
        format::{fixed, integer},
        quantity,
    },
};

/// Width of their lines; those of the run are wider.
const WIDTH: f64 = 1.0;

/// What a chart shows of a branch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Quantity {
    /// The smoothed loss, and validations.
    Loss,
    /// Validations alone.
    Validation,
    /// The learning rate.
    Rate,
}

impl Quantity {
    /// Of the run where the branch left it, or where it was last validated before.
    fn start(self, arm: &Arm, branch: &Branch) -> Option<(StepMetrics, f64)> {
        let (index, row) = arm.row(branch.from)?;
        Some(match self {
            Self::Loss => (*row, arm.record.columns.ema()[index]),
            Self::Rate => (*row, row.learning_rate),
            Self::Validation => {
                let last = arm.record.validations.iter().rev().find(|validation| validation.step <= branch.from)?;
                (*arm.row(last.step)?.1, last.loss)
            }
        })
    }

    /// Of every step of the branch.
    fn values(self, branch: &Branch) -> Vec<f64> {
        match self {
            Self::Loss => branch.ema.clone(),
            Self::Validation => {
                let loss = |row: &StepMetrics| branch.validations.iter().find(|(step, _)| *step == row.step);
                branch.rows.iter().map(|row| loss(row).map_or(f64::NAN, |(_, loss)| *loss)).collect()
            }
            Self::Rate => branch.rows.iter().map(|row| row.learning_rate).collect(),
        }
    }
}

/// Draws the branches of an arm: thin lines from where they left to a ring at the last validation.
pub fn draw(
    scene: &mut Scene,
    input: &Input,
    arm: &Arm,
    x: &Scale,
    place: impl Fn(f64) -> f64 + Copy,
    quantity: Quantity,
) {
    for branch in arm.record.branches.iter() {
        let at = |row: &StepMetrics, value: f64| (x.map(input.x_of(row)), value);
        let values = quantity.values(branch);
        let start = quantity.start(arm, branch).map(|(row, value)| at(&row, value));
        let rows = branch.rows.iter().zip(&values);
        // Between two validations nothing broke: nothing was measured.
        let measured = rows.filter(|(_, value)| quantity != Quantity::Validation || value.is_finite());
        let points = measured.map(|(row, value)| at(row, *value));
        let curve = decimate(start.into_iter().chain(points)).placed(place);
        scene.curve(&curve, Stroke::arm(arm.index, WIDTH));
        if let Some((index, value)) = last_validation(branch, quantity) {
            let (x, value) = at(&branch.rows[index], value);
            if quantity == Quantity::Loss && values[index].is_finite() {
                // The smoothed loss lags behind: a leader says which ring belongs to it.
                scene.line((x, place(values[index])), (x, place(value)), Stroke::solid(Ink::Arm(arm.index), WIDTH));
            }
            scene.marker(Shape::Ring, (x, place(value)), 3.2, Ink::Arm(arm.index));
        }
        let end = curve.parts.last().and_then(|part| part.last());
        if let Some(end) = end.filter(|_| branch.end == Some(BranchEnd::Diverged)) {
            scene.marker(Shape::Cross, *end, 4.0, Ink::Bad);
        }
    }
}

/// The last validation of a branch: the place of its row, and the height of its ring.
fn last_validation(branch: &Branch, quantity: Quantity) -> Option<(usize, f64)> {
    let (step, loss) = *branch.validations.last()?;
    let index = branch.rows.iter().rposition(|row| row.step == step)?;
    let value = match quantity {
        Quantity::Loss | Quantity::Validation => loss,
        Quantity::Rate => branch.rows[index].learning_rate,
    };
    Some((index, value)).filter(|(_, value)| value.is_finite())
}

/// Every loss that is drawn of the branches of an arm.
pub fn losses(arm: &Arm) -> impl Iterator<Item = f64> {
    let of = move |branch: &Branch| {
        let validations = branch.validations.iter().map(|(_, loss)| *loss);
        let smoothed = branch.ema.iter().copied().filter(|_| quantity::shares_axis(arm.experiment));
        smoothed.chain(validations).collect::<Vec<_>>()
    };
    arm.record.branches.iter().flat_map(of)
}

/// Whether there is anything to draw.
pub fn any(input: &Input) -> bool {
    input.arms.iter().any(|arm| !arm.record.branches.is_empty())
}

/// What the branches of an arm came to, in one sentence; empty where there is none.
pub fn summary(arm: &Arm) -> String {
    let one = |branch: &Branch| {
        let from = integer(branch.from);
        match (branch.validations.last(), branch.end) {
            (_, Some(BranchEnd::Diverged)) => t!("from step {from} diverged", from),
            (Some((step, loss)), _) => {
                t!("from step {from} {loss} at step {step}", from, loss = fixed(*loss, 3), step = integer(*step))
            }
            (None, _) => t!("from step {from} not validated", from),
        }
    };
    let list: Vec<String> = arm.record.branches.iter().map(one).collect();
    if list.is_empty() {
        return String::new();
    }
    format!(" {}", t!("Branches, validation: {list}.", list = list.join("; ")))
}
