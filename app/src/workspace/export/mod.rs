//! Everything that is known of a comparison's runs, as one zip archive.

pub mod chart;
mod tables;

use std::io::{Cursor, Write};

use leptos::prelude::*;
use serde::Serialize;
use tailblazer_core::{
    experiment::{ARMS, Comparison, SEEDS},
    session::Report,
};
use zip::{ZipWriter, result::ZipResult, write::SimpleFileOptions};

use super::{Workspace, quantity, record::Record, run::Run};
use crate::chart::matrices;
use tables::RunOf;

/// Version of an archive's files and columns.
pub const VERSION: u32 = 1;

/// What an archive says of itself.
const README: &str = include_str!("README.md");

/// The experiment, as the archive has it.
#[derive(Serialize)]
struct About {
    /// Version of the archive's files and columns.
    version: u32,
    /// The link that opens the experiment.
    link: String,
    /// The version of the page that wrote the archive.
    page: &'static str,
    /// What the link says, in full.
    comparison: Comparison,
}

/// A file of an archive.
#[derive(Clone, Debug, PartialEq)]
pub struct File {
    /// Its path in the archive.
    pub path: String,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl File {
    /// A file at a path.
    pub fn new(path: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self { path: path.into(), bytes: bytes.into() }
    }
}

/// The files of a comparison's runs; those that nothing is in are left out.
pub fn files(workspace: Workspace, link: String) -> Vec<File> {
    let comparison = workspace.comparison.get();
    let about = About { version: VERSION, link, page: env!("CARGO_PKG_VERSION"), comparison };
    let about = serde_json::to_vec_pretty(&about).expect("plain data");
    let records: Vec<Vec<Record>> = workspace.runs().iter().map(records).collect();
    let runs: Vec<RunOf> = records.iter().enumerate().flat_map(|(arm, list)| of_arm(workspace, arm, list)).collect();
    let samples: Vec<_> =
        workspace.runs().iter().enumerate().map(|(arm, run)| (Comparison::letter(arm), run.samples.get())).collect();
    let reports = workspace.runs().iter().enumerate().flat_map(|(arm, run)| reports(arm, run)).collect::<Vec<_>>();
    let list = [
        File::new("README.md", README),
        File::new("experiment.json", about),
        File::new("metrics.csv", tables::metrics(&runs)),
        File::new("validations.csv", tables::validations(&runs)),
        File::new("layers.csv", tables::layers(&runs)),
        File::new("samples.jsonl", tables::samples(&samples)),
        File::new("decodes.jsonl", tables::traces(workspace)),
    ];
    list.into_iter().filter(|file| !file.bytes.is_empty()).chain(reports).collect()
}

/// Where an archive has the run of an arm with one of its seeds, without the ending.
pub fn path_of_run(arm: usize, seed: usize) -> String {
    format!("runs/{}-{seed}", Comparison::letter(arm))
}

/// The arm and the seed of such a path.
pub fn run_of_path(path: &str) -> Option<(usize, usize)> {
    let (letter, seed) = path.strip_prefix("runs/")?.split_once('-')?;
    let arm = (0..ARMS).find(|arm| letter == Comparison::letter(*arm).to_string())?;
    Some((arm, seed.parse().ok().filter(|seed| *seed < SEEDS)?))
}

/// What the runs of an arm reported, and the state of the present one, from which this page goes on.
fn reports(arm: usize, run: &Run) -> Vec<File> {
    let earlier = run.earlier.with_value(|list| list.iter().map(Record::report).collect::<Vec<_>>());
    let state = run.autosaved.get().filter(|_| run.has_steps());
    let present = run.has_steps().then(|| match &state {
        // Later steps may have come since: both are of one step.
        Some(state) => run.report().until(state.step),
        None => run.report(),
    });
    let last = earlier.len();
    let file =
        |(seed, report): (usize, Report)| File::new(format!("{}.tbr", path_of_run(arm, seed)), report.to_bytes());
    let state = state.map(|state| File::new(format!("{}.state", path_of_run(arm, last)), state.bytes.clone()));
    earlier.into_iter().chain(present).enumerate().map(file).chain(state).collect()
}

/// The records of a run: those of the seeds that are finished, and the present one.
fn records(run: &Run) -> Vec<Record> {
    let earlier = run.earlier.get_value();
    let present = run.record.get_value();
    earlier.into_iter().chain((!present.columns.is_empty()).then_some(present)).collect()
}

fn of_arm(workspace: Workspace, arm: usize, list: &[Record]) -> Vec<RunOf<'_>> {
    let experiment = workspace.shown_of(arm);
    let quantity = quantity::validation(&experiment);
    let of = |(place, record)| {
        let record: &Record = record;
        let named = |index: usize| (index, matrices::name(&record.layout[index]));
        let matrices = matrices::all(&record.layout).into_iter().map(named).collect();
        let seed = experiment.seed.wrapping_add(place as u32);
        RunOf { arm: Comparison::letter(arm), seed, quantity, matrices, record }
    };
    list.iter().enumerate().map(of).collect()
}

/// The archive of files.
///
/// # Errors
/// When a path is there twice.
pub fn archive(files: &[File]) -> ZipResult<Vec<u8>> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    for File { path, bytes } in files {
        archive.start_file(path.as_str(), options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use zip::ZipArchive;

    use super::*;

    #[test]
    fn an_archive_gives_its_files_back() {
        let files = [File::new("README.md", README), File::new("weights/A.safetensors", vec![7u8; 5000])];
        let bytes = archive(&files).expect("an archive");
        let mut read = ZipArchive::new(Cursor::new(bytes)).expect("an archive");
        for file in &files {
            let mut found = Vec::new();
            read.by_name(&file.path).expect("a file").read_to_end(&mut found).expect("bytes");
            assert_eq!(found, file.bytes);
        }
        assert!(archive(&[File::new("a", "1"), File::new("a", "2")]).is_err());
    }

    #[test]
    fn a_page_without_runs_has_its_experiment_alone() {
        Owner::new().with(|| {
            let workspace = Workspace::new(Comparison::default());
            let files = untrack(|| files(workspace, "https://example.org/".into()));
            let paths: Vec<&str> = files.iter().map(|file| file.path.as_str()).collect();
            assert_eq!(paths, ["README.md", "experiment.json"]);
            let about: serde_json::Value = serde_json::from_slice(&files[1].bytes).expect("JSON");
            assert_eq!(about["comparison"]["base"]["model"]["layers"], 3);
        });
    }
}
