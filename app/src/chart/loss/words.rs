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
    workspace::{
        format::{fixed, integer},
        quantity,
    },
};

/// The chart in one sentence.
pub fn summary(input: Input, log: bool, unit: &str) -> String {
    let scale = if log { "log" } else { "linear" };
    let start = format!("Loss by {}, in {unit}, on a {scale} scale", input.x_axis.name());
    let courses: Vec<String> = input.arms.iter().filter_map(|arm| course(&input, arm)).collect();
    if courses.is_empty() {
        return format!("{start}. No step has been made.");
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
    Some(match shows_training(arm) {
        true => format!(
            "{name}{} at step {}, {} at step {step} of {steps}.{validation}{branches}",
            fixed(first.loss, 3),
            integer(first.step),
            fixed(last.loss, 3),
        ),
        false => format!(
            "{name}step {step} of {steps}, validation alone: the training loss is a masked cross-entropy, which has no \
             place on this axis.{validation}{branches}"
        ),
    })
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
            "Validations are upper bounds of the negative log-likelihood, with bars of two standard errors.".into(),
        ),
        _ => Some(format!(
            "Validations of {} are upper bounds of the negative log-likelihood, with bars of two standard errors, and \
             those of {} are likelihoods: a worse bound does not show a worse model.",
            bounds.join(", "),
            likelihoods.join(", ")
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
            (format!("{word} {validation}"), is_alone.then(|| format!("masked cross-entropy, EMA {ema}")))
        }
        Quantity::Bound if is_alone => (format!("bound, EMA {ema}"), Some(fixed(row.loss, 3))),
        Quantity::Bound => (format!("bound {ema}"), None),
        Quantity::Likelihood if is_alone => (format!("EMA {ema}"), Some(fixed(row.loss, 3))),
        Quantity::Likelihood => (ema, None),
    })
}
