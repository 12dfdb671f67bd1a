//! The schedule as the run will follow it, before it does.

use leptos::{html, prelude::*};
use tailblazer_core::{experiment::Experiment, schedule::Shape};

use super::draw::{Draw, Help};
use crate::{
    chart::{axis::Frame, sparkline::Outline, svg, ticks::Scale},
    components::canvas::watch_size,
    t,
    workspace::{
        Workspace,
        format::{integer, scientific},
        summary::course,
    },
};

/// Shares of the run and fractions of the peak as pixels of the preview.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plot {
    /// The pixels that the schedule may use.
    pub frame: Frame,
    /// The horizontal scale, of shares.
    pub x: Scale,
    /// The vertical scale, of factors.
    pub y: Scale,
}

impl Plot {
    /// The plot in a preview of this size; the peak and 0 are named on the left, steps below.
    pub fn new((width, height): (f64, f64)) -> Self {
        let frame = Frame { left: 34.0, right: (width - 4.0).max(60.0), top: 10.0, bottom: (height - 16.0).max(24.0) };
        Self {
            frame,
            x: Scale::linear((0.0, 1.0), (frame.left, frame.right)),
            y: Scale::linear((0.0, 1.0), (frame.bottom, frame.top)),
        }
    }

    /// The line of a schedule, as the data of a path. A drawn curve goes through its points; of all others the rate of
    /// every update is taken.
    fn line(&self, experiment: &Experiment) -> String {
        let schedule = &experiment.schedule;
        if schedule.shape.is_drawn() && schedule.points.fault().is_none() {
            let points = schedule.points.0.iter().map(|point| (self.x.map(point.share), self.y.map(point.factor)));
            return svg::path(&points.collect::<Vec<_>>());
        }
        self.outline(experiment).line()
    }

    fn outline(&self, experiment: &Experiment) -> Outline {
        let Frame { left, right, top, bottom } = self.frame;
        Outline::new(experiment, left, right, top, bottom)
    }
}

/// The preview; the drawn shape is edited in it.
#[component]
pub fn Preview(
    /// The schedule that is chosen.
    shape: Memo<Shape>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let node = NodeRef::<html::Div>::new();
    let size = watch_size(node);
    let plot = Memo::new(move |_| Plot::new(size.get()));
    let frame = move || plot.get().frame;
    let line = move || workspace.experiment.with(|experiment| plot.get().line(experiment));
    let peak = move || workspace.experiment.with(|experiment| scientific(experiment.schedule.peak));
    let steps = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.train.steps));
    // A shape that is its own warm-up has no steps of it, whatever the setting says.
    let warmup = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.schedule.warmup_steps()));
    let mark = move || plot.get().x.clamp(warmup.get() as f64 / steps.get().max(1) as f64);
    let is_drawn = move || shape.get().is_drawn();
    let left = move || frame().left;
    let right = move || frame().right;
    let base = move || frame().bottom;
    // Below the top where a schedule climbs above its peak.
    let top = move || workspace.experiment.with(|experiment| plot.get().outline(experiment).peak());
    view! {
        <div class="preview" node_ref=node data-testid="schedule-preview">
            <div role="img" aria-label=move || workspace.experiment.with(sentence)>
                <svg aria-hidden="true">
                    <line x1=left x2=right y1=top y2=top class="grid"></line>
                    <text x=move || left() - 6.0 y=move || top() + 3.5 text-anchor="end" class="tick">{peak}</text>
                    <text x=move || left() - 6.0 y=move || base() + 3.5 text-anchor="end" class="tick">"0"</text>
                    <line x1=left x2=right y1=base y2=base class="axis"></line>
                    <g style:display=move || if warmup.get() == 0 { "none" } else { "inline" }>
                        <line x1=mark x2=mark y1=base y2=move || base() + 4.0 class="axis"></line>
                        <text x=move || mark() + 4.0 y=move || base() + 13.0 class="tick">
                            {t!("warm-up")}
                        </text>
                    </g>
                    <text x=right y=move || base() + 13.0 text-anchor="end" class="tick">
                        {move || format!("{} {}", t!("step"), integer(steps.get()))}
                    </text>
                    <path d=line class="ln"></path>
                </svg>
            </div>
            <Show when=is_drawn><Draw plot /></Show>
        </div>
        <Show when=is_drawn><Help /></Show>
    }
}

/// The preview in one sentence.
fn sentence(experiment: &Experiment) -> String {
    let (course, steps) = (course(&experiment.schedule), integer(experiment.train.steps));
    if experiment.schedule.shape.is_drawn() {
        t!("Preview: {course} until step {steps}, its own warm-up.", course, steps)
    } else {
        t!("Preview: {course} until step {steps}.", course, steps)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(points: &str, steps: usize) -> Experiment {
        let mut experiment = Experiment::default();
        experiment.train.steps = steps;
        experiment.schedule.choose(Shape::find("drawn").expect("a schedule"));
        experiment.schedule.points = points.parse().expect("a curve");
        experiment
    }

    #[test]
    fn a_drawn_curve_goes_through_its_points_however_short_the_run() {
        let plot = Plot::new((238.0, 76.0));
        for steps in [1, 40, 100_000] {
            assert_eq!(plot.line(&drawn("0:0,0.5:1,1:0.5", steps)), "M34 60L134 10L234 35", "{steps} steps");
        }
        // What is refused is drawn all the same.
        assert!(plot.line(&drawn("0:0,0.5:NaN,0.9:1", 40)).starts_with('M'));
    }

    #[test]
    fn only_a_shape_with_a_warm_up_names_it() {
        let mut experiment = drawn("0:0,0.1:1,1:0", 2000);
        assert_eq!(sentence(&experiment), "Preview: by hand with the peak 4e−3 until step 2,000, its own warm-up.");
        experiment.schedule.choose(Shape::find("cosine").expect("a schedule"));
        let expected = "Preview: 100 updates of warm-up to 4e−3, then cosine until step 2,000.";
        assert_eq!(sentence(&experiment), expected);
    }
}
