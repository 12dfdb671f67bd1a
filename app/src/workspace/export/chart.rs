//! The numbers that a chart draws, as CSV with documented columns.

use std::collections::BTreeSet;

use serde::Serialize;
use tailblazer_core::{lab::annealing::Prediction, objective::Quantity, session::StepMetrics};

use super::tables::csv_of;
use crate::{
    chart::{
        course::Course,
        esd,
        fan::Fan,
        input::{Arm, Input},
        matrices,
    },
    workspace::{branch::Branch, quantity, record::Record},
};

/// Updates at which the rates of single matrices are listed, about.
const UPDATES: usize = 500;

/// A chart whose numbers can be saved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// The losses.
    Loss,
    /// The learning rates.
    Rate,
    /// The gradient norms.
    Gradient,
    /// The alphas.
    Alpha,
    /// The spectrum of the selected matrix.
    Esd,
}

/// A step of a run or of a branch.
#[derive(Serialize)]
struct LossRow {
    arm: char,
    seed: u32,
    branch: Option<usize>,
    step: usize,
    tokens: Option<f64>,
    seconds: Option<f64>,
    loss: Option<f64>,
    smoothed: Option<f64>,
    kind: Quantity,
    validation: Option<f64>,
    standard_error: Option<f64>,
    other_validation: Option<f64>,
    validation_kind: Quantity,
    predicted: Option<f64>,
}

/// A learning rate at an update.
#[derive(Serialize)]
struct RateRow<'a> {
    arm: char,
    seed: u32,
    branch: Option<usize>,
    step: usize,
    kind: &'a str,
    matrix: Option<&'a str>,
    multiplier: Option<f64>,
    learning_rate: f64,
}

/// The norm of a gradient.
#[derive(Serialize)]
struct GradientRow {
    arm: char,
    seed: u32,
    step: usize,
    tokens: f64,
    seconds: f64,
    gradient_norm: f64,
}

/// The alpha of a matrix.
#[derive(Serialize)]
struct AlphaRow {
    arm: char,
    seed: u32,
    step: usize,
    matrix: String,
    alpha: Option<f64>,
}

/// An eigenvalue of the selected matrix.
#[derive(Serialize)]
struct EigenvalueRow<'a> {
    arm: char,
    seed: u32,
    step: usize,
    matrix: &'a str,
    rank: usize,
    eigenvalue: f64,
    in_tail: bool,
    alpha: Option<f64>,
    threshold: Option<f64>,
}

/// The numbers of a chart, with the names of the columns as the first line; nothing where it draws none. `arm` is the one
/// whose spectrum comes first.
pub fn csv(numbers: Numbers, input: Input, arm: Option<usize>) -> Vec<u8> {
    match numbers {
        Numbers::Loss => csv_of(input.arms.iter().flat_map(|arm| losses(&input, arm))),
        Numbers::Rate => rates(input),
        Numbers::Gradient => csv_of(input.arms.iter().flat_map(gradients)),
        Numbers::Alpha => csv_of(input.arms.iter().flat_map(alphas)),
        Numbers::Esd => eigenvalues(input, arm),
    }
}

/// The seed of an arm's present run.
fn seed(arm: &Arm) -> u32 {
    arm.experiment.seed.wrapping_add(arm.earlier.len() as u32)
}

/// The losses of an arm, over all its seeds.
fn losses(input: &Input, arm: &Arm) -> Vec<LossRow> {
    let earlier = arm.earlier.iter().enumerate().map(|(place, record)| {
        let seed = arm.experiment.seed.wrapping_add(place as u32);
        losses_of(arm, seed, record, None)
    });
    let prediction = input.law.and_then(|law| law.prediction(arm.index));
    earlier.chain([losses_of(arm, seed(arm), arm.record, prediction)]).flatten().collect()
}

