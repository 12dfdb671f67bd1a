//! Files that a visitor drops: an archive that this page wrote, weights, or a recording.

use std::io::{Cursor, Read as _};

use serde::Deserialize;
use tailblazer_core::session::{Autosave, Recording, RecordingError, Report, Saved, WeightsAbout, WeightsError};
use zip::ZipArchive;

use super::export;
use crate::key;

/// Most bytes of a file that is read.
pub const LARGEST: usize = 512 << 20;

/// Most bytes of one file in an archive, unpacked.
const LARGEST_PART: u64 = 128 << 20;

/// Most files of an archive: a page's has a few dozen.
const MOST_FILES: usize = 2_000;

/// What a file has in it.
#[derive(Debug)]
pub enum Imported {
    /// The runs of a comparison.
    Runs {
        /// The link of the comparison.
        link: String,
        /// Its runs, in the order of arms and seeds.
        runs: Vec<Run>,
    },
    /// Weights, with what their file says of them.
    Weights(Saved, WeightsAbout),
    /// A recording.
    Recording(Box<Recording>),
}

/// A run of an archive.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    /// Its arm, counted from 0.
    pub arm: usize,
    /// How many of the arm's seeds come before it.
    pub seed: usize,
    /// What it reported.
    pub report: Report,
    /// Where it can go on, if that is known.
    pub state: Option<Autosave>,
}

