//! What a verdict shows where losses are bounds: a bound lies above the loss of its model, and nobody knows how far.

use super::{Arm, Verdict, Word};
use crate::objective::Quantity;

/// The parts of a verdict between a bound and a likelihood.
struct Mixed {
    /// The arm whose loss is a bound.
    bound: Arm,
    /// The arm whose loss is a likelihood.
    likelihood: Arm,
}

impl Verdict {
    /// Whether it shows that one model is better, where the losses of its two arms are these quantities: a bound below a
    /// likelihood does, a bound above anything does not.
    pub fn shows_a_better_model(&self, quantities: [Quantity; 2]) -> bool {
        match (self.word, self.mixed(quantities)) {
            (Word::NotDistinguishable, _) => false,
            (Word::Better(arm), Some(mixed)) => arm == mixed.bound,
            (Word::Better(_), None) => quantities == [Quantity::Likelihood; 2],
        }
    }

    /// The word, where the losses of its two arms are these quantities: "B better", "B better bound" of two bounds, or
    /// "B's bound above A", which says nothing of the models.
    pub fn word_of(&self, quantities: [Quantity; 2]) -> String {
        match (self.word, self.mixed(quantities)) {
            (Word::Better(arm), Some(Mixed { bound, likelihood })) if arm == likelihood => {
                format!("{bound}'s bound above {likelihood}")
            }
            (Word::Better(arm), None) if quantities != [Quantity::Likelihood; 2] => format!("{arm} better bound"),
            (word, _) => word.to_string(),
        }
    }

    /// As [`Verdict::conclusion`], with [`Verdict::word_of`].
    pub fn conclusion_of(&self, quantities: [Quantity; 2]) -> String {
        if self.is_decided() { self.word_of(quantities) } else { self.conclusion() }
    }

    /// What must be said beside the verdict, where the losses of its two arms are these quantities.
    pub fn caution(&self, quantities: [Quantity; 2]) -> Option<String> {
        let Some(Mixed { bound, likelihood }) = self.mixed(quantities) else {
            let sentence = "Both losses are upper bounds: a better bound does not show a better model.";
            return (quantities != [Quantity::Likelihood; 2]).then(|| sentence.to_owned());
        };
        let compared = format!("This compares a bound ({bound}) with a likelihood ({likelihood})");
        Some(match self.word == Word::Better(bound) {
            true => format!("{compared}: even the bound is below the likelihood."),
            false => format!("{compared}: a worse bound does not show a worse model."),
        })
    }

    fn mixed(&self, quantities: [Quantity; 2]) -> Option<Mixed> {
        let [a, b] = self.pairs.arms;
        match quantities.map(|quantity| quantity == Quantity::Likelihood) {
            [true, false] => Some(Mixed { bound: b, likelihood: a }),
            [false, true] => Some(Mixed { bound: a, likelihood: b }),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use Quantity::{Bound, Likelihood};

    use super::*;
    use crate::stats::tests::finals;

    /// The verdict on B with these losses against A with losses near 2.
    fn verdict(b: f64) -> Verdict {
        let of = |loss: f64| finals(&[loss, loss + 0.001, loss - 0.001, loss + 0.002]);
        let a = finals(&[2.0, 2.001, 2.002, 1.999]);
        Verdict::of((Arm::A, &a), (Arm::B, &of(b))).expect("four pairs")
    }

    #[test]
    fn likelihoods_have_the_word_alone() {
        let found = verdict(1.9);
        assert_eq!(found.word_of([Likelihood; 2]), "B better");
        assert_eq!((found.caution([Likelihood; 2]), found.shows_a_better_model([Likelihood; 2])), (None, true));
    }

    #[test]
    fn a_worse_bound_does_not_show_a_worse_model() {
        let found = verdict(2.1);
        assert_eq!(found.word, Word::Better(Arm::A));
        assert_eq!(found.word_of([Likelihood, Bound]), "B's bound above A");
        assert_eq!(found.conclusion_of([Likelihood, Bound]), "B's bound above A");
        assert!(!found.shows_a_better_model([Likelihood, Bound]));
        assert_eq!(
            found.caution([Likelihood, Bound]).as_deref(),
            Some("This compares a bound (B) with a likelihood (A): a worse bound does not show a worse model.")
        );
    }

    #[test]
    fn a_bound_below_a_likelihood_shows_a_better_model() {
        for (found, quantities, word) in
            [(verdict(1.9), [Likelihood, Bound], "B better"), (verdict(2.1), [Bound, Likelihood], "A better")]
        {
            assert_eq!((found.word_of(quantities).as_str(), found.shows_a_better_model(quantities)), (word, true));
            let caution = found.caution(quantities).expect("a caution");
            assert!(caution.ends_with("even the bound is below the likelihood."), "{caution}");
        }
    }

    #[test]
    fn of_two_bounds_the_word_says_so() {
        let found = verdict(1.9);
        assert_eq!(
            (found.word_of([Bound; 2]).as_str(), found.shows_a_better_model([Bound; 2])),
            ("B better bound", false)
        );
        assert!(found.caution([Bound; 2]).is_some_and(|caution| caution.starts_with("Both losses are upper bounds")));
    }

    #[test]
    fn what_is_not_distinguishable_stays_so() {
        let found = verdict(2.0002);
        for quantities in [[Likelihood; 2], [Bound; 2], [Likelihood, Bound]] {
            assert_eq!(found.word_of(quantities), "not distinguishable");
            assert_eq!(found.conclusion_of(quantities), found.conclusion());
            assert!(!found.shows_a_better_model(quantities));
        }
    }
}
