//! The power law as it was published, beside the normalised one that a run follows.

use leptos::{html, prelude::*};
use tailblazer_core::{experiment::Experiment, schedule::power::Law};

use super::preview::Plot;
use crate::{
    chart::{svg, ticks::Scale},
    components::canvas::watch_size,
    t,
    workspace::{
        Workspace,
        format::{compact, fixed, power_of_ten},
    },
};

/// The tokens that the axis spans.
const TOKENS: (f64, f64) = (1e5, 1e13);

/// The rates.
const RATES: (f64, f64) = (1e-5, 0.1);

/// What the published law makes of a run.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Literal {
    law: Law,
    /// Sequences of an update.
    batch: f64,
    /// Tokens that the run sees.
    tokens: f64,
}

impl Literal {
    fn new(experiment: &Experiment) -> Self {
        let batch = (experiment.train.batch * experiment.train.accumulation) as f64;
        let tokens = batch * experiment.model.context as f64 * experiment.train.steps as f64;
        Self { law: Law::default(), batch, tokens }
    }

    /// The pixel of a number of tokens and a rate.
    fn place(plot: &Plot, tokens: f64, rate: f64) -> (f64, f64) {
        let x = Scale::logarithmic(TOKENS, (plot.frame.left, plot.frame.right));
        let y = Scale::logarithmic(RATES, (plot.frame.bottom, plot.frame.top));
        (x.clamp(tokens), y.clamp(rate))
    }

    /// The law: straight in powers of ten once it has left its cap.
    fn line(&self, plot: &Plot) -> String {
        let ends = [TOKENS.0, self.law.tokens_at_the_cap(self.batch).clamp(TOKENS.0, TOKENS.1), TOKENS.1];
        svg::path(&ends.map(|tokens| Self::place(plot, tokens, self.law.rate(self.batch, tokens))))
    }

    fn sentence(&self) -> String {
        let (cap, knee) = (self.law.cap, self.law.tokens_at_the_cap(self.batch));
        let is_constant = self.tokens <= knee;
        let (cap, knee, batch, tokens) = (fixed(cap, 2), compact(knee), self.batch, compact(self.tokens));
        if is_constant {
            t!(
                "As published, the rate is {cap} up to {knee} tokens at {batch} sequences an update. This run sees \
                 {tokens} tokens, so it would be constant all along: what it follows is the same power, normalised to \
                 the peak.",
                cap,
                knee,
                batch,
                tokens,
            )
        } else {
            t!(
                "As published, the rate is {cap} up to {knee} tokens at {batch} sequences an update. This run sees \
                 {tokens} tokens, so it would leave the cap within it: what it follows is the same power, normalised to \
                 the peak.",
                cap,
                knee,
                batch,
                tokens,
            )
        }
    }
}

/// The published law over tokens, with the end of this run.
#[component]
pub fn LiteralPower() -> impl IntoView {
    let workspace = Workspace::expect();
    let node = NodeRef::<html::Div>::new();
    let size = watch_size(node);
    let plot = Memo::new(move |_| Plot::new(size.get()));
    let literal = Memo::new(move |_| workspace.experiment.with(Literal::new));
    let frame = move || plot.get().frame;
    let (left, right, base) = (move || frame().left, move || frame().right, move || frame().bottom);
    let cap = move || plot.with(|plot| Literal::place(plot, 1.0, literal.get().law.cap).1);
    let end = move || plot.with(|plot| Literal::place(plot, literal.get().tokens, 1.0).0);
    let power = |tokens: f64| power_of_ten(tokens.log10() as i32);
    view! {
        <div class="preview" node_ref=node data-testid="schedule-literal">
            <div role="img" aria-label=move || literal.get().sentence()>
                <svg aria-hidden="true">
                    <line x1=left x2=right y1=cap y2=cap class="grid"></line>
                    <text x=move || left() - 6.0 y=move || cap() + 3.5 text-anchor="end" class="tick">
                        {move || fixed(literal.get().law.cap, 2)}
                    </text>
                    <line x1=left x2=right y1=base y2=base class="axis"></line>
                    <text x=left y=move || base() + 13.0 class="tick">{power(TOKENS.0)}</text>
                    <text x=right y=move || base() + 13.0 text-anchor="end" class="tick">
                        {format!("{} {}", power(TOKENS.1), t!("tokens"))}
                    </text>
                    <line x1=end x2=end y1=move || frame().top y2=base class="axis"></line>
                    <text x=move || end() + 4.0 y=move || base() - 5.0 class="tick">{t!("this run ends")}</text>
                    <path d=move || plot.with(|plot| literal.get().line(plot)) class="ln"></path>
                </svg>
            </div>
        </div>
        <p class="note">{move || literal.get().sentence()}</p>
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_in_a_browser_does_not_leave_the_cap() {
        let literal = Literal::new(&Experiment::default());
        assert_eq!((literal.batch, literal.tokens), (16.0, 2_048_000.0));
        let sentence = literal.sentence();
        assert!(sentence.contains("0.02 up to 7.46 M tokens at 16 sequences"), "{sentence}");
        assert!(sentence.contains("sees 2.05 M tokens, so it would be constant"), "{sentence}");
    }

    #[test]
    fn a_long_run_leaves_the_cap_and_the_line_bends_there() {
        let mut experiment = Experiment::default();
        experiment.train.steps = 100_000;
        let literal = Literal::new(&experiment);
        assert!(literal.sentence().contains("leave the cap within it"));
        let plot = Plot::new((238.0, 96.0));
        let line = literal.line(&plot);
        let knee = Literal::place(&plot, literal.law.tokens_at_the_cap(16.0), literal.law.cap);
        assert_eq!(line.matches('L').count(), 2, "{line}");
        assert!(line.contains(&svg::path(&[knee])[1..]), "{line} bends at {knee:?}");
    }
}
