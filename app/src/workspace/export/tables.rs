//! What runs reported, as CSV and JSON lines with documented columns.

use leptos::prelude::{Get as _, WithValue as _};
use serde::Serialize;
use tailblazer_core::{
    objective::Quantity,
    session::{Sample, StepMetrics},
};

use crate::workspace::{Workspace, decode::trace::Trace, record::Record};

/// A run with its place in the comparison.
pub struct RunOf<'a> {
    /// The letter of its arm.
    pub arm: char,
    /// Its seed.
    pub seed: u32,
    /// What its validation losses are.
    pub quantity: Quantity,
    /// Where its matrices stand among its parameters, with their names.
    pub matrices: Vec<(usize, String)>,
    /// What it reported.
    pub record: &'a Record,
}

/// A step of a run.
#[derive(Serialize)]
struct MetricsRow {
    arm: char,
    seed: u32,
    step: usize,
    loss: f64,
    learning_rate: f64,
    gradient_norm: f64,
    gradient_l1: f64,
    tokens: f64,
    seconds: f64,
}

/// A validation.
#[derive(Serialize)]
struct ValidationRow {
    arm: char,
    seed: u32,
    step: usize,
    loss: f64,
    kind: Quantity,
    standard_error: Option<f64>,
    other_loss: Option<f64>,
    exact_match: Option<f64>,
}

/// A matrix at a step at which spectra were measured.
#[derive(Serialize)]
struct LayerRow<'a> {
    arm: char,
    seed: u32,
    step: usize,
    matrix: &'a str,
    alpha: Option<f64>,
    threshold: Option<f64>,
    distance: Option<f64>,
    multiplier: Option<f64>,
    eigenvalues: String,
}

/// A text that a run wrote.
#[derive(Serialize)]
struct SampleLine<'a> {
    arm: char,
    step: usize,
    prompt: &'a str,
    text: &'a str,
}

/// Every step of every run.
pub fn metrics(runs: &[RunOf]) -> Vec<u8> {
    let rows = runs.iter().flat_map(|run| {
        run.record.columns.rows().iter().map(|row| {
            let StepMetrics { step, loss, learning_rate, gradient_norm, gradient_l1, tokens, seconds } = *row;
            let (arm, seed) = (run.arm, run.seed);
            MetricsRow { arm, seed, step, loss, learning_rate, gradient_norm, gradient_l1, tokens, seconds }
        })
    });
    csv_of(rows)
}

/// Every validation of every run.
pub fn validations(runs: &[RunOf]) -> Vec<u8> {
    let rows = runs.iter().flat_map(|run| {
        run.record.validations.iter().map(|of| ValidationRow {
            arm: run.arm,
            seed: run.seed,
            step: of.step,
            loss: of.loss,
            kind: run.quantity,
            standard_error: of.error,
            other_loss: of.other_loss,
            exact_match: of.exact_match,
        })
    });
    csv_of(rows)
}

/// Every measured spectrum and every multiplier.
pub fn layers(runs: &[RunOf]) -> Vec<u8> {
    let rows = runs.iter().flat_map(|run| {
        run.record.layers.iter().flat_map(move |frame| {
            run.matrices.iter().map(move |(place, name)| {
                let tail = frame.tails.get(*place).copied().flatten();
                let spectrum = frame.spectra.get(*place).map(Vec::as_slice).unwrap_or_default();
                LayerRow {
                    arm: run.arm,
                    seed: run.seed,
                    step: frame.step,
                    matrix: name,
                    alpha: tail.map(|tail| tail.alpha),
                    threshold: tail.map(|tail| tail.xmin),
                    distance: tail.map(|tail| tail.distance),
                    multiplier: frame.multipliers.as_ref().and_then(|list| list.get(*place).copied()),
                    eigenvalues: spectrum.iter().map(f32::to_string).collect::<Vec<_>>().join(" "),
                }
            })
        })
    });
    csv_of(rows)
}

