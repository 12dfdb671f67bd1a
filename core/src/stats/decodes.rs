//! What the decoders of a study came to: tokens per forward against exact answers, over seeds.

use serde::{Deserialize, Serialize};

use super::{Arm, Estimate, Study};
use crate::decode::Meter;

/// What a decoder came to on the network of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StudyDecode {
    /// Its place among the decoders of the link, counted from 0.
    pub decoder: usize,
    /// Held-out problems, or beginnings of held-out text, that it continued.
    pub prompts: usize,
    /// Problems that it answered exactly; none for a text.
    pub exact: Option<usize>,
    /// Mean over its texts under the model itself, in nats per token; none where that is not finite.
    pub nats: Option<f64>,
    /// What all of its texts took together.
    pub meter: Meter,
}

/// A decoder on the networks of one arm, over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Decoded {
    /// The arm.
    pub arm: Arm,
    /// The decoder's place in the link, counted from 0.
    pub decoder: usize,
    /// Tokens per forward that drafts or verifies.
    pub speed: Estimate,
    /// The share of problems that it answers exactly.
    pub exact: Estimate,
    /// How many seeds that is from.
    pub seeds: usize,
}

/// Speed that costs nothing that could be measured.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Free {
    /// The fastest decoder that is not worse than the slowest one.
    pub fast: Decoded,
    /// The slowest decoder of the same arm.
    pub slow: Decoded,
    /// How much larger the fast one's share of exact answers is, paired by seed; its interval holds 0 or lies above.
    pub gain: Estimate,
}

impl StudyDecode {
    /// The share of problems that it answered exactly.
    fn share(&self) -> Option<f64> {
        self.exact.filter(|_| self.prompts > 0).map(|exact| exact as f64 / self.prompts as f64)
    }
}

impl Study {
    /// What each decoder came to on each arm whose networks it accepts, arm by arm, the slower decoder first; of tasks
    /// alone, because the nats of different networks do not share an axis.
    pub fn decoded(&self) -> Vec<Decoded> {
        let comparison = self.comparison();
        let arms = (0..comparison.arms.len()).filter_map(Arm::new);
        let decoders = comparison.decoding.decoders.len();
        let mut list: Vec<Decoded> = arms
            .flat_map(|arm| (0..decoders).map(move |decoder| (arm, decoder)))
            .filter_map(|(arm, decoder)| self.decoded_by(arm, decoder))
            .collect();
        list.sort_by(|a, b| a.arm.cmp(&b.arm).then(a.speed.mean.total_cmp(&b.speed.mean)));
        list
    }

    fn decoded_by(&self, arm: Arm, decoder: usize) -> Option<Decoded> {
        let of_arm: Vec<&StudyDecode> = self.decodes(arm, decoder).map(|(_, of)| of).collect();
        let speeds: Vec<f64> = of_arm.iter().filter_map(|of| of.meter.tokens_per_forward()).collect();
        let shares: Vec<f64> = of_arm.iter().filter_map(|of| of.share()).collect();
        let exact = Estimate::of(&shares)?;
        // A share ends at none and at all.
        let exact = Estimate { low: exact.low.max(0.0), high: exact.high.min(1.0), ..exact };
        Some(Decoded { arm, decoder, speed: Estimate::of(&speeds)?, exact, seeds: shares.len() })
    }

    /// How much larger the share of exact answers of a decoder is than that of another one on the same networks: the
    /// mean over seeds with Student's interval of the paired differences. None with fewer than two seeds.
    pub fn gain(&self, arm: Arm, decoder: usize, over: usize) -> Option<Estimate> {
        let difference = |(seed, of): (u32, &StudyDecode)| {
            let other = self.decodes(arm, over).find(|(known, _)| *known == seed)?.1;
            Some(of.share()? - other.share()?)
        };
        let differences: Vec<f64> = self.decodes(arm, decoder).filter_map(difference).collect();
        if differences.len() < 2 { None } else { Estimate::of(&differences) }
    }

