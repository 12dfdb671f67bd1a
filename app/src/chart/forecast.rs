//! The annealing law of one or two arms, held to all others: what it is fitted to, and what it predicts.

mod words;

use tailblazer_core::{
    experiment::Experiment,
    lab::annealing::{Course, Difference, Fit, Lambda, Prediction, Run, Update, difference, fit},
};

use super::{course::is_adaptive, input::Arm};
use crate::workspace::record::Record;

pub use words::{Remark, names};

/// Steps after the warm-up from which on an unfinished arm can be fitted to.
pub const LEAST_STEPS: usize = 200;

/// Arms that a law is fitted to, at most.
pub const MOST_FITTED: usize = 2;

/// An arm as the law sees it.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// Its place in the experiment, 0 to 7 for A to H.
    pub index: usize,
    /// Its settings.
    pub experiment: Experiment,
    /// Which of the visitor's texts it learns, as a number that differs between texts; none when it learns another.
    pub own_text: Option<usize>,
    /// Its rates, and its losses so far.
    pub course: Course,
}

impl Candidate {
    /// An arm with all of its runs but one that broke off.
    pub fn new(arm: &Arm, own_text: Option<usize>) -> Self {
        let present = (!arm.failed).then_some(arm.record);
        let updates = |record: &Record| {
            let rows = record.columns.rows().iter();
            rows.map(|row| Update { step: row.step, rate: row.learning_rate, loss: row.loss }).collect()
        };
        let runs: Vec<Vec<Update>> = arm.earlier.iter().chain(present).map(updates).collect();
        let course = Course::new(arm.experiment, &runs);
        Self { index: arm.index, experiment: arm.experiment.clone(), own_text, course }
    }

    /// Whether a planned run is done.
    pub fn is_done(&self) -> bool {
        self.course.done > 0 && self.course.done >= self.experiment.train.steps
    }

    /// Whether the law can be fitted to it.
    pub fn is_ready(&self) -> bool {
        self.is_done() || self.course.done >= self.experiment.schedule.warmup_steps() + LEAST_STEPS
    }

    /// Whether the rates of the updates to come are not known, and taken to stay where they are.
    pub fn is_open(&self) -> bool {
        is_adaptive(&self.experiment.schedule) && !self.is_done()
    }

    /// What keeps the law of this arm from another.
    pub fn difference(&self, other: &Self) -> Option<Difference> {
        let another_text = (self.own_text != other.own_text).then_some(Difference::Text);
        another_text.or_else(|| difference(&self.experiment, &other.experiment))
    }
}

/// The arms that the law is fitted to: the last two of those that are wanted, as far as one law can describe them, or
/// else the first finished arm; one whose rate changes before any other.
pub fn fitted(candidates: &[Candidate], wanted: &[usize]) -> Vec<usize> {
    let wanted: Vec<&Candidate> = choose(candidates, wanted).into_iter().filter(|arm| arm.is_ready()).collect();
    let Some(last) = wanted.last() else {
        let done = || candidates.iter().filter(|arm| arm.is_done());
        return done()
            .find(|arm| !arm.course.is_constant())
            .or(done().next())
            .map(|arm| arm.index)
            .into_iter()
            .collect();
    };
    let alike: Vec<usize> = wanted.iter().filter(|arm| last.difference(arm).is_none()).map(|arm| arm.index).collect();
    alike[alike.len().saturating_sub(MOST_FITTED)..].to_vec()
}

/// The arms with these indices.
fn choose<'a>(candidates: &'a [Candidate], indices: &[usize]) -> Vec<&'a Candidate> {
    indices.iter().filter_map(|index| candidates.iter().find(|arm| arm.index == *index)).collect()
}

/// What is wanted after the button of an arm was pressed, where these are fitted; the last one stays.
pub fn pressed(fitted: &[usize], arm: usize) -> Vec<usize> {
    match fitted {
        [only] if *only == arm => vec![arm],
        _ if fitted.contains(&arm) => fitted.iter().copied().filter(|known| *known != arm).collect(),
        _ => fitted.iter().copied().chain([arm]).collect(),
    }
}

/// What the law says about an arm.
#[derive(Clone, Debug, PartialEq)]
pub enum Outlook {
    /// Its loss.
    Predicted(Prediction),
    /// Nothing, because more than the schedule differs.
    Differs(Difference),
}

/// A law and what it says about every arm.
#[derive(Clone, Debug, PartialEq)]
pub struct Forecast {
    /// All arms.
    pub candidates: Vec<Candidate>,
    /// The arms that the law is fitted to; empty while there is none.
    pub fitted: Vec<usize>,
    /// The fit, or one sentence that says why there is none and what to do.
    pub law: Result<Fit, String>,
    /// What it says about each arm, the fitted ones too; nothing without a law.
    pub arms: Vec<(usize, Outlook)>,
}

impl Forecast {
    /// Fits a law to the wanted arms, or to the first finished one, and holds it to all. The fit of the forecast before
    /// is kept while its arms stand still.
    pub fn new(candidates: Vec<Candidate>, wanted: &[usize], before: Option<&Self>) -> Self {
        let fitted = fitted(&candidates, wanted);
        let chosen = choose(&candidates, &fitted);
        let Some(first) = chosen.first() else {
            let law = Err(words::nothing_to_fit(&candidates));
            return Self { candidates, fitted, law, arms: Vec::new() };
        };
        let law = match before.filter(|before| choose(&before.candidates, &before.fitted) == chosen) {
            Some(before) => before.law.clone(),
            None if first.experiment.text.then.is_some() => Err(words::two_texts(&chosen)),
            None => {
                let runs: Vec<Run> = chosen.iter().map(|arm| arm.course.run()).collect();
                fit(&runs, Lambda::Fitted).map_err(|error| words::cannot_fit(error, &chosen))
            }
        };
        let outlook = |law, arm: &Candidate| match first.difference(arm) {
            None => Outlook::Predicted(Prediction::new(law, &arm.course)),
            Some(difference) => Outlook::Differs(difference),
        };
        let arms = match &law {
            Ok(fit) => candidates.iter().map(|arm| (arm.index, outlook(&fit.law, arm))).collect(),
            Err(_) => Vec::new(),
        };
        Self { candidates, fitted, law, arms }
    }

    /// What is predicted for an arm.
    pub fn prediction(&self, arm: usize) -> Option<&Prediction> {
        self.arms.iter().find_map(|(index, outlook)| match outlook {
            Outlook::Predicted(prediction) if *index == arm => Some(prediction),
            _ => None,
        })
    }

    /// Whether the law is fitted to an arm whose run is done, so that nothing about it is predicted.
    pub fn is_past(&self, arm: usize) -> bool {
        self.fitted.contains(&arm) && self.prediction(arm).is_some_and(Prediction::is_done)
    }
}

#[cfg(test)]
mod tests;
