//! Addition, plain and modular.

use super::{Kind, LISTED_PROBLEMS, Problem};
use crate::text::uniform::below;

/// `38+64=102`: the sum of two numbers of `size` digits.
///
/// Numbers are padded with zeros (`05+07=012`), so that a digit's place in the line tells its place value: small
/// transformers learn that well, and plain decimals of varying length badly (Lee et al. 2023, arXiv:2307.03381). They
/// would learn a reversed sum better still, but nobody reads one.
pub(super) const ADDITION: Kind = Kind {
    sizes: 1..=18,
    alphabet: "\n+0123456789=",
    longest: |size| 3 * size + 3,
    draw: |size, random| {
        let bound = 10_u64.pow(size as u32);
        let (left, right) = (below(random, bound), below(random, bound));
        sum(size, left, right)
    },
    list: |size| pairs(10_u64.pow(size as u32), |left, right| sum(size, left, right)),
};

/// `17+8=2`: the sum modulo `size`; with 97, the task of Power et al. 2022, arXiv:2201.02177.
pub(super) const MODULAR_ADDITION: Kind = Kind {
    sizes: 7..=997,
    alphabet: "\n+0123456789=",
    longest: |size| 3 * (size - 1).to_string().len() + 2,
    draw: |size, random| {
        let (left, right) = (below(random, size as u64), below(random, size as u64));
        modular_sum(size, left, right)
    },
    list: |size| pairs(size as u64, |left, right| modular_sum(size, left, right)),
};

fn sum(digits: usize, left: u64, right: u64) -> Problem {
    Problem {
        prompt: format!("{left:0digits$}+{right:0digits$}="),
        answer: format!("{sum:0width$}", sum = left + right, width = digits + 1),
    }
}

fn modular_sum(modulus: usize, left: u64, right: u64) -> Problem {
    Problem { prompt: format!("{left}+{right}="), answer: ((left + right) % modulus as u64).to_string() }
}

/// A problem for every two numbers below `bound`, if they are few.
fn pairs(bound: u64, problem: impl Fn(u64, u64) -> Problem) -> Option<Vec<Problem>> {
    bound.checked_mul(bound).filter(|count| *count <= LISTED_PROBLEMS)?;
    Some((0..bound).flat_map(|left| (0..bound).map(move |right| (left, right))).map(|(l, r)| problem(l, r)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::{Purpose, stream};

    fn operands(problem: &Problem) -> (&str, &str) {
        problem.prompt.strip_suffix('=').unwrap().split_once('+').unwrap()
    }

    #[test]
    fn sums_are_right_and_padded() {
        for index in 0..200 {
            let digits = 1 + index as usize % 18;
            let problem = (ADDITION.draw)(digits, &mut stream(1, Purpose::Task, 0, index));
            let (left, right) = operands(&problem);
            assert_eq!((left.len(), right.len(), problem.answer.len()), (digits, digits, digits + 1));
            let number = |digits: &str| digits.parse::<u64>().unwrap();
            assert_eq!(number(left) + number(right), number(&problem.answer));
        }
        assert_eq!(sum(2, 5, 7), Problem { prompt: "05+07=".into(), answer: "012".into() });
        assert_eq!(sum(18, u64::pow(10, 18) - 1, 1).answer, "1000000000000000000");
    }

    #[test]
    fn modular_sums_are_right() {
        for index in 0..200 {
            let modulus = 7 + index as usize;
            let problem = (MODULAR_ADDITION.draw)(modulus, &mut stream(1, Purpose::Task, 0, index));
            let (left, right) = operands(&problem);
            let (left, right, answer): (usize, usize, usize) =
                (left.parse().unwrap(), right.parse().unwrap(), problem.answer.parse().unwrap());
            assert!(left < modulus && right < modulus && answer < modulus);
            assert!(left + right == answer || left + right == answer + modulus);
        }
        assert_eq!(modular_sum(23, 17, 8), Problem { prompt: "17+8=".into(), answer: "2".into() });
    }

    #[test]
    fn few_problems_are_listed() {
        assert_eq!((ADDITION.list)(2).unwrap().len(), 10_000);
        assert!((ADDITION.list)(3).is_none());
        assert!((ADDITION.list)(18).is_none());
        assert_eq!((MODULAR_ADDITION.list)(97).unwrap().len(), 9409);
        assert!((MODULAR_ADDITION.list)(149).is_none());
    }
}
