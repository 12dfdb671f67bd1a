//! What the losses of an experiment are: likelihoods, bounds of them, or cross-entropies that bound nothing.

use tailblazer_core::{experiment::Experiment, objective::Quantity, session::Validation};

use super::format::fixed;
use crate::t;

/// Standard errors on either side of a bound, wherever its error is shown.
pub const STANDARD_ERRORS: f64 = 2.0;

/// What its training losses are.
pub fn training(experiment: &Experiment) -> Quantity {
    experiment.objective.training_loss(experiment.model.context)
}

/// What its validation losses are.
pub fn validation(experiment: &Experiment) -> Quantity {
    experiment.objective.measure(experiment.model.context)
}

/// Whether its training losses can share an axis with validation losses, which are likelihoods and bounds.
pub fn shares_axis(experiment: &Experiment) -> bool {
    training(experiment) != Quantity::MaskedCrossEntropy
}

/// Whether its validation losses are bounds.
pub fn is_bounded(experiment: &Experiment) -> bool {
    validation(experiment) == Quantity::Bound
}

/// The word for its validation losses.
pub fn word(experiment: &Experiment) -> &'static str {
    if is_bounded(experiment) { t!("bound") } else { t!("validation") }
}

/// A validation loss with two standard errors where it has an error: `2.310 ± 0.012`.
pub fn with_error(validation: &Validation, decimals: usize) -> String {
    let loss = fixed(validation.loss, decimals);
    match validation.error {
        Some(error) => format!("{loss} ± {}", fixed(STANDARD_ERRORS * error, decimals)),
        None => loss,
    }
}

/// The ends of the bar of a validation that has an error.
pub fn ends(validation: &Validation) -> Option<[f64; 2]> {
    let half = STANDARD_ERRORS * validation.error?;
    Some([validation.loss - half, validation.loss + half]).filter(|ends| ends.iter().all(|end| end.is_finite()))
}

/// The name of a quantity inside a sentence, with its article.
pub fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Likelihood => t!("a negative log-likelihood"),
        Quantity::Bound => t!("an upper bound of the negative log-likelihood"),
        Quantity::MaskedCrossEntropy => t!("a masked cross-entropy, which bounds nothing"),
    }
}

/// What both losses are, in one sentence.
pub fn sentence(experiment: &Experiment) -> String {
    let (training, validation) = (training(experiment), validation(experiment));
    if training == validation {
        t!("Training and validation loss are each {quantity}.", quantity = name(training))
    } else {
        let (training, validation) = (name(training), name(validation));
        t!("The training loss is {training}; the validation loss is {validation}.", training, validation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(settings: &[(&str, &str)]) -> Experiment {
        let mut experiment = Experiment::default();
        for (path, value) in settings {
            experiment.set(path, value).expect("a setting");
        }
        experiment
    }

    #[test]
    fn the_sentence_says_what_each_loss_is() {
        let likelihood = "Training and validation loss are each a negative log-likelihood.";
        assert_eq!(sentence(&Experiment::default()), likelihood);
        let masked = ("objective.method", "masked");
        assert_eq!(sentence(&with(&[masked, ("objective.block", "1")])), likelihood);
        let bound = "Training and validation loss are each an upper bound of the negative log-likelihood.";
        assert_eq!(sentence(&with(&[masked])), bound);
        let clipped = with(&[masked, ("objective.low", "0.45"), ("objective.high", "0.95")]);
        assert_eq!(
            sentence(&clipped),
            "The training loss is a masked cross-entropy, which bounds nothing; the validation loss is an upper bound \
             of the negative log-likelihood."
        );
        assert!(!shares_axis(&clipped) && is_bounded(&clipped));
    }
}
