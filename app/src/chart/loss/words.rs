//! The loss chart in words.

use tailblazer_core::objective::Quantity;

use super::{overlay, shows_training, validation_at};
use crate::{
    chart::{
        branches,
        forecast::Forecast,
        input::{Arm, Input},
        strip, texts,
    },
    t,
    workspace::{
        format::{fixed, integer},
        quantity,
    },
};

/// The chart in one sentence.
pub fn summary(input: Input, log: bool, unit: &str) -> String {
    let axis = input.x_axis.word();
    let start = match log {
        true => t!("Loss by {axis}, in {unit}, on a log scale", axis, unit),
        false => t!("Loss by {axis}, in {unit}, on a linear scale", axis, unit),
    };
    let courses: Vec<String> = input.arms.iter().filter_map(|arm| course(&input, arm)).collect();
    if courses.is_empty() {
        return format!("{start}. {}", t!("No step has been made."));
    }
    let law = input.law.map(Forecast::sentence).filter(|sentence| !sentence.is_empty());
    let more = strip::summary(&input).into_iter().chain(kinds(&input)).chain(law);
    let more = more.chain(overlay::summary(input.overlays));
    let more: String = more.map(|sentence| format!(" {sentence}")).collect();
    format!("{start}: {}{more}", courses.join(" "))
}

/// What became of an arm; none before its first step.
fn course(input: &Input, arm: &Arm) -> Option<String> {
    let columns = &arm.record.columns;
    let (first, last) = (columns.rows().first()?, columns.last()?);
    let name = input.prefix(arm);
    let validation = arm.record.validations.last().map(|v| texts::sentence(arm, v)).unwrap_or_default();
    let branches = branches::summary(arm);
    let (step, steps) = (integer(last.step), integer(arm.experiment.train.steps));
    let training = match shows_training(arm) {
        true => t!(
            "{first} at step {start}, {last} at step {step} of {steps}.",
            first = fixed(first.loss, 3),
            start = integer(first.step),
            last = fixed(last.loss, 3),
            step,
            steps,
        ),
        false => t!(
            "step {step} of {steps}, validation alone: the training loss is a masked cross-entropy, which has no place \
             on this axis.",
            step,
            steps,
        ),
    };
    Some(format!("{name}{training}{validation}{branches}"))
}

/// What the validation losses are, where some are bounds.
fn kinds(input: &Input) -> Option<String> {
    let letters = |is_bounded: bool| {
        let arms = input.arms.iter().filter(|arm| quantity::is_bounded(arm.experiment) == is_bounded);
        arms.map(|arm| arm.letter().to_string()).collect::<Vec<_>>()
    };
    let (bounds, likelihoods) = (letters(true), letters(false));
    match (&bounds[..], &likelihoods[..]) {
        ([], _) => None,
        (_, []) => Some(
            t!("Validations are upper bounds of the negative log-likelihood, with bars of two standard errors.").into(),
        ),
        _ => Some(t!(
            "Validations of {bounds} are upper bounds of the negative log-likelihood, with bars of two standard \
             errors, and those of {likelihoods} are likelihoods: a worse bound does not show a worse model.",
            bounds = bounds.join(", "),
            likelihoods = likelihoods.join(", "),
        )),
    }
}

/// What an arm reads at a step: the value that is drawn, with its name, and what stands palely beside it.
pub fn readout(input: &Input, arm: &Arm, step: usize) -> Option<(String, Option<String>)> {
    let (index, row) = arm.row(step)?;
    let (ema, is_alone) = (fixed(arm.record.columns.ema()[index], 3), !input.is_comparison());
    Some(match quantity::training(arm.experiment) {
        Quantity::MaskedCrossEntropy => {
            let word = quantity::word(arm.experiment);
            let validation = validation_at(arm, step).map_or_else(|| "–".into(), |v| quantity::with_error(v, 3));
            (format!("{word} {validation}"), is_alone.then(|| t!("masked cross-entropy, EMA {ema}", ema)))
        }
        Quantity::Bound if is_alone => (t!("bound, EMA {ema}", ema), Some(fixed(row.loss, 3))),
        Quantity::Bound => (t!("bound {loss}", loss = ema), None),
        Quantity::Likelihood if is_alone => (format!("EMA {ema}"), Some(fixed(row.loss, 3))),
        Quantity::Likelihood => (ema, None),
    })
}