    /// The fastest decoder that answers no fewer problems than the slowest one, as far as the seeds can tell, on the arm
    /// of several decoders that answers most of them. The slowest one itself where every other one is worse; none with fewer than two seeds.
    pub fn free_speed(&self) -> Option<Free> {
        let all = self.decoded();
        // An arm with one decoder has nothing to compare.
        let several = all.chunk_by(|a, b| a.arm == b.arm).filter(|of_arm| of_arm.len() > 1);
        let slow = *several.map(|of_arm| &of_arm[0]).max_by(|a, b| a.exact.mean.total_cmp(&b.exact.mean))?;
        let of_arm = all.iter().rev().filter(|of| of.arm == slow.arm);
        of_arm
            .filter_map(|fast| Some(Free { fast: *fast, slow, gain: self.gain(slow.arm, fast.decoder, slow.decoder)? }))
            .find(|free| free.gain.high >= 0.0)
    }

    /// What a decoder came to on the networks of an arm, by seed.
    fn decodes(&self, arm: Arm, decoder: usize) -> impl Iterator<Item = (u32, &StudyDecode)> {
        let runs = self.runs.iter().filter(move |run| run.arm == arm.letter());
        runs.flat_map(|run| run.decodes.iter().map(|of| (run.seed, of))).filter(move |(_, of)| of.decoder == decoder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{experiment::comparison_from_link, stats::StudyRun};

    fn of(decoder: usize, exact: usize, drafts: usize) -> StudyDecode {
        let meter = Meter { tokens: 100, drafts, ..Meter::default() };
        StudyDecode { decoder, prompts: 20, exact: Some(exact), nats: Some(1.0), meter }
    }

    fn study() -> Study {
        let link = "#v=1&arms=2&seeds=3&text.corpus=sort&1.method=threshold&2.method=static";
        let run = |seed: u32, exact: [usize; 2]| {
            let decodes = vec![of(0, exact[0], 25 + seed as usize), of(1, exact[1], 100)];
            StudyRun { arm: 'B', seed, decodes, ..StudyRun::default() }
        };
        let runs = vec![run(0, [18, 18]), run(1, [19, 18]), run(2, [17, 18])];
        Study::new(&comparison_from_link(link).0, "here", runs)
    }

    #[test]
    fn decoders_are_ordered_by_speed_on_the_arms_that_they_decode() {
        let study = study();
        let found = study.decoded();
        assert_eq!(found.iter().map(|of| (of.arm, of.decoder)).collect::<Vec<_>>(), [(Arm::B, 1), (Arm::B, 0)]);
        assert_eq!((found[0].speed.mean, found[0].exact.mean, found[0].exact.low), (1.0, 0.9, 0.9));
        let speed = (100.0 / 25.0 + 100.0 / 26.0 + 100.0 / 27.0) / 3.0;
        assert!((found[1].speed.mean - speed).abs() < 1e-12 && found[1].exact.high == 1.0, "{found:?}");
        let line = serde_json::to_string(&study).expect("plain data");
        assert_eq!(Study::read(&line).expect("a study"), [study]);
    }

    #[test]
    fn a_gain_is_paired_by_seed() {
        let study = study();
        let gain = study.gain(Arm::B, 0, 1).expect("three seeds");
        // Differences of 0, 0.05 and -0.05: t(0.975; 2) * 0.05 / sqrt(3).
        assert!(gain.mean.abs() < 1e-12 && (gain.high - 4.302_652_7 * 0.05 / 3f64.sqrt()).abs() < 1e-6, "{gain:?}");
        assert_eq!(study.gain(Arm::A, 0, 1), None);
    }

    #[test]
    fn speed_is_free_unless_all_seeds_say_that_it_costs() {
        let mut study = study();
        let free = study.free_speed().expect("three seeds");
        assert_eq!((free.fast.decoder, free.slow.decoder, free.gain.mean.abs() < 1e-12), (0, 1, true));
        for run in &mut study.runs {
            run.decodes[0].exact = Some(9);
        }
        let free = study.free_speed().expect("three seeds");
        assert_eq!((free.fast, free.gain.mean), (free.slow, 0.0), "half as many answers, for every seed");
    }
}
