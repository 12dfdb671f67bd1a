//! Recorded experiments: what every arm reported, in a small file that plays without an engine.
//!
//! A file is `TBR`, a version, and a deflated [`Recording`] in the postcard format.

use std::io::{Read as _, Write as _};

use flate2::{Compression, read::DeflateDecoder, write::DeflateEncoder};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::{DecodeFrame, Report};
use crate::decode::TraceEvent;

/// What a file begins with; the last byte is the version.
const MAGIC: [u8; 4] = *b"TBR\x01";

/// Most bytes of a recording that is unpacked: a few hundred times what a guided experiment has.
const LIMIT: u64 = 256 << 20;

/// Spectra of an arm that a compact recording keeps; alphas and multipliers are all kept.
const SPECTRA: usize = 12;

/// Bits of a compact eigenvalue's fraction: a relative error of 2^-9, less than a line's width on the logarithmic axis.
const FRACTION: u32 = 8;

/// Bytes that are no recording.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordingError {
    /// They do not begin as one.
    #[error("This is no recording of Tailblazer: choose another file.")]
    Foreign,
    /// They were written by another version.
    #[error("The recording has version {0}, and this page reads version 1: reload the page, or record it again.")]
    Version(u8),
    /// They are cut off or changed.
    #[error("The recording is damaged: load it again.")]
    Damaged,
}

/// The runs of a comparison's arms with its first seed, and what its decoders did.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Recording {
    /// The link of the experiment.
    pub link: String,
    /// When it was recorded, such as 2026-11-30.
    pub date: String,
    /// Where, such as the name of a processor.
    pub device: String,
    /// The build that recorded it.
    pub build: String,
    /// What each arm reported, in order.
    pub arms: Vec<Report>,
    /// What each decoder of the comparison did at the end, in order; none for one that was refused.
    pub decodes: Vec<Option<DecodeFrame>>,
}

impl Recording {
    /// The bytes of its file.
    pub fn to_bytes(&self) -> Vec<u8> {
        pack(self, Compression::best())
    }

    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// When they are none.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordingError> {
        unpack(bytes)
    }

    /// The most steps that an arm did.
    pub fn steps(&self) -> usize {
        self.arms.iter().map(Report::done).max().unwrap_or_default()
    }

    /// With what a reader cannot see left out: most spectra, the last bits of numbers, and unlikely alternatives of
    /// tokens.
    pub fn compact(mut self) -> Self {
        for report in &mut self.arms {
            let count = report.layers.iter().filter(|frame| !frame.spectra.is_empty()).count();
            let measured = report.layers.iter_mut().filter(|frame| !frame.spectra.is_empty());
            for (place, frame) in measured.enumerate() {
                if !is_kept(place, count) {
                    frame.spectra.iter_mut().for_each(Vec::clear);
                }
                frame.spectra.iter_mut().flatten().for_each(|value| *value = rounded(*value));
            }
            for row in &mut report.steps {
                for value in [&mut row.loss, &mut row.gradient_norm, &mut row.gradient_l1, &mut row.seconds] {
                    *value = f64::from(*value as f32);
                }
            }
        }
        for event in self.decodes.iter_mut().flatten().flat_map(|frame| &mut frame.events) {
            if let TraceEvent::Token(mark) = event {
                mark.alternatives.truncate(3);
            }
        }
        self
    }
}

impl Report {
    /// It alone, as bytes. They are written every few seconds beside a page that draws, so quickly rather than small.
    pub fn to_bytes(&self) -> Vec<u8> {
        pack(self, Compression::fast())
    }

    /// Reads what [`Report::to_bytes`] wrote.
    ///
    /// # Errors
    /// When it did not.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordingError> {
        unpack(bytes)
    }
}

/// Whether the spectra at a place among `count` are kept: the first, the last, and some between at equal distances.
fn is_kept(place: usize, count: usize) -> bool {
    count <= SPECTRA || (0..SPECTRA).any(|kept| kept * (count - 1) / (SPECTRA - 1) == place)
}

fn rounded(value: f32) -> f32 {
    let dropped = f32::MANTISSA_DIGITS - 1 - FRACTION;
    f32::from_bits(value.to_bits() >> dropped << dropped)
}

fn pack(value: &impl Serialize, level: Compression) -> Vec<u8> {
    let plain = postcard::to_extend(value, Vec::new()).expect("memory takes plain data");
    let mut encoder = DeflateEncoder::new(MAGIC.to_vec(), level);
    let packed = encoder.write_all(&plain).and_then(|()| encoder.finish());
    packed.expect("memory takes all of it")
}

