//! Everything that is known of a comparison's runs, as one zip archive.

mod tables;

use std::io::{Cursor, Write};

use leptos::prelude::*;
use serde::Serialize;
use tailblazer_core::experiment::Comparison;
use zip::{ZipWriter, result::ZipResult, write::SimpleFileOptions};

use super::{
    Workspace, quantity,
    run::{Record, Run},
};
use crate::chart::matrices;
use tables::RunOf;

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
    let about = About { version: 1, link, page: env!("CARGO_PKG_VERSION"), comparison };
    let about = serde_json::to_vec_pretty(&about).expect("plain data");
    let records: Vec<Vec<Record>> = workspace.runs().iter().map(records).collect();
    let runs: Vec<RunOf> = records.iter().enumerate().flat_map(|(arm, list)| of_arm(workspace, arm, list)).collect();
    let samples: Vec<_> =
        workspace.runs().iter().enumerate().map(|(arm, run)| (Comparison::letter(arm), run.samples.get())).collect();
    let list = [
        File::new("README.md", README),
        File::new("experiment.json", about),
        File::new("metrics.csv", tables::metrics(&runs)),
        File::new("validations.csv", tables::validations(&runs)),
        File::new("layers.csv", tables::layers(&runs)),
        File::new("samples.jsonl", tables::samples(&samples)),
        File::new("decodes.jsonl", tables::traces(workspace)),
    ];
    list.into_iter().filter(|file| !file.bytes.is_empty()).collect()
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
