//! The annealing law in the loss chart: a dotted line for every arm that it describes, from the end of the warm-up to
//! the end of the plan, with the loss that it ends in.

use tailblazer_core::lab::annealing::Prediction;

use super::{Plot, key_left};
use crate::{
    chart::{
        curve::decimate,
        input::{Arm, Input},
        labels::{self, End},
        mark::Stroke,
        scene::Scene,
    },
    t,
    workspace::{format::fixed, quantity, view::XAxis},
};

/// The share of the least measured loss below which a prediction does not stretch the axis.
const FURTHEST: f64 = 0.7;

/// Pixels of a long label in the legend.
const LEGEND: f64 = 124.0;

/// Draws the lines.
pub fn draw(plot: &Plot, scene: &mut Scene) {
    for (arm, prediction) in predictions(&plot.input) {
        let point = |step: usize| {
            let loss = prediction.curve[step - 1];
            // What lies above the plot, as the law does at the start, is no part of the line.
            let loss = if loss <= plot.y.domain.1 { loss } else { f64::NAN };
            (plot.x.map(plot.input.x_of_step(arm, step)), loss)
        };
        let line = decimate(steps(&plot.input, arm, prediction).map(point)).placed(|loss| plot.place(loss));
        scene.curve(&line, Stroke::law(arm.index));
    }
}

/// The lower end of an axis that reaches down to `low` without the law.
pub fn lowest(input: &Input, low: f64) -> f64 {
    let lines = predictions(input)
        .flat_map(|(arm, prediction)| steps(input, arm, prediction).map(|step| prediction.curve[step - 1]));
    lines.fold(low, f64::min).max(FURTHEST * low)
}

/// Labels in one column, with the right end of their lines.
pub type Column<'a> = (Vec<End<'a>>, f64);

/// Draws the labels of the law: at the ends of its lines, or beside the key where they have no room there. Labels that
/// would touch the measured ones are not drawn but come back among them.
pub fn label<'a>(plot: &Plot<'a>, scene: &mut Scene, measured: Column<'a>) -> Column<'a> {
    let width = scene.width;
    let room = |(ends, right): &Column| width - right >= labels::room(ends);
    let Some(law) = Some(ends(plot, true)).filter(room).or_else(|| Some(ends(plot, false)).filter(room)) else {
        draw_legend(plot, scene);
        return measured;
    };
    let touch = measured.1 + labels::ROOM > law.1 + labels::OFFSET;
    if touch && room(&measured) {
        let (mut ends, right) = measured;
        ends.extend(law.0);
        return (ends, right.max(law.1));
    }
    labels::draw(scene, &law.0, law.1 + labels::OFFSET, plot.frame.top + 6.0, plot.frame.bottom - 6.0);
    measured
}

/// The labels in the corner that a falling curve leaves free, to the left of the key.
fn draw_legend(plot: &Plot, scene: &mut Scene) {
    let key = key_left(plot.frame, scene.width);
    let is_long = key - plot.frame.left > 1.7 * LEGEND;
    let x = key - if is_long { LEGEND } else { 0.75 * LEGEND };
    for (place, end) in ends(plot, is_long).0.iter().enumerate() {
        labels::draw_one(scene, end, (x, plot.frame.top + 10.0 + labels::GAP * place as f64));
    }
}

/// A label for the end of every line; a long one says whether anything was predicted.
fn ends<'a>(plot: &Plot<'a>, is_long: bool) -> Column<'a> {
    let mut right = plot.frame.left;
    let mut ends = Vec::new();
    for (arm, prediction) in predictions(&plot.input) {
        let is_past = plot.input.law.is_some_and(|law| law.is_past(arm.index));
        let last = steps(&plot.input, arm, prediction).next_back().filter(|step| *step == prediction.curve.len());
        if let (Some(step), Some(loss)) = (last, prediction.end()) {
            right = f64::max(right, plot.x.map(plot.input.x_of_step(arm, step)));
            let y = plot.place(loss);
            let loss = fixed(loss, 2);
            let words = match is_past {
                _ if !is_long => t!("law {loss}", loss),
                true => t!("fitted {loss}", loss),
                false => t!("predicted {loss}", loss),
            };
            ends.push(End { arm, words, y });
        }
    }
    (ends, right)
}

/// The steps of a line. What has not happened has no place on an axis of seconds.
fn steps(input: &Input, arm: &Arm, prediction: &Prediction) -> impl DoubleEndedIterator<Item = usize> {
    let last = if input.x_axis == XAxis::Seconds { arm.done() } else { usize::MAX };
    arm.experiment.schedule.warmup_steps() + 1..=prediction.curve.len().min(last)
}

fn predictions<'a>(input: &Input<'a>) -> impl Iterator<Item = (&'a Arm<'a>, &'a Prediction)> {
    let law = input.law;
    // A law of losses that are not drawn is not drawn either.
    let drawn = input.arms.iter().filter(|arm| quantity::shares_axis(arm.experiment));
    drawn.filter_map(move |arm| Some((arm, law?.prediction(arm.index)?)))
}
