//! Every pair of arms: the rows of a forest plot.

use super::{Arm, Final, NoVerdict, Verdict};

/// One pair of arms.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// `[A, B]`: the row reads "B − A".
    pub arms: [Arm; 2],
    /// The verdict over their seeds, or why there is none yet.
    pub verdict: Result<Verdict, NoVerdict>,
}

/// The pairs of several arms: first every other arm less the first one (B − A, C − A), then the others among
/// themselves, the earlier less the later (B − C).
///
/// Every interval covers its own difference with 95 %; together they do not, and the more pairs there are, the more
/// likely is a word by chance.
pub fn forest(arms: &[(Arm, Vec<Final>)]) -> Vec<Row> {
    let Some(((first, baseline), others)) = arms.split_first() else { return Vec::new() };
    let row = |a: (Arm, &[Final]), b: (Arm, &[Final])| Row { arms: [a.0, b.0], verdict: Verdict::of(a, b) };
    let mut rows: Vec<Row> = others.iter().map(|(arm, runs)| row((*first, baseline), (*arm, runs))).collect();
    for (i, (earlier, of_earlier)) in others.iter().enumerate() {
        rows.extend(others[i + 1..].iter().map(|(later, runs)| row((*later, runs), (*earlier, of_earlier))));
    }
    rows
}
