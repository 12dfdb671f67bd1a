//! Alpha, the tail exponent of every hidden matrix, over the run: dark is heavy, light is light. Embeddings and heads
//! have none, because methods give them the largest multiplier whatever their spectrum.

use tailblazer_core::{layerwise::Parameter, session::LayersFrame};

use super::{
    alpha_lines,
    axis::Frame,
    heat,
    ink::{ALPHA_LEVELS, DELTA_LEVELS, Ink},
    input::{Arm, Input},
    mark::Weight,
    matrices, profile,
    scene::{Anchor, Scene},
};
use crate::{
    t,
    workspace::{
        format::{fixed, integer},
        view::AlphaView,
    },
};

/// The alphas that colours tell apart; what lies beyond has the colour of the end, and is marked.
pub const DOMAIN: (f64, f64) = (1.5, 3.75);

/// The greatest difference of two alphas that colours tell apart.
pub const REACH: f64 = 0.5;

/// Pixels between the layers.
const GAP: f64 = 4.0;

/// How the alphas are drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Options {
    /// As colours, lines or differences.
    pub view: AlphaView,
    /// The arm that they are of; the last one with spectra if none is chosen.
    pub arm: Option<usize>,
}

/// Draws the alphas.
pub fn scene(input: Input, options: Options, width: f64, height: f64) -> Scene {
    let mut scene = Scene::new(width, height);
    let frame = input.frame(width, height);
    let Some(arm) = chosen(&input, options) else {
        input.draw_x(&mut scene, frame, &input.x_scale(frame));
        return scene;
    };
    match options.view {
        AlphaView::Lines => alpha_lines::draw(&mut scene, &input, arm, frame),
        view => {
            let base = base(&input, arm).filter(|_| view == AlphaView::Difference);
            heat::draw(&mut scene, &input, arm, base, frame);
            profile::draw(&mut scene, &input, &Rows::new(arm, frame));
        }
    }
    scene
}

/// The words at both ends of the colours; none where lines are drawn.
pub fn ends(view: AlphaView) -> Option<[String; 2]> {
    match view {
        AlphaView::Lines => None,
        AlphaView::Heat => Some([t!("heavy {alpha}", alpha = DOMAIN.0), t!("{alpha} light", alpha = DOMAIN.1)]),
        AlphaView::Difference => Some([format!("−{REACH}"), format!("+{REACH}")]),
    }
}

/// Adds what the colours mean below a figure that stands alone.
pub fn draw_key(scene: &mut Scene, view: AlphaView) {
    const HEIGHT: f64 = 26.0;
    const CELL: (f64, f64) = (4.0, 9.0);
    let Some([low, high]) = ends(view) else { return };
    let colours: Vec<Ink> = match view {
        AlphaView::Difference => (0..DELTA_LEVELS).map(Ink::Delta).collect(),
        _ => (0..ALPHA_LEVELS).map(Ink::Alpha).collect(),
    };
    let base = scene.height + HEIGHT - 10.0;
    let left = (scene.width - CELL.0 * colours.len() as f64) / 2.0;
    scene.height += HEIGHT;
    scene.anchored(low, (left - 6.0, base), Anchor::End, Ink::Second, false);
    let mut x = left;
    for ink in colours {
        scene.cell((x, base - CELL.1), CELL, ink, Weight::Full);
        x += CELL.0;
    }
    scene.words(high, (x + 6.0, base), Ink::Second, false);
}

/// The arm whose alphas are drawn.
pub fn chosen<'a>(input: &Input<'a>, options: Options) -> Option<&'a Arm<'a>> {
    let first = input.arms.first().map(|arm| arm.index);
    let is_fit = |arm: &&Arm| options.view != AlphaView::Difference || Some(arm.index) != first;
    let wanted = options.arm.and_then(|index| input.arm(index)).filter(is_fit);
    let measured = || input.arms.iter().rev().filter(is_fit).find(|arm| !arm.record.layers.is_empty());
    wanted.or_else(measured).or_else(|| input.arms.iter().rev().find(is_fit)).or(input.arms.first())
}

/// The first arm, where the chosen one is another.
pub fn base<'a>(input: &Input<'a>, arm: &Arm) -> Option<&'a Arm<'a>> {
    input.arms.first().filter(|base| base.index != arm.index)
}

/// The alpha of a parameter in a frame.
pub fn alpha(frame: &LayersFrame, index: usize) -> Option<f64> {
    frame.tails.get(index)?.map(|tail| tail.alpha).filter(|alpha| alpha.is_finite())
}

