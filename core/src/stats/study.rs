//! A study as data: the runs of one comparison with what they came to, as `tailblazer study` writes it and the page
//! shows it.

use serde::{Deserialize, Serialize};

use super::{Arm, Final, Row, StudyDecode, forest};
use crate::{
    experiment::{Comparison, comparison_from_link, comparison_to_link},
    objective::Quantity,
};

/// One comparison with its runs and verdicts: a line of a study's file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Study {
    /// The link to the comparison.
    pub link: String,
    /// Where and when it was run.
    #[serde(default)]
    pub note: String,
    /// Every run, arm by arm.
    pub runs: Vec<StudyRun>,
    /// Every pair of arms, for readers of the file; [`Study::forest`] computes them anew.
    pub verdicts: Vec<StudyVerdict>,
}

/// One run of a study.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct StudyRun {
    /// The letter of its arm.
    pub arm: char,
    /// Its seed.
    pub seed: u32,
    /// Steps and losses of its validations, in nats per token; none for a loss that was not finite.
    pub validations: Vec<(usize, Option<f64>)>,
    /// The same on the other text, in a run of two: on the second one before the switch, on the first one after it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub other_validations: Vec<(usize, Option<f64>)>,
    /// Why it broke off.
    pub failure: Option<String>,
    /// Seconds of training.
    pub seconds: f64,
    /// Seconds of measuring spectra.
    pub spectra_seconds: f64,
    /// Seconds of searching for a learning rate on copies of the run.
    #[serde(default)]
    pub search_seconds: f64,
    /// Steps made on those copies.
    #[serde(default)]
    pub search_steps: usize,
    /// What the decoders of the link came to on its network, without those that do not accept it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decodes: Vec<StudyDecode>,
}

/// What a study says of two arms.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyVerdict {
    /// The letters of A and B, for the difference B − A.
    pub arms: [char; 2],
    /// Mean difference of the final validation losses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean: Option<f64>,
    /// Its 95 % interval, paired t.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub interval: Option<[f64; 2]>,
    /// The word that follows.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub word: Option<String>,
    /// Difference and interval, or why there is none.
    pub sentence: String,
    /// The word, and what is missing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conclusion: Option<String>,
}

impl Study {
    /// A study of a comparison.
    pub fn new(comparison: &Comparison, note: &str, runs: Vec<StudyRun>) -> Self {
        let mut study = Self { link: comparison_to_link(comparison), note: note.into(), runs, verdicts: Vec::new() };
        let quantities = |row: &Row| row.arms.map(|arm| comparison.quantity(arm.index()));
        study.verdicts = study.forest().iter().map(|row| StudyVerdict::of(row, quantities(row))).collect();
        study
    }

    /// The studies of a file: one JSON object per line.
    ///
    /// # Errors
    /// When a line is no study.
    pub fn read(text: &str) -> Result<Vec<Self>, serde_json::Error> {
        text.lines().filter(|line| !line.trim().is_empty()).map(serde_json::from_str).collect()
    }

    /// The comparison that was run.
    pub fn comparison(&self) -> Comparison {
        comparison_from_link(&self.link).0
    }

    /// Every pair of arms with its verdict.
    pub fn forest(&self) -> Vec<Row> {
        let comparison = self.comparison();
        let arms = (0..comparison.arms.len()).filter_map(|index| {
            let arm = Arm::new(index)?;
            let steps = comparison.experiment(index).train.steps;
            Some((arm, self.runs_of(arm).map(|run| Final { seed: run.seed, loss: run.final_loss(steps) }).collect()))
        });
        forest(&arms.collect::<Vec<_>>())
    }

    /// Mean validation loss of an arm over its seeds, by step, as far as all of them got.
    pub fn curve(&self, arm: Arm) -> Vec<(usize, f64)> {
        let runs: Vec<&StudyRun> = self.runs_of(arm).collect();
        let Some(first) = runs.first() else { return Vec::new() };
        let mean = |place: usize, step: usize| {
            let losses = runs.iter().map(|run| match run.validations.get(place) {
                Some((at, loss)) if *at == step => *loss,
                _ => None,
            });
            Some((step, losses.sum::<Option<f64>>()? / runs.len() as f64))
        };
        first.validations.iter().enumerate().map_while(|(place, (step, _))| mean(place, *step)).collect()
    }

