//! Colours by their role; the style sheet gives each a value in each theme.

use tailblazer_core::experiment::ARMS;

/// Colours from one end of the alpha ramp to the other: the stops of the style sheet with three between any two.
pub const ALPHA_LEVELS: usize = (ALPHA.len() - 1) * BETWEEN + 1;

/// Colours from one end of the ramp of differences to the other; the middle one is 0.
pub const DELTA_LEVELS: usize = (DELTA.len() - 1) * BETWEEN + 1;

/// Steps from one stop of a ramp to the next.
const BETWEEN: usize = 4;

const ALPHA: [&str; 11] = [
    "--alpha-0",
    "--alpha-1",
    "--alpha-2",
    "--alpha-3",
    "--alpha-4",
    "--alpha-5",
    "--alpha-6",
    "--alpha-7",
    "--alpha-8",
    "--alpha-9",
    "--alpha-10",
];

const DELTA: [&str; 7] = ["--delta-0", "--delta-1", "--delta-2", "--delta-3", "--delta-4", "--delta-5", "--delta-6"];

const MARKS: [&str; ARMS] = ["--arm-1", "--arm-2", "--arm-3", "--arm-4", "--arm-5", "--arm-6", "--arm-7", "--arm-8"];

const WORDS: [&str; ARMS] = [
    "--arm-1-text",
    "--arm-2-text",
    "--arm-3-text",
    "--arm-4-text",
    "--arm-5-text",
    "--arm-6-text",
    "--arm-7-text",
    "--arm-8-text",
];

/// A colour by its role.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ink {
    /// The strongest ink.
    Ink,
    /// Running text.
    Second,
    /// The palest text.
    Third,
    /// Lines behind the data.
    Grid,
    /// The axis.
    Axis,
    /// Edges and the now-line.
    Edge,
    /// The card behind the chart.
    Surface,
    /// What lies lower than the card.
    Sunken,
    /// Words on the strongest ink.
    OnInk,
    /// What broke.
    Bad,
    /// The colour of an arm, for marks; 0 is A.
    Arm(usize),
    /// The colour of an arm, for words.
    ArmText(usize),
    /// A level of the alpha ramp, in `0..ALPHA_LEVELS`; 0 is the heaviest tail.
    Alpha(usize),
    /// A level of the ramp of differences, in `0..DELTA_LEVELS`; 0 is the lowest.
    Delta(usize),
}

impl Ink {
    /// Roles without a number, in the order of the palette.
    const PLAIN: [Self; 10] = [
        Self::Ink,
        Self::Second,
        Self::Third,
        Self::Grid,
        Self::Axis,
        Self::Edge,
        Self::Surface,
        Self::Sunken,
        Self::OnInk,
        Self::Bad,
    ];

    /// The place of a value in `low..=high` on the alpha ramp; what lies beyond has the colour of the end.
    pub fn alpha(value: f64, (low, high): (f64, f64)) -> Self {
        Self::Alpha(level((value - low) / (high - low), ALPHA_LEVELS))
    }

    /// The place of a difference in `-most..=most` on its ramp; what lies beyond has the colour of the end.
    pub fn delta(value: f64, most: f64) -> Self {
        Self::Delta(level(0.5 + 0.5 * value / most, DELTA_LEVELS))
    }

    /// Every colour, in the order of [`Ink::index`].
    pub fn all() -> impl Iterator<Item = Self> {
        let arms = (0..ARMS).map(Self::Arm).chain((0..ARMS).map(Self::ArmText));
        let ramps = (0..ALPHA_LEVELS).map(Self::Alpha).chain((0..DELTA_LEVELS).map(Self::Delta));
        Self::PLAIN.into_iter().chain(arms).chain(ramps)
    }

    /// Its place in a palette. A ninth arm begins again with the first colour.
    pub fn index(self) -> usize {
        const PLAIN: usize = Ink::PLAIN.len();
        match self {
            Self::Ink => 0,
            Self::Second => 1,
            Self::Third => 2,
            Self::Grid => 3,
            Self::Axis => 4,
            Self::Edge => 5,
            Self::Surface => 6,
            Self::Sunken => 7,
            Self::OnInk => 8,
            Self::Bad => 9,
            Self::Arm(arm) => PLAIN + arm % ARMS,
            Self::ArmText(arm) => PLAIN + ARMS + arm % ARMS,
            Self::Alpha(level) => PLAIN + 2 * ARMS + level.min(ALPHA_LEVELS - 1),
            Self::Delta(level) => PLAIN + 2 * ARMS + ALPHA_LEVELS + level.min(DELTA_LEVELS - 1),
        }
    }

    /// The custom property that holds its value, and for a colour between two stops the next one with its share.
    pub fn property(self) -> (&'static str, Option<(&'static str, f64)>) {
        match self {
            Self::Ink => ("--ink", None),
            Self::Second => ("--ink-2", None),
            Self::Third => ("--ink-3", None),
            Self::Grid => ("--grid", None),
            Self::Axis => ("--axis", None),
            Self::Edge => ("--line-strong", None),
            Self::Surface => ("--surface", None),
            Self::Sunken => ("--sunken", None),
            Self::OnInk => ("--on-ink", None),
            Self::Bad => ("--bad", None),
            Self::Arm(arm) => (MARKS[arm % ARMS], None),
            Self::ArmText(arm) => (WORDS[arm % ARMS], None),
            Self::Alpha(level) => between(&ALPHA, level),
            Self::Delta(level) => between(&DELTA, level),
        }
    }
}

fn level(share: f64, levels: usize) -> usize {
    (share.clamp(0.0, 1.0) * (levels - 1) as f64).round() as usize
}

fn between(stops: &'static [&'static str], level: usize) -> (&'static str, Option<(&'static str, f64)>) {
    let level = level.min((stops.len() - 1) * BETWEEN);
    let (stop, rest) = (level / BETWEEN, level % BETWEEN);
    let next = (rest > 0).then(|| (stops[stop + 1], rest as f64 / BETWEEN as f64));
    (stops[stop], next)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_colour_has_its_own_place() {
        for (place, ink) in Ink::all().enumerate() {
            assert_eq!(ink.index(), place, "{ink:?}");
            assert!(ink.property().0.starts_with("--"));
        }
        assert_eq!(Ink::Arm(8).index(), Ink::Arm(0).index());
        assert_eq!(Ink::Alpha(usize::MAX).index(), Ink::Alpha(ALPHA_LEVELS - 1).index());
    }

    #[test]
    fn ramps_reach_from_end_to_end() {
        let domain = (1.5, 3.75);
        assert_eq!(Ink::alpha(1.5, domain), Ink::Alpha(0));
        assert_eq!(Ink::alpha(9.0, domain), Ink::Alpha(ALPHA_LEVELS - 1));
        assert_eq!(Ink::alpha(f64::NAN, domain), Ink::Alpha(0));
        assert_eq!(Ink::delta(0.0, 0.5).property(), ("--delta-3", None));
        assert_eq!(Ink::delta(-2.0, 0.5).property(), ("--delta-0", None));
        assert_eq!(Ink::Alpha(5).property(), ("--alpha-1", Some(("--alpha-2", 0.25))));
        assert_eq!(Ink::Alpha(ALPHA_LEVELS - 1).property(), ("--alpha-10", None));
    }
}