/// The losses of one run and of its branches. A step at which nothing was trained has a validation or a prediction alone.
fn losses_of(arm: &Arm, seed: u32, record: &Record, prediction: Option<&Prediction>) -> Vec<LossRow> {
    let finite = |value: f64| Some(value).filter(|value| value.is_finite());
    let empty = |step: usize| LossRow {
        arm: arm.letter(),
        seed,
        branch: None,
        step,
        tokens: None,
        seconds: None,
        loss: None,
        smoothed: None,
        kind: quantity::training(arm.experiment),
        validation: None,
        standard_error: None,
        other_validation: None,
        validation_kind: quantity::validation(arm.experiment),
        predicted: None,
    };
    let trained = |row: &StepMetrics, smoothed: f64| LossRow {
        tokens: Some(row.tokens),
        seconds: Some(row.seconds),
        loss: Some(row.loss),
        smoothed: finite(smoothed),
        ..empty(row.step)
    };
    let rows = record.columns.rows();
    let mut steps: BTreeSet<usize> = rows.iter().map(|row| row.step).collect();
    steps.extend(record.validations.iter().map(|validation| validation.step));
    if prediction.is_some() {
        steps.extend(1..=arm.experiment.train.steps);
    }
    let of_step = |step: usize| {
        let place = rows.binary_search_by_key(&step, |row| row.step).ok();
        let row = place.map_or_else(|| empty(step), |place| trained(&rows[place], record.columns.ema()[place]));
        let predicted = prediction.and_then(|prediction| prediction.before(step));
        match record.validations.iter().find(|validation| validation.step == step) {
            None => LossRow { predicted, ..row },
            Some(found) => LossRow {
                validation: Some(found.loss),
                standard_error: found.error,
                other_validation: found.other_loss,
                predicted,
                ..row
            },
        }
    };
    let of_branch = |branch: &Branch| {
        let rows = branch.rows.iter().zip(&branch.ema).map(|(row, smoothed)| {
            let found = branch.validations.iter().find(|(step, _)| *step == row.step);
            let validation = found.map(|(_, loss)| *loss);
            LossRow { branch: Some(branch.from), validation, ..trained(row, *smoothed) }
        });
        rows.collect::<Vec<_>>()
    };
    steps.into_iter().map(of_step).chain(record.branches.iter().flat_map(of_branch)).collect()
}

/// The learning rates of all arms: of every update of the plan, then of what was tried, of branches and of matrices.
fn rates(input: Input) -> Vec<u8> {
    let fans: Vec<(Fan, Vec<String>)> = input.arms.iter().map(|arm| named(Fan::new(arm, UPDATES))).collect();
    csv_of(input.arms.iter().zip(&fans).flat_map(|(arm, (fan, names))| {
        let kind = |step: usize| if step <= arm.done() { "used" } else { "planned" };
        let row = |step: usize, learning_rate: f64| RateRow {
            arm: arm.letter(),
            seed: seed(arm),
            branch: None,
            step,
            kind: kind(step),
            matrix: None,
            multiplier: None,
            learning_rate,
        };
        let course = Course::new(arm);
        let mut rows: Vec<RateRow> = (1..=arm.experiment.train.steps).map(|step| row(step, course.at(step))).collect();
        for search in &arm.record.searches {
            let tried = search.probes.iter().map(|probe| row(search.step, probe.rate));
            rows.extend(tried.map(|row| RateRow { kind: "tried", ..row }));
        }
        for branch in arm.record.branches.iter() {
            let used = branch.rows.iter().map(|metrics| row(metrics.step, metrics.learning_rate));
            rows.extend(used.map(|row| RateRow { branch: Some(branch.from), kind: "used", ..row }));
        }
        for line in &fan.lines {
            for index in &line.parameters {
                let updates = fan.updates.iter().zip(&fan.base).zip(&line.multipliers);
                rows.extend(updates.map(|((step, base), multiplier)| RateRow {
                    matrix: Some(&names[*index]),
                    multiplier: Some(*multiplier),
                    ..row(*step, base * multiplier)
                }));
            }
        }
        rows
    }))
}

/// The rates of matrices, with the names of all of them.
fn named(fan: Fan) -> (Fan, Vec<String>) {
    let names = fan.layout.iter().map(matrices::name).collect();
    (fan, names)
}

/// The gradient norms of an arm's present run.
fn gradients(arm: &Arm) -> Vec<GradientRow> {
    let row = |row: &StepMetrics| GradientRow {
        arm: arm.letter(),
        seed: seed(arm),
        step: row.step,
        tokens: row.tokens,
        seconds: row.seconds,
        gradient_norm: row.gradient_norm,
    };
    arm.record.columns.rows().iter().map(row).collect()
}

/// The alphas of every hidden matrix at every measurement of an arm's present run.
fn alphas(arm: &Arm) -> Vec<AlphaRow> {
    let layout = &arm.record.layout;
    let hidden = matrices::hidden(layout);
    let measured = arm.record.layers.iter().filter(|frame| !frame.tails.is_empty());
    let rows = measured.flat_map(|frame| {
        hidden.iter().map(|index| AlphaRow {
            arm: arm.letter(),
            seed: seed(arm),
            step: frame.step,
            matrix: matrices::name(&layout[*index]),
            alpha: crate::chart::alpha::alpha(frame, *index),
        })
    });
    rows.collect()
}