    fn runs_of(&self, arm: Arm) -> impl Iterator<Item = &StudyRun> {
        self.runs.iter().filter(move |run| run.arm == arm.letter())
    }
}

impl StudyRun {
    /// The loss after so many steps; not a number where the run did not get there.
    fn final_loss(&self, steps: usize) -> f64 {
        let last = self.validations.last().filter(|(step, _)| *step >= steps && self.failure.is_none());
        last.and_then(|(_, loss)| *loss).unwrap_or(f64::NAN)
    }
}

impl StudyVerdict {
    /// What a row says, where the losses of its two arms are these quantities.
    fn of(row: &Row, quantities: [Quantity; 2]) -> Self {
        let arms = row.arms.map(Arm::letter);
        match &row.verdict {
            Ok(verdict) => Self {
                arms,
                mean: Some(verdict.mean),
                interval: Some(verdict.interval()),
                word: Some(verdict.word_of(quantities)),
                sentence: verdict.difference("nats"),
                conclusion: Some(verdict.conclusion_of(quantities)),
            },
            Err(none) => {
                Self { arms, mean: None, interval: None, word: None, sentence: none.to_string(), conclusion: None }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Word;

    fn run(arm: char, seed: u32, losses: &[f64]) -> StudyRun {
        let validations = losses.iter().enumerate().map(|(i, loss)| (50 * (i + 1), loss.is_finite().then_some(*loss)));
        StudyRun { arm, seed, validations: validations.collect(), seconds: 1.0, ..StudyRun::default() }
    }

    fn study(b: [&[f64]; 2]) -> Study {
        let link = "?preset=gpt-nano#v=1&train.steps=100&schedule.warmup=10&seeds=2&b.layerwise.method=llr";
        let (comparison, errors) = comparison_from_link(link);
        assert_eq!(errors, []);
        let a = [run('A', 0, &[3.0, 2.0]), run('A', 1, &[3.2, 2.2])];
        let b = [run('B', 0, b[0]), run('B', 1, b[1])];
        Study::new(&comparison, "here", a.into_iter().chain(b).collect())
    }

    #[test]
    fn a_study_is_read_as_it_is_written() {
        let mut study = study([&[2.9, 1.9], &[3.0, f64::NAN]]);
        study.runs[0].other_validations = vec![(50, Some(3.5)), (100, None)];
        let lines = format!("{0}\n{0}\n", serde_json::to_string(&study).expect("plain data"));
        assert_eq!(Study::read(&lines).expect("a study"), [study.clone(), study]);
        assert!(Study::read("{}").is_err());
    }

    #[test]
    fn its_verdict_is_that_of_the_finals() {
        let decided = study([&[2.9, 1.9], &[3.0, 2.1]]);
        let row = &decided.forest()[0];
        assert_eq!(row.verdict.as_ref().map(|verdict| verdict.word), Ok(Word::Better(Arm::B)));
        assert_eq!(decided.verdicts[0].word.as_deref(), Some("B better"));
        let early = study([&[2.9, 1.9], &[3.0]]);
        assert_eq!(early.verdicts[0].word, None, "one run did not reach its end");
    }

    #[test]
    fn a_curve_goes_as_far_as_all_seeds() {
        let study = study([&[2.0, 1.0], &[4.0]]);
        assert_eq!(study.curve(Arm::A), [(50, 3.1), (100, 2.1)]);
        assert_eq!(study.curve(Arm::B), [(50, 3.0)]);
    }

    /// The study that the page shows.
    #[test]
    fn the_study_of_layerwise_rates_says_what_its_text_says() {
        let text = include_str!("../../../public/studies/llr.jsonl");
        let studies = Study::read(text).expect("studies");
        assert_eq!(studies.len(), 6);
        for study in studies {
            let rows = study.forest();
            let written: Vec<_> = rows.iter().map(|row| StudyVerdict::of(row, [Quantity::Likelihood; 2])).collect();
            assert_eq!(written, study.verdicts, "{}", study.link);
        }
    }
}
