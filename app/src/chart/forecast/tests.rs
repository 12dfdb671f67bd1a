use tailblazer_core::{experiment::Corpus, schedule::Shape};

use super::*;
use crate::chart::testing::{Runs, edit, lawful};

/// An arm for each schedule with so many of its 1,000 steps made.
fn runs(arms: &[(&str, usize)]) -> Runs {
    let mut runs = Runs::new(arms.len(), 0);
    for (run, (id, done)) in runs.arms.iter_mut().zip(arms) {
        run.experiment.schedule.shape = Shape::find(id).expect(id);
        run.experiment.train.steps = 1000;
        run.record = lawful(&run.experiment, *done);
    }
    runs
}

fn candidates(runs: &Runs) -> Vec<Candidate> {
    runs.with(|input| input.arms.iter().map(|arm| Candidate::new(arm, None)).collect())
}

/// The forecast of a page on which these arms were asked for.
fn forecast(runs: &Runs, wanted: &[usize]) -> Forecast {
    Forecast::new(candidates(runs), wanted, None)
}

fn words(forecast: &Forecast) -> Vec<String> {
    forecast.remarks().into_iter().map(|Remark { short, more, .. }| short + &more).collect()
}

#[test]
fn the_first_finished_arm_whose_rate_changes_is_fitted_until_somebody_chooses() {
    let default = |arms: &[(&str, usize)]| fitted(&candidates(&runs(arms)), &[]);
    assert_eq!(default(&[("cosine", 1000), ("wsd", 1000)]), [0]);
    assert_eq!(default(&[("cosine", 999), ("wsd", 1000)]), [1]);
    assert_eq!(default(&[("constant", 1000), ("wsd", 1000)]), [1]);
    assert_eq!(default(&[("constant", 1000), ("wsd", 900)]), [0]);
    assert!(default(&[("cosine", 999), ("wsd", 0)]).is_empty());
}

#[test]
fn the_last_two_that_are_wanted_are_fitted_as_far_as_one_law_describes_them() {
    let mut runs = runs(&[("cosine", 1000), ("wsd", 300), ("linear", 1000), ("rex", 299), ("step", 1000)]);
    runs.arms[4].experiment.train.batch = 8;
    let candidates = candidates(&runs);
    assert_eq!(fitted(&candidates, &[1]), [1], "200 steps after the warm-up are enough");
    assert_eq!(fitted(&candidates, &[0, 1, 2]), [1, 2]);
    assert_eq!(fitted(&candidates, &[0, 3]), [0], "299 steps are not enough");
    assert_eq!(fitted(&candidates, &[0, 2, 4]), [4], "another batch is another law");
    assert_eq!(fitted(&candidates, &[3, 9]), [0], "as if nobody had chosen");
}

#[test]
fn a_button_adds_an_arm_or_takes_it_away_but_the_last() {
    assert_eq!(pressed(&[], 2), [2]);
    assert_eq!(pressed(&[0], 2), [0, 2]);
    assert_eq!(pressed(&[0, 2], 0), [2]);
    assert_eq!(pressed(&[2], 2), [2]);
}

#[test]
fn every_other_arm_is_predicted_or_says_why_not() {
    let mut runs =
        runs(&[("cosine", 1000), ("constant", 1000), ("wsd", 0), ("linear", 600), ("linear", 1000), ("rex", 0)]);
    runs.arms[5].experiment.text.corpus = Corpus::FirstNames;
    let forecast = forecast(&runs, &[0, 1]);
    assert_eq!(forecast.fitted, [0, 1]);
    let law = forecast.law.as_ref().expect("a law").law;
    assert_eq!((law.lambda, law.alpha), (0.97, law.alpha.clamp(0.445, 0.455)), "{law:?}");
    // By the law itself, in another program: for C, D and E at the end, for E 13 steps before it.
    let ends: Vec<f64> = [2, 3, 4].iter().filter_map(|arm| forecast.prediction(*arm)?.end()).collect();
    assert!(ends.iter().zip([1.5294, 1.5650, 1.5650]).all(|(end, expected)| (end - expected).abs() < 5e-4), "{ends:?}");
    assert_eq!(
        words(&forecast),
        [
            format!("C: {:.3} predicted at the end", ends[0]),
            format!("D: mean error below 0.1 % so far, {:.3} predicted at the end", ends[1]),
            "E: mean error below 0.1 %, at the end predicted 1.568, measured 1.568".into(),
            "F learns another text".into(),
        ]
    );
    assert!(forecast.is_past(0) && !forecast.is_past(3) && !forecast.is_past(4));
    assert_eq!(forecast.prediction(5), None);
    assert_eq!(
        forecast.parameters().as_deref(),
        Some("L0 1.40, A 0.50, α 0.45, C 1.50, λ 0.97, mean error below 0.1 %")
    );
    let sentence = forecast.sentence();
    assert!(sentence.starts_with("Annealing law fitted to A and B: L0 1.40, A 0.50, α 0.45, "), "{sentence}");
    assert!(sentence.ends_with(" F learns another text."), "{sentence}");
}

#[test]
fn a_measured_error_is_said_in_percent() {
    let mut runs = runs(&[("cosine", 1000), ("wsd", 1000)]);
    edit(&mut runs.arms[1].record, |row| row.loss *= 1.02);
    let words = words(&forecast(&runs, &[0]));
    assert!(words[0].starts_with("B: mean error 2.0 %, at the end predicted "), "{words:?}");
}