/// Every sample of an arm's run, a JSON object per line.
pub fn samples(list: &[(char, Vec<Sample>)]) -> Vec<u8> {
    let lines = list.iter().flat_map(|(arm, samples)| {
        samples.iter().map(|sample| SampleLine {
            arm: *arm,
            step: sample.step,
            prompt: &sample.prompt,
            text: &sample.text,
        })
    });
    lines_of(lines)
}

/// What each decoder did, event by event, a JSON object per line.
pub fn traces(workspace: Workspace) -> Vec<u8> {
    #[derive(Serialize)]
    struct Line<'a, T: Serialize> {
        decoder: usize,
        name: &'a str,
        #[serde(flatten)]
        what: T,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "kebab-case")]
    enum What<'a, S: Serialize, E: Serialize> {
        Start(&'a S),
        Event(&'a E),
    }
    let mut bytes = Vec::new();
    for (place, entry) in workspace.decode.list.get().iter().enumerate() {
        let name = entry.label_in_files();
        workspace.decode.column(entry.place).trace.with_value(|trace: &Trace| {
            let start = trace.start.iter().map(What::Start);
            let lines = start.chain(trace.events().iter().map(What::Event));
            bytes.extend(lines_of(lines.map(|what| Line { decoder: place + 1, name: &name, what })));
        });
    }
    bytes
}

/// Rows as CSV, with the names of their fields as its first line; nothing where there is no row.
pub fn csv_of(rows: impl Iterator<Item = impl Serialize>) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.serialize(row).expect("rows are flat, and memory takes all of them");
    }
    writer.into_inner().expect("memory takes all of them")
}

/// Objects as JSON, one per line.
fn lines_of(objects: impl Iterator<Item = impl Serialize>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for object in objects {
        serde_json::to_writer(&mut bytes, &object).expect("plain data");
        bytes.push(b'\n');
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{matrices, synthetic};
    use tailblazer_core::experiment::Experiment;

    fn table(bytes: &[u8]) -> Vec<Vec<String>> {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(bytes);
        reader.records().map(|row| row.expect("a row").iter().map(str::to_owned).collect()).collect()
    }

    #[test]
    fn tables_hold_what_the_runs_reported() {
        let layout = matrices::planned(&Experiment::default());
        let matrices: Vec<_> = matrices::all(&layout).into_iter().map(|i| (i, format!("m{i}"))).collect();
        let record = Record {
            layers: vec![synthetic::frame(&layout, 0, 0)],
            layout: layout.clone(),
            ..synthetic::record(20, synthetic::falling)
        };
        let run =
            |arm, seed| RunOf { arm, seed, quantity: Quantity::Bound, matrices: matrices.clone(), record: &record };
        let runs = [run('A', 3), run('B', 3)];

        let metrics = table(&metrics(&runs));
        assert_eq!(metrics.len(), 41);
        assert_eq!(metrics[0][..4], ["arm", "seed", "step", "loss"]);
        assert_eq!(metrics[21][..3], ["B", "3", "1"]);
        let loss: f64 = metrics[20][3].parse().expect("a number");
        assert_eq!(loss.to_bits(), synthetic::falling(20).to_bits(), "in full precision");

        let validations = table(&validations(&runs));
        assert_eq!((validations.len(), validations[1][4].as_str()), (7, "bound"));
        let layers = table(&layers(&runs));
        assert_eq!(layers.len(), 1 + 2 * matrices.len());
        let measured = layers.iter().find(|row| !row[8].is_empty() && row[0] == "B").expect("a spectrum");
        assert!(measured[8].split(' ').all(|value| value.parse::<f32>().is_ok()) && !measured[4].is_empty());
    }

    #[test]
    fn texts_are_lines_of_json() {
        let sample = Sample { step: 4, prompt: "a \"b\"\n".into(), text: "ü".into(), denoising: None };
        let bytes = samples(&[('C', vec![sample])]);
        let line: serde_json::Value = serde_json::from_slice(&bytes).expect("JSON");
        assert_eq!((&line["arm"], &line["prompt"], &line["text"]), (&"C".into(), &"a \"b\"\n".into(), &"ü".into()));
    }
}
