//! Token editing (LLaDA 2.1 2026, arXiv:2602.08676).

use futures::future::LocalBoxFuture;

use super::{
    super::{Canvas, DecodeError, Decoder, Guess, Method, Sampling, distribution::descending, select},
    knobs::{MIN_P, THRESHOLD, TOP_K, TOP_P, value},
    selecting::{baseline, needs_masks},
};
use crate::{
    objective::Reading,
    policy::{Description, Knob, Settings},
};

const EDIT: Knob = Knob {
    id: "edit",
    name: "Edit threshold",
    unit: "",
    range: 0.0..=1.0,
    is_whole: false,
    default: 0.9,
    summary: "Replaces a committed token when another one is more probable than this; 1 never does.",
};

const DESCRIPTION: Description = Description {
    id: "edit",
    name: "Token editing",
    summary: "Commits all tokens above a threshold and goes on to correct those of the block.",
    source: "LLaDA 2.1 2026, arXiv:2602.08676",
    knobs: &[THRESHOLD, EDIT, TOP_K, TOP_P, MIN_P],
    null: Some(&[("edit", 1.0)]),
};

/// Forwards that a block may take once it has no mask left.
const EXTRA: usize = 16;

/// Each forward commits the masked tokens with `p(x_i) > threshold`, or the most confident one, and replaces the tokens
/// `x_i` that are not the prompt's by `y = argmax p_i` where `y != x_i` and `p_i(y) > edit`. A block is done when it has
/// no mask and nothing is replaced, or [`EXTRA`] forwards after its last mask.
pub struct Edit;

impl Decoder for Edit {
    fn description(&self) -> &'static Description {
        &DESCRIPTION
    }

    #[cfg(feature = "engine")]
    fn fill<'a>(
        &'a self,
        settings: &'a Settings,
        canvas: &'a mut Canvas<'_>,
        sampling: &'a Sampling,
    ) -> LocalBoxFuture<'a, Result<(), DecodeError>> {
        Box::pin(async move {
            let size = canvas.task.block;
            let (threshold, edit) = (value(self, settings, &THRESHOLD), value(self, settings, &EDIT));
            while let Some(mut block) = canvas.begin_block(size, sampling) {
                let mut extra = 0;
                loop {
                    let is_full = canvas.masked(&block).is_empty();
                    if is_full && edit >= 1.0 {
                        break;
                    }
                    if is_full && extra == EXTRA {
                        canvas.hit_bound(format!(
                            "The block at position {} still changed {EXTRA} forwards after its last mask.",
                            block.positions.start
                        ));
                        break;
                    }
                    extra += usize::from(is_full);
                    let answers = canvas.draft(&block).await?;
                    let free: Vec<usize> = canvas.free(&block).collect();
                    let guesses = canvas.guesses(&mut block, &answers, &free, sampling);
                    if change(canvas, &guesses, threshold, edit) == 0 {
                        break;
                    }
                }
                canvas.keep(block).await?;
            }
            Ok(())
        })
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        needs_masks(&DESCRIPTION, settings, reading)
    }

    fn caution(&self, settings: &Settings, reading: &Reading) -> Option<&'static str> {
        let is_untrained = !reading.edits && value(self, settings, &EDIT) < 1.0;
        is_untrained.then_some("This network was never shown a wrong token, so it has not learned to replace one.")
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        Some(baseline(("threshold", &[("strict", 1.0)])))
    }
}

/// Fills masks and replaces tokens by one draft; answers with how many changed.
fn change(canvas: &mut Canvas<'_>, guesses: &[Guess], threshold: f64, edit: f64) -> usize {
    let mask = canvas.mask;
    let (masked, standing): (Vec<&Guess>, Vec<&Guess>) =
        guesses.iter().partition(|guess| canvas.tokens[guess.position] == mask);
    let confidence: Vec<f64> = masked.iter().map(|guess| guess.plain()).collect();
    let picks = select::threshold(&confidence, threshold, true);
    picks.iter().for_each(|pick| canvas.commit(masked[*pick], confidence[*pick]));
    let mut count = picks.len();
    for guess in standing {
        let likeliest = Guess { token: descending(&guess.plain)[0] as u32, ..guess.clone() };
        if likeliest.plain() > edit && likeliest.token != canvas.tokens[guess.position] {
            canvas.write(&likeliest, likeliest.plain());
            count += 1;
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::{
        super::super::{
            Action, Meter, Task, TraceEvent,
            oracle::{Table, decode, reading},
        },
        *,
    };

    /// A text of four equal tokens, so that any token but the wrong one tells what must stand in its place.
    fn network() -> Table {
        let mut joint = vec![0.01 / 14.0; 16];
        (joint[0], joint[15]) = (0.495, 0.495);
        let mut network = Table::new(Reading { edits: true, ..reading(4) }, 2, 4, &joint);
        network.leaves_out_own = true;
        network
    }

    #[test]
    fn a_wrong_token_is_repaired_and_the_prompt_never_is() {
        let task = Task { prompt: vec![0], length: 3, block: 4, temperature: 1.0, seed: 1, step: 0 };
        let (mut edits, mut unequal) = (0, [0; 2]);
        let method = Method::find("edit").expect("it is there");
        for seed in 0..200 {
            for (settings, unequal) in [0.9, 1.0].into_iter().zip(&mut unequal) {
                // Everything is committed at once, each token by itself.
                let settings = super::super::knobs::settings(&[("threshold", 0.0), ("edit", settings)]);
                let (text, trace) = decode(method, &settings, &Task { seed, ..task.clone() }, &mut network());
                *unequal += usize::from(text.expect("a sound task").contains(&1));
                edits += Meter::of(&trace).edits;
                for event in &trace {
                    if let TraceEvent::Token(mark) = event {
                        assert!(mark.position > 0 && (mark.action == Action::Commit || mark.token < 2));
                    }
                }
            }
        }
        assert!(edits > 0 && unequal[0] < unequal[1], "{edits} edits leave {unequal:?} texts with a wrong token");
    }

    #[test]
    fn a_network_that_never_saw_a_wrong_token_is_cautioned_against() {
        let method = Method::find("edit").expect("it is there");
        let caution = |settings: &Settings, edits: bool| method.caution(settings, &Reading { edits, ..reading(4) });
        assert!(caution(&Settings::default(), false).is_some_and(|words| words.ends_with('.')));
        assert_eq!(caution(&Settings::default(), true), None);
        assert_eq!(caution(&super::super::knobs::settings(&[("edit", 1.0)]), false), None, "it edits nothing");
    }
}