fn unpack<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, RecordingError> {
    let [magic @ .., version] = MAGIC;
    let rest = bytes.strip_prefix(&magic).ok_or(RecordingError::Foreign)?;
    match rest.split_first() {
        Some((found, packed)) if *found == version => {
            let mut plain = Vec::new();
            let read = DeflateDecoder::new(packed).take(LIMIT).read_to_end(&mut plain);
            read.map_err(|_| RecordingError::Damaged)?;
            postcard::from_bytes(&plain).map_err(|_| RecordingError::Damaged)
        }
        Some((found, _)) => Err(RecordingError::Version(*found)),
        None => Err(RecordingError::Damaged),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::session::{LayersFrame, Sample, StepMetrics, Validation};

    fn recording() -> Recording {
        let spectrum = |step| LayersFrame {
            step,
            spectra: vec![vec![1.0 / 3.0, 7.0 / 9.0], vec![]],
            tails: vec![None, None],
            multipliers: Some(vec![1.5, 1.0]),
            seconds: 0.1,
        };
        let arm = Report {
            steps: (1..=40).map(|step| StepMetrics { step, loss: 1.0 / step as f64, ..Default::default() }).collect(),
            validations: vec![Validation { step: 40, loss: f64::NAN, error: Some(0.1), ..Default::default() }],
            layers: (0..40).map(spectrum).collect(),
            samples: vec![Sample {
                step: 40,
                prompt: "a".into(),
                text: "ü".into(),
                denoising: Some(vec!["░".to_owned(), "b".to_owned()].into()),
            }],
            ..Report::default()
        };
        Recording {
            link: "?preset=wsd".into(),
            arms: vec![arm.clone(), arm],
            decodes: vec![None],
            ..Default::default()
        }
    }

    #[test]
    fn a_file_gives_the_recording_back() {
        let mut recording = recording();
        let read = Recording::from_bytes(&recording.to_bytes()).expect("a recording");
        assert!(read.arms[1].validations[0].loss.is_nan(), "a loss that is no number stays none");
        recording.arms.iter_mut().for_each(|arm| arm.validations.clear());
        assert_eq!(Recording::from_bytes(&recording.to_bytes()), Ok(recording.clone()));
        assert_eq!(Report::from_bytes(&recording.arms[0].to_bytes()), Ok(recording.arms[0].clone()));
        assert_eq!(recording.steps(), 40);
    }

    #[test]
    fn a_compact_recording_keeps_every_line_and_some_spectra() {
        let (whole, compact) = (recording(), recording().compact());
        assert_eq!(compact.arms[0].layers.len(), 40);
        let kept: Vec<usize> = compact.arms[0]
            .layers
            .iter()
            .filter(|frame| !frame.spectra[0].is_empty())
            .map(|frame| frame.step)
            .collect();
        assert_eq!((kept.len(), kept[0], kept[11]), (SPECTRA, 0, 39));
        let (exact, short) = (whole.arms[0].layers[0].spectra[0][1], compact.arms[0].layers[0].spectra[0][1]);
        assert!(exact != short && (exact - short).abs() < exact / 256.0);
        assert!(compact.to_bytes().len() < whole.to_bytes().len());
    }

    /// Every guided experiment was recorded with the settings that its preset has now.
    #[test]
    fn every_guided_experiment_has_a_recording() {
        use crate::{experiment::Preset, schedule::learning_rate};

        for preset in Preset::all().filter(|preset| preset.guide.is_some()) {
            let (name, comparison) = (preset.name, preset.comparison());
            let path = format!("{}/../public/recordings/{name}.tbr", env!("CARGO_MANIFEST_DIR"));
            let bytes = std::fs::read(&path).unwrap_or_else(|error| panic!("{path}: {error}"));
            let recording = Recording::from_bytes(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            assert_eq!(recording.link, format!("?preset={name}"));
            assert!(
                [&recording.date, &recording.device, &recording.build].iter().all(|word| !word.is_empty()),
                "{name}"
            );
            assert_eq!(recording.arms.len(), comparison.arms.len(), "{name}");
            assert_eq!(recording.decodes.len(), comparison.decoding.decoders.len(), "{name}");
            for (arm, report) in recording.arms.iter().enumerate() {
                let experiment = comparison.experiment(arm);
                assert_eq!(report.done(), experiment.train.steps, "{name} {arm}");
                let validations = experiment.train.steps.div_ceil(experiment.train.eval_every);
                assert_eq!(report.validations.len(), validations, "{name} {arm}");
                if experiment.schedule.shape.adaptive(&experiment.schedule).is_none() {
                    for row in &report.steps {
                        let planned = learning_rate(&experiment.schedule, experiment.train.steps, row.step - 1);
                        assert_eq!(row.learning_rate, planned, "{name} {arm} at {}", row.step);
                    }
                }
            }
        }
    }

    #[test]
    fn other_bytes_are_refused() {
        let bytes = recording().to_bytes();
        assert_eq!(Recording::from_bytes(b"PK\x03\x04"), Err(RecordingError::Foreign));
        assert_eq!(Recording::from_bytes(b"TBR\x09rest"), Err(RecordingError::Version(9)));
        assert_eq!(Recording::from_bytes(b"TBR"), Err(RecordingError::Damaged));
        assert_eq!(Recording::from_bytes(&bytes[..bytes.len() / 2]), Err(RecordingError::Damaged));
        assert_eq!(Report::from_bytes(&bytes[..20]), Err(RecordingError::Damaged));
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn no_bytes_panic(
            mut bytes in proptest::collection::vec(any::<u8>(), 0..80), of_file in any::<bool>(), at in 4usize..400,
        ) {
            if of_file {
                let place = bytes.first().copied().unwrap_or_default();
                thread_local!(static FILE: Vec<u8> = Recording { arms: vec![Report::default(); 3], ..recording() }.to_bytes());
                bytes = FILE.with(Clone::clone);
                let at = at % bytes.len();
                bytes[at] = place;
            }
            drop(Recording::from_bytes(&bytes));
            bytes.splice(0..0, MAGIC);
            drop(Report::from_bytes(&bytes));
            drop(postcard::from_bytes::<Recording>(&bytes));
        }
    }
}
