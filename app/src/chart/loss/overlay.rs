//! Kept runs behind the arms: one dashed grey line each, with its name.

use super::{Plot, shows_training};
use crate::{
    chart::{
        curve::decimate,
        ink::Ink,
        input::Arm,
        mark::{Stroke, Weight},
        scene::{Anchor, Scene},
    },
    t,
    workspace::{format::fixed, overlay::Overlay},
};

/// Letters of a name that a label has room for.
const LETTERS: usize = 34;

/// Dashes that no arm has.
const STROKE: Stroke = Stroke { ink: Ink::Third, width: 1.5, dash: &[7.0, 2.0, 1.5, 2.0], weight: Weight::Full };

/// The run as an arm, for what it has in common with one.
fn arm(overlay: &Overlay) -> Arm<'_> {
    Arm { index: 0, experiment: &overlay.experiment, record: &overlay.record, failed: false, earlier: &[] }
}

/// Its line: the smoothed training loss, or the validations where that has no place on the axis; with the steps.
fn line(overlay: &Overlay) -> Vec<(usize, f64)> {
    let Overlay { record, .. } = overlay;
    match shows_training(&arm(overlay)) {
        true => record.columns.rows().iter().map(|row| row.step).zip(record.columns.ema().iter().copied()).collect(),
        false => record.validations.iter().map(|validation| (validation.step, validation.loss)).collect(),
    }
}

/// The losses that the vertical axis must hold.
pub fn losses(overlay: &Overlay) -> Vec<f64> {
    line(overlay).into_iter().map(|(_, loss)| loss).collect()
}

/// Draws the lines.
pub fn draw(plot: &Plot, scene: &mut Scene) {
    for (place, overlay) in plot.input.overlays.iter().enumerate() {
        let arm = arm(overlay);
        let points = line(overlay).into_iter().map(|(step, loss)| (plot.x.map(plot.input.x_of_step(&arm, step)), loss));
        // Steps behind the end of the axis are left out.
        let points: Vec<_> = points.filter(|(x, _)| *x <= plot.frame.right + 0.5).collect();
        let Some((x, loss)) = points.iter().rfind(|(_, loss)| loss.is_finite()).copied() else { continue };
        scene.curve(&decimate(points.into_iter()).placed(|loss| plot.place(loss)), STROKE);
        let mut name: String = overlay.name.chars().take(LETTERS).collect();
        if name.len() < overlay.name.len() {
            name.push('…');
        }
        let at = (x.max(plot.frame.left + 60.0), plot.place(loss) - 5.0 - 12.0 * place as f64);
        scene.anchored(format!("{name} {}", fixed(loss, 2)), at, Anchor::End, Ink::Second, false);
    }
}

/// The lines in words.
pub fn summary(overlays: &[Overlay]) -> Option<String> {
    let ends: Vec<String> = overlays
        .iter()
        .filter_map(|overlay| {
            let (step, loss) = line(overlay).into_iter().rfind(|(_, loss)| loss.is_finite())?;
            Some(t!("{name} {loss} at step {step}", name = overlay.name, loss = fixed(loss, 3), step))
        })
        .collect();
    (!ends.is_empty()).then(|| t!("Kept runs behind: {list}.", list = ends.join("; ")))
}