/// The eigenvalues that the chart of a spectrum draws, the largest first.
fn eigenvalues(input: Input, arm: Option<usize>) -> Vec<u8> {
    let list = esd::densities(&input, arm);
    let matrix = matrices::selected(&input).map(|index| matrices::name(&matrices::reference(&input)[index]));
    let matrix = matrix.unwrap_or_default();
    csv_of(list.iter().flat_map(|density| {
        let used = density.used().map_or(0, |(used, _)| used);
        let rows = density.eigenvalues.iter().rev().enumerate().map(|(place, eigenvalue)| EigenvalueRow {
            arm: density.arm.letter(),
            seed: seed(density.arm),
            step: density.step,
            matrix: &matrix,
            rank: place + 1,
            eigenvalue: *eigenvalue,
            in_tail: place < used,
            alpha: density.tail.map(|tail| tail.alpha),
            threshold: density.tail.map(|tail| tail.xmin),
        });
        rows.collect::<Vec<_>>()
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::testing::{Runs, add_branch, falling, record};

    /// The lines of a table as lists of cells.
    fn table(numbers: Numbers, runs: &Runs) -> Vec<Vec<String>> {
        let bytes = runs.with(|input| csv(numbers, input, None));
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&bytes[..]);
        reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn losses_are_in_full_precision_with_all_seeds_and_branches() {
        let mut runs = Runs::new(2, 40);
        runs.arms[1].earlier = vec![record(40, falling)];
        add_branch(&mut runs.arms[0].record, 20, 10, None);
        let table = table(Numbers::Loss, &runs);
        let head = ["arm", "seed", "branch", "step", "tokens", "seconds", "loss", "smoothed", "kind", "validation"];
        assert_eq!(table[0][..10], head);
        // The validation before the first step has a line of its own.
        assert_eq!((table[1][3].as_str(), table[1][6].as_str()), ("0", ""));
        let loss: f64 = table[41][6].parse().expect("a number");
        assert_eq!(loss.to_bits(), falling(40).to_bits());
        assert!(!table[41][9].is_empty(), "{:?}", table[41]);
        assert!(table.iter().any(|row| row[0] == "A" && row[2] == "20"), "the branch");
        let seeds: BTreeSet<&str> = table.iter().filter(|row| row[0] == "B").map(|row| row[1].as_str()).collect();
        assert_eq!(seeds.len(), 2, "{seeds:?}");
    }

    #[test]
    fn rates_go_on_to_the_end_of_the_plan() {
        let runs = Runs::measured(2, 300);
        let table = table(Numbers::Rate, &runs);
        let steps = runs.arms[0].experiment.train.steps;
        let plain = table.iter().filter(|row| row[0] == "A" && row[5].is_empty());
        assert_eq!(plain.clone().count(), steps);
        assert_eq!(plain.filter(|row| row[4] == "used").count(), 300);
        let of_matrix = table.iter().find(|row| row[0] == "B" && !row[5].is_empty()).expect("a matrix");
        let [multiplier, rate] = [6, 7].map(|column: usize| of_matrix[column].parse::<f64>().expect("a number"));
        assert_eq!(rate, multiplier * 1e-3);
    }

    #[test]
    fn every_chart_has_columns_once_it_was_trained() {
        let runs = Runs::measured(2, 300);
        for (numbers, head, rows) in [
            (Numbers::Gradient, "arm,seed,step,tokens,seconds,gradient_norm", 600),
            (Numbers::Alpha, "arm,seed,step,matrix,alpha", 2 * 4 * matrices::hidden(&runs.arms[0].record.layout).len()),
            (Numbers::Esd, "arm,seed,step,matrix,rank,eigenvalue,in_tail,alpha,threshold", 32),
        ] {
            let table = table(numbers, &runs);
            assert_eq!(table[0].join(","), head);
            assert_eq!(table.len() - 1, rows, "{numbers:?}");
        }
        let ranks = table(Numbers::Esd, &runs);
        let value = |row: usize| ranks[row][5].parse::<f64>().expect("a number");
        assert!(value(1) > value(2) && ranks[1][6] == "true", "{:?}", ranks[1]);
    }

    #[test]
    fn before_a_run_only_the_plan_has_numbers() {
        let runs = Runs::new(1, 0);
        for numbers in [Numbers::Loss, Numbers::Gradient, Numbers::Alpha, Numbers::Esd] {
            assert!(table(numbers, &runs).is_empty(), "{numbers:?}");
        }
        assert!(table(Numbers::Rate, &runs).iter().skip(1).all(|row| row[4] == "planned"));
    }
}