#[test]
fn a_rate_that_follows_its_run_is_predicted_to_stay() {
    let mut runs = runs(&[("cosine", 1000), ("plateau", 0), ("plateau", 600)]);
    edit(&mut runs.arms[2].record, |row| row.learning_rate *= if row.step > 500 { 0.1 } else { 1.0 });
    let forecast = forecast(&runs, &[]);
    let words = words(&forecast);
    let expected = [" predicted at the end, if its rate stays"; 2];
    assert!(words.iter().zip(expected).all(|(words, end)| words.ends_with(end)), "{words:?}");
    let [never, early] = [1, 2].map(|arm| forecast.prediction(arm).and_then(Prediction::end).expect("an end"));
    assert!(never > early + 0.05, "the cut took off {} nats", never - early);
}

#[test]
fn a_text_that_changes_has_no_law() {
    let mut runs = runs(&[("cosine", 1000), ("wsd", 1000), ("linear", 0)]);
    runs.arms[0].experiment.text.then = Some(Corpus::FirstNames);
    let sentence = forecast(&runs, &[]).law.expect_err("no law");
    assert!(sentence.starts_with("The text of A changes") && sentence.ends_with('.'), "{sentence}");
    assert_eq!(words(&forecast(&runs, &[1]))[0], "A learns another text");
}

#[test]
fn what_cannot_be_fitted_says_what_to_do() {
    for (arms, wanted, expected) in [
        (&[("cosine", 299), ("wsd", 0)][..], &[][..], "There is nothing to fit yet: train an arm for 200 steps after"),
        (&[("cosine", 0), ("wsd", 300)], &[], "No arm has finished: choose one"),
        (
            &[("constant", 1000)],
            &[],
            "The learning rate of A never changes, so that C cannot be fitted: train an arm whose",
        ),
        (&[("cosine", 0), ("wsd", 500)], &[1], "The learning rate of B has not fallen yet: wait, or choose"),
    ] {
        let forecast = forecast(&runs(arms), wanted);
        let sentence = forecast.law.as_ref().expect_err("no law");
        assert!(sentence.starts_with(expected) && sentence.ends_with('.'), "{sentence}");
        assert!(forecast.arms.is_empty() && forecast.sentence().is_empty() && forecast.parameters().is_none());
    }
    let mut short = runs(&[("cosine", 0)]);
    short.arms[0].experiment.train.steps = 150;
    short.arms[0].record = lawful(&short.arms[0].experiment, 150);
    let expected = "The law needs 5 means of 25 steps after the warm-up and the first tenth of A, not 2: train longer.";
    assert_eq!(forecast(&short, &[]).law, Err(expected.into()));
    let mut still = runs(&[("linear", 1000)]);
    still.arms[0].experiment.schedule.warmup = 0;
    edit(&mut still.arms[0].record, |row| row.learning_rate = 0.0);
    let sentence = forecast(&still, &[]).law.expect_err("no law");
    assert!(sentence.starts_with("The learning rate of A is 0 in all of its first 112 updates: "), "{sentence}");
}

#[test]
fn seeds_are_one_arm_and_a_run_that_broke_off_counts_for_nothing() {
    let mut runs = runs(&[("cosine", 150), ("wsd", 700)]);
    runs.arms[0].earlier = vec![lawful(&runs.arms[0].experiment, 1000)];
    runs.arms[1].failed = true;
    let candidates = candidates(&runs);
    assert!(candidates[0].is_done() && candidates[0].course.done == 1000, "the finished seed stands for the arm");
    assert_eq!((candidates[1].course.done, candidates[1].is_ready()), (0, false));
    let words = words(&forecast(&runs, &[]));
    assert!(words.len() == 1 && words[0].ends_with(" predicted at the end"), "{words:?}");
}

#[test]
fn another_text_of_the_visitor_is_another_law() {
    let runs = runs(&[("cosine", 1000), ("wsd", 0)]);
    let [one, same, other] = [1, 1, 2].map(|text| runs.with(|input| Candidate::new(&input.arms[0], Some(text))));
    assert_eq!([one.difference(&same), one.difference(&other)], [None, Some(Difference::Text)]);
}

#[test]
fn a_fit_is_kept_while_its_arms_stand_still() {
    let mut runs = runs(&[("cosine", 1000), ("wsd", 300)]);
    let mut before = forecast(&runs, &[]);
    // A mark that no fit would make.
    before.law.as_mut().expect("a law").objective = -1.0;
    runs.arms[1].record = lawful(&runs.arms[1].experiment, 600);
    let after = |runs: &Runs, wanted: &[usize]| Forecast::new(candidates(runs), wanted, Some(&before));
    let objective = |forecast: Forecast| forecast.law.expect("a law").objective;
    assert_eq!(objective(after(&runs, &[])), -1.0, "the other arm went on");
    assert_eq!(after(&runs, &[]).prediction(1).map(|prediction| prediction.done), Some(600));
    assert!(objective(after(&runs, &[0, 1])) >= 0.0, "another choice");
    edit(&mut runs.arms[0].record, |row| row.loss += 0.1);
    assert!(objective(after(&runs, &[])) >= 0.0, "other losses");
}