/// Where the row of each matrix lies.
pub struct Rows {
    /// The plot.
    pub frame: Frame,
    /// The parameters that the indices mean.
    pub layout: Vec<Parameter>,
    /// The hidden matrices by depth, as `(layer's place, index)`.
    pub list: Vec<(usize, usize)>,
    /// Height of a row.
    pub height: f64,
}

impl Rows {
    /// The rows of an arm's model; before a run those that it will have.
    pub fn new(arm: &Arm, frame: Frame) -> Self {
        let layout =
            if arm.record.layout.is_empty() { matrices::planned(arm.experiment) } else { arm.record.layout.clone() };
        let list = matrices::grouped(&layout, &matrices::hidden(&layout));
        let gaps = list.last().map_or(0, |(group, _)| *group) as f64;
        // Models deeper than the plot is high have no gaps.
        let gaps = if frame.height() < 2.0 * GAP * gaps { 0.0 } else { gaps };
        let height = (frame.height() - GAP * gaps) / list.len().max(1) as f64;
        Self { frame, layout, list, height }
    }

    /// The upper edge of a row.
    pub fn top(&self, row: usize) -> f64 {
        let group = self.list.get(row).map_or(0, |(group, _)| *group) as f64;
        let gap = (self.frame.height() - self.height * self.list.len() as f64)
            / self.list.last().map_or(1, |(group, _)| *group).max(1) as f64;
        self.frame.top + self.height * row as f64 + gap.max(0.0) * group
    }

    /// The row at a height.
    pub fn at(&self, y: f64) -> Option<usize> {
        (0..self.list.len()).find(|row| (self.top(*row)..self.top(*row) + self.height).contains(&y))
    }
}

/// The parameter, in the layout of the selection, whose row lies at this height of a chart; none where alphas are lines.
pub fn parameter_at(input: Input, options: Options, (width, height): (f64, f64), y: f64) -> Option<usize> {
    if options.view == AlphaView::Lines {
        return None;
    }
    let arm = chosen(&input, options)?;
    let rows = Rows::new(arm, input.frame(width, height));
    let (_, index) = rows.list.get(rows.at(y)?)?;
    matrices::same(&rows.layout, *index, matrices::reference(&input))
}

/// The alphas of the selected matrix at the crosshair, or at the end.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Readout {
    /// The matrix.
    pub matrix: String,
    /// Steps done before the spectra of the first arm that has them.
    pub step: usize,
    /// Arms with the alpha of the matrix; without one where it has none.
    pub alphas: Vec<(usize, Option<f64>)>,
}

/// What the chart says of the selected matrix.
pub fn readout(input: Input) -> Option<Readout> {
    let layout = matrices::reference(&input);
    let mut readout =
        Readout { matrix: matrices::name(layout.get(matrices::selected(&input)?)?), ..Readout::default() };
    for arm in input.arms {
        let Some(frame) = arm.spectra(input.crosshair) else { continue };
        if readout.alphas.is_empty() {
            readout.step = frame.step;
        }
        let value = matrices::selected_in(&input, arm.record).and_then(|index| alpha(frame, index));
        readout.alphas.push((arm.index, value));
    }
    (!readout.alphas.is_empty()).then_some(readout)
}

/// The chart in one sentence.
pub fn summary(input: Input) -> String {
    let sentence = |arm: &Arm| {
        let (frame, layout) = (arm.spectra(input.crosshair)?, &arm.record.layout);
        let known = matrices::hidden(layout).into_iter().filter_map(|index| Some((index, alpha(frame, index)?)));
        let known: Vec<(usize, f64)> = known.collect();
        let least = known.iter().min_by(|a, b| a.1.total_cmp(&b.1))?;
        let most = known.iter().max_by(|a, b| a.1.total_cmp(&b.1))?;
        let words =
            |(index, alpha): &(usize, f64)| format!("{} ({})", fixed(*alpha, 2), matrices::name(&layout[*index]));
        let name = input.prefix(arm);
        let (least, most, step) = (words(least), words(most), integer(frame.step));
        Some(format!("{name}{}", t!("from {least} to {most} at step {step}.", least, most, step)))
    };
    let sentences: Vec<String> = input.arms.iter().filter_map(sentence).collect();
    if sentences.is_empty() {
        return t!("Alpha of every hidden matrix by depth. No spectrum has been measured.").into();
    }
    t!("Alpha of every hidden matrix by depth; embedding and head have none: {arms}", arms = sentences.join(" "))
}

#[cfg(test)]
mod tests;