/// A file that is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ImportError {
    /// It is too large.
    #[error("The file is larger than 512 MB: choose a file that this page has saved.")]
    Large,
    /// It is an archive, but not one of this page.
    #[error("This archive is not one that this page has saved: {0}.")]
    Archive(&'static str),
    /// It is no recording of this version.
    #[error(transparent)]
    Recording(#[from] RecordingError),
    /// It is none of the others, and no weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
}

/// What is read of `experiment.json`.
#[derive(Deserialize)]
struct About {
    version: u32,
    link: String,
}

/// Reads a file by what it begins with.
///
/// # Errors
/// When it is none that this page can use.
pub fn read(bytes: &[u8]) -> Result<Imported, ImportError> {
    if bytes.len() > LARGEST {
        return Err(ImportError::Large);
    }
    if bytes.starts_with(b"PK") {
        return archive(bytes);
    }
    if bytes.starts_with(b"TBR") {
        return Ok(Imported::Recording(Box::new(Recording::from_bytes(bytes)?)));
    }
    let (saved, about) = Saved::read(bytes)?;
    Ok(Imported::Weights(saved, about))
}

fn archive(bytes: &[u8]) -> Result<Imported, ImportError> {
    let damaged = |_| ImportError::Archive(key!("it is damaged"));
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| ImportError::Archive(key!("it is damaged")))?;
    if archive.len() > MOST_FILES {
        return Err(ImportError::Archive(key!("it has too many files")));
    }
    // Only names that this page writes are looked at, so a path leads nowhere.
    let names: Vec<String> = archive.file_names().filter_map(|name| Some(name.ok()?.into_owned())).collect();
    let mut part = |name: &str| -> Result<Option<Vec<u8>>, ImportError> {
        if !names.iter().any(|known| known == name) {
            return Ok(None);
        }
        let file = archive.by_name(name).map_err(|_| ImportError::Archive(key!("it is damaged")))?;
        let mut bytes = Vec::new();
        file.take(LARGEST_PART + 1).read_to_end(&mut bytes).map_err(damaged)?;
        if bytes.len() as u64 > LARGEST_PART {
            return Err(ImportError::Archive(key!("a file in it is too large")));
        }
        Ok(Some(bytes))
    };
    let about = part("experiment.json")?.ok_or(ImportError::Archive(key!("it has no experiment.json")))?;
    let about: About =
        serde_json::from_slice(&about).map_err(|_| ImportError::Archive(key!("its experiment.json is damaged")))?;
    if about.version != export::VERSION {
        return Err(ImportError::Archive(key!("it is of another version of this page")));
    }
    let mut runs = Vec::new();
    let places = names.iter().filter_map(|name| export::run_of_path(name.strip_suffix(".tbr")?));
    for (arm, seed) in places {
        let path = export::path_of_run(arm, seed);
        let Some(report) = part(&format!("{path}.tbr"))? else { continue };
        let report = Report::from_bytes(&report)?;
        let state = part(&format!("{path}.state"))?.map(|bytes| Autosave { step: report.done(), bytes });
        runs.push(Run { arm, seed, report, state });
    }
    runs.sort_by_key(|run| (run.arm, run.seed));
    Ok(Imported::Runs { link: about.link, runs })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use tailblazer_core::session::StepMetrics;

    use super::*;
    use crate::workspace::export::File;

    fn report(steps: usize) -> Report {
        let row = |step| StepMetrics { step, loss: 1.0, ..StepMetrics::default() };
        Report { steps: (1..=steps).map(row).collect(), ..Report::default() }
    }

    fn files() -> Vec<File> {
        vec![
            File::new("experiment.json", r#"{"version": 1, "link": "?preset=wsd#v=1&seeds=2", "page": "0"}"#),
            File::new("runs/B-0.tbr", report(7).to_bytes()),
            File::new("runs/A-1.tbr", report(5).to_bytes()),
            File::new("runs/A-1.state", vec![1, 2, 3]),
            File::new("metrics.csv", "arm,seed"),
            File::new("../../runs/C-0.tbr", report(1).to_bytes()),
        ]
    }

    fn bytes(files: &[File]) -> Vec<u8> {
        export::archive(files).expect("an archive")
    }

    #[test]
    fn an_archive_has_its_link_and_its_runs() {
        let Ok(Imported::Runs { link, runs }) = read(&bytes(&files())) else { panic!("an archive") };
        assert_eq!(link, "?preset=wsd#v=1&seeds=2");
        let found: Vec<_> = runs.iter().map(|run| (run.arm, run.seed, run.report.done())).collect();
        assert_eq!(found, [(0, 1, 5), (1, 0, 7)], "a path out of the archive is none of its runs");
        assert_eq!(runs[0].state, Some(Autosave { step: 5, bytes: vec![1, 2, 3] }));
        assert_eq!(runs[1].state, None);
    }

    #[test]
    fn other_files_are_refused_in_a_sentence() {
        let refusal = |bytes: &[u8]| read(bytes).expect_err("a refusal").to_string();
        assert!(refusal(b"hello, this is a text").contains("no safetensors file"));
        assert!(refusal(b"PK\x03\x04 and no more").contains("damaged"));
        assert!(refusal(b"TBR\x07").contains("version 7"));
        assert!(refusal(&bytes(&files()[1..])).contains("no experiment.json"));
        let mut other = files();
        other[0] = File::new("experiment.json", r#"{"version": 9, "link": ""}"#);
        assert!(refusal(&bytes(&other)).contains("another version"));
        other[0] = File::new("experiment.json", "{");
        assert!(refusal(&bytes(&other)).contains("experiment.json is damaged"));
        other = files();
        other[1] = File::new("runs/B-0.tbr", "TBR");
        assert!(refusal(&bytes(&other)).contains("recording is damaged"));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn no_file_panics(
            changes in proptest::collection::vec((0usize..1 << 16, any::<u8>()), 0..6),
            cut in proptest::option::of(0usize..1 << 16),
            start in proptest::sample::select(vec![&b"PK\x03\x04"[..], b"PK\x05\x06", b"TBR\x01", b"\x10\0\0\0\0\0\0\0{", b""]),
            rest in proptest::collection::vec(any::<u8>(), 0..64),
        ) {
            thread_local!(static ARCHIVE: Vec<u8> = bytes(&files()));
            let mut archive = ARCHIVE.with(Clone::clone);
            for (place, value) in changes {
                let place = place % archive.len();
                archive[place] = value;
            }
            if let Some(cut) = cut {
                archive.truncate(cut % archive.len());
            }
            drop(read(&archive));
            drop(read(&[start, &rest].concat()));
        }
    }
}
