//! The law and its predictions in words.

use tailblazer_core::{
    experiment::Comparison,
    lab::annealing::{AnnealingError, LEAST_POINTS, Prediction, STRETCH},
};

use super::{Candidate, Forecast, LEAST_STEPS, Outlook};
use crate::{
    t, words,
    workspace::format::{fixed, integer, scientific, significant},
};

/// The law, what its letters mean, and what is called a loss here.
pub fn names() -> String {
    t!(
        "L = L0 + A·S1^−α − C·S2. S1 is the sum of all learning rates so far, S2 what the falls of the rate add up \
         to with the momentum λ. L0 is what remains, A·S1^−α what is left to learn, C what a fall of the rate takes \
         off. Measured losses are means of {steps} steps or more, without the warm-up and the first tenth.",
        steps = STRETCH,
    )
}

/// What the law says about an arm that it is not fitted to.
#[derive(Clone, Debug, PartialEq)]
pub struct Remark {
    /// The arm.
    pub arm: usize,
    /// What fits on a small screen: `B: mean error 0.8 %`.
    pub short: String,
    /// What follows it where there is room: `, at the end predicted 2.031, measured 2.043`.
    pub more: String,
}

impl Forecast {
    /// The fitted law: `L0 1.98, A 0.43, α 0.55, C 0.41, λ 0.99, mean error 0.4 %`.
    pub fn parameters(&self) -> Option<String> {
        let fit = self.law.as_ref().ok()?;
        let (law, error) = (fit.law, percent(fit.accuracy.relative_error));
        let ([l0, a, alpha, c], lambda) = ([law.l0, law.a, law.alpha, law.c].map(number), scientific(law.lambda));
        Some(t!("L0 {l0}, A {a}, α {alpha}, C {c}, λ {lambda}, mean error {error}", l0, a, alpha, c, lambda, error))
    }

    /// What it says about every other arm.
    pub fn remarks(&self) -> Vec<Remark> {
        let others = self.arms.iter().filter(|(arm, _)| !self.fitted.contains(arm));
        let is_open = |arm: &usize| self.candidates.iter().any(|known| known.index == *arm && known.is_open());
        others.map(|(arm, outlook)| remark(*arm, outlook, is_open(arm))).collect()
    }

    /// The law in one sentence or two, behind what a chart shows; empty without a law.
    pub fn sentence(&self) -> String {
        let (Some(parameters), [_, ..]) = (self.parameters(), &self.fitted[..]) else {
            return String::new();
        };
        let fitted = letters(self.fitted.iter().copied());
        let remarks: String =
            self.remarks().iter().map(|remark| format!(" {}{}.", remark.short, remark.more)).collect();
        let law = t!("Annealing law fitted to {arms}: {parameters}.", arms = fitted, parameters);
        format!("{law}{remarks}")
    }
}

fn remark(arm: usize, outlook: &Outlook, is_open: bool) -> Remark {
    let letter = Comparison::letter(arm);
    let prediction = match outlook {
        Outlook::Predicted(prediction) => prediction,
        Outlook::Differs(difference) => {
            let difference = words::sentence(&difference.to_string());
            return Remark { arm, short: format!("{letter} {difference}"), more: String::new() };
        }
    };
    let end = prediction.end().map_or_else(|| t!("no loss").into(), |end| fixed(end, 3));
    let predicted = match is_open {
        true => t!("{end} predicted at the end, if its rate stays", end),
        false => t!("{end} predicted at the end", end),
    };
    let (short, more) = match prediction {
        Prediction { accuracy: None, .. } => (predicted, String::new()),
        Prediction { accuracy: Some(accuracy), .. } if prediction.is_done() => {
            let [predicted, measured] = [accuracy.last_predicted, accuracy.last_loss].map(|loss| fixed(loss, 3));
            let error = percent(accuracy.relative_error);
            let more = t!("at the end predicted {predicted}, measured {measured}", predicted, measured);
            (t!("mean error {error}", error), format!(", {more}"))
        }
        Prediction { accuracy: Some(accuracy), .. } => {
            let error = percent(accuracy.relative_error);
            (t!("mean error {error} so far", error), format!(", {predicted}"))
        }
    };
    Remark { arm, short: format!("{letter}: {short}"), more }
}

/// Why no arm is fitted to.
pub fn nothing_to_fit(candidates: &[Candidate]) -> String {
    if candidates.iter().any(Candidate::is_ready) {
        t!("No arm has finished: choose one to fit the law to what it has shown so far.").into()
    } else {
        t!(
            "There is nothing to fit yet: train an arm for {steps} steps after its warm-up, or to its end.",
            steps = LEAST_STEPS,
        )
    }
}

/// Why arms whose text changes are not fitted to.
pub fn two_texts(chosen: &[&Candidate]) -> String {
    let names = names_of(chosen);
    t!("The text of {names} changes, and the law describes one text: choose an arm whose text stays.", names)
}

fn names_of(chosen: &[&Candidate]) -> String {
    letters(chosen.iter().map(|arm| arm.index))
}

/// The letters of arms: `A and B`.
fn letters(arms: impl Iterator<Item = usize>) -> String {
    let letters: Vec<String> = arms.map(|arm| Comparison::letter(arm).to_string()).collect();
    letters.join(&format!(" {} ", t!("and")))
}

/// Why the law cannot be fitted to the chosen arms, and what to do.
pub fn cannot_fit(error: AnnealingError, chosen: &[&Candidate]) -> String {
    let names = names_of(chosen);
    match error {
        AnnealingError::ConstantRates if chosen.iter().all(|arm| arm.is_done()) => t!(
            "The learning rate of {names} never changes, so that C cannot be fitted: train an arm whose rate falls.",
            names,
        ),
        AnnealingError::ConstantRates => {
            t!("The learning rate of {names} has not fallen yet: wait, or choose an arm whose rate falls.", names)
        }
        AnnealingError::TooFew { points, .. } => t!(
            "The law needs {least} means of {steps} steps after the warm-up and the first tenth of {names}, not \
             {points}: train longer.",
            least = LEAST_POINTS,
            steps = STRETCH,
            names,
            points,
        ),
        AnnealingError::NoProgress { run, step } => {
            let name =
                run.checked_sub(1).and_then(|at| chosen.get(at)).map_or('A', |arm| Comparison::letter(arm.index));
            let steps = integer(step + 1);
            t!(
                "The learning rate of {name} is 0 in all of its first {steps} updates: choose an arm that learns.",
                name,
                steps,
            )
        }
        AnnealingError::NoFit => t!("The law could not be fitted to {names}: choose another arm.", names),
        other => words::sentence(&other.to_string()),
    }
}

/// A share in percent.
fn percent(share: f64) -> String {
    match 100.0 * share {
        percent if percent < 0.1 => t!("below 0.1 %").into(),
        percent => format!("{} %", fixed(percent, 1)),
    }
}

/// A parameter: two decimals, or three digits where they would say nothing.
fn number(value: f64) -> String {
    if value == 0.0 || (0.1..1e4).contains(&value) { fixed(value, 2) } else { significant(value) }
}
