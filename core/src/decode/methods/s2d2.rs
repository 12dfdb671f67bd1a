//! Self-speculation: the network drafts a block and verifies it autoregressively (S2D2 2026, arXiv:2603.25702).

use futures::future::LocalBoxFuture;

use super::{
    super::{
        Action, Block, Canvas, DecodeError, Decoder, Gauge, Guess, Method, Sampling,
        distribution::draw,
        select,
        speculate::{Bandit, Hysteresis, acceptance, expected_prefix, foreseen_acceptance, residual},
    },
    knobs::{MIN_P, STEPS, THRESHOLD, TOP_K, TOP_P},
    selecting::{baseline, needs_masks, steps},
};
use crate::{
    objective::Reading,
    policy::{Description, Knob, Settings},
};

const POLICY: Knob = Knob {
    id: "policy",
    name: "Routing",
    unit: "",
    range: 0.0..=5.0,
    is_whole: true,
    default: 3.0,
    summary: "When a draft is verified.",
};

const SPAN: Knob = Knob {
    id: "span",
    name: "Least length",
    unit: "tokens",
    range: 1.0..=4096.0,
    is_whole: true,
    default: 4.0,
    summary: "Routing by length verifies drafts of at least so many tokens.",
};

const ON: Knob = Knob {
    id: "on",
    name: "Score",
    unit: "tokens",
    range: -100.0..=100.0,
    is_whole: false,
    default: 0.0,
    summary: "Routing by score verifies from this score on; hysteresis begins to above it.",
};

const OFF: Knob = Knob {
    id: "off",
    name: "Lower score",
    default: -5.0,
    summary: "Hysteresis stops verifying below this score.",
    ..ON
};

const COST: Knob = Knob {
    id: "cost",
    name: "Cost",
    unit: "tokens",
    range: 0.0..=100.0,
    is_whole: false,
    default: 1.0,
    summary: "What a verification costs: the score is the expected accepted length minus this.",
};

const PER_TOKEN: Knob = Knob {
    id: "per-token",
    name: "Cost per sure token",
    unit: "",
    range: 0.0..=1.0,
    is_whole: true,
    default: 0.0,
    summary: "At 1, the cost counts once for each drafted token above the threshold.",
};

const RATE: Knob = Knob {
    id: "rate",
    name: "Entropy rate",
    unit: "",
    range: 0.0..=100.0,
    is_whole: false,
    default: 1.0,
    summary: "How fast the expected acceptance falls with the draft's entropy.",
};

const SHARPNESS: Knob = Knob {
    id: "sharpness",
    name: "Acceptance exponent",
    unit: "",
    range: 0.1..=10.0,
    is_whole: false,
    default: 1.0,
    summary: "Exponent of the acceptance ratio; other values than 1 bend the law of the tokens.",
};

const DESCRIPTION: Description = Description {
    id: "s2d2",
    name: "Self-speculation",
    summary: "Drafts a block, verifies it autoregressively where that pays, and else commits by confidence.",
    source: "S2D2 2026, arXiv:2603.25702",
    knobs: &[POLICY, SPAN, ON, OFF, COST, PER_TOKEN, RATE, SHARPNESS, THRESHOLD, STEPS, TOP_K, TOP_P, MIN_P],
    null: Some(&[("policy", 0.0)]),
};

const EXACT_DESCRIPTION: Description = Description {
    id: "s2d2-exact",
    name: "Exact self-speculation",
    summary: "Verifies every draft, so that its texts have the law of autoregressive decoding.",
    source: "S2D2 2026, arXiv:2603.25702; Leviathan et al. 2023, arXiv:2211.17192",
    knobs: &[TOP_K, TOP_P, MIN_P],
    null: None,
};

/// The first run of masks is drafted from `p`, and verified with the law `q` of blocks of one token: token `i` is accepted
/// with probability `min(1, q(x_i) / p(x_i))` as long as all before it were; the first one rejected is drawn anew from
/// `(q - p)+`. Where routing verifies nothing, or fewer tokens than the schedule asks for were accepted, tokens are
/// committed as in the dynamic decoder.
pub const S2D2: Speculating = Speculating { description: &DESCRIPTION, is_exact: false };

/// The same with every draft verified and nothing committed otherwise. Tokens are kept as blocks of one token are, so
/// that its texts have exactly the law of the network's autoregressive decoding.
pub const EXACT: Speculating = Speculating { description: &EXACT_DESCRIPTION, is_exact: true };

/// A decoder that verifies its own drafts.
pub struct Speculating {
    description: &'static Description,
    is_exact: bool,
}

/// What routing remembers.
#[derive(Default)]
struct Router {
    switch: Hysteresis,
    bandit: Bandit,
}

impl Decoder for Speculating {
    fn description(&self) -> &'static Description {
        self.description
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
            let kept = self.kept_block(size);
            let mut router = Router::default();
            while let Some(mut block) = canvas.begin_block(size, sampling) {
                for step in 0.. {
                    let masked = canvas.masked(&block);
                    if masked.is_empty() {
                        break;
                    }
                    let answers = canvas.draft(&block).await?;
                    let guesses = canvas.guesses(&mut block, &answers, &masked, sampling);
                    let span = leading_run(&masked);
                    let (verify, situation) = self.route(settings, canvas, &block, &guesses, span, &mut router);
                    let mut committed = 0;
                    if verify {
                        let exponent = if self.is_exact { 1.0 } else { self.value(settings, &SHARPNESS) };
                        committed = judge(canvas, &block, &guesses[..span], sampling, exponent).await?;
                    }
                    if !self.is_exact {
                        committed += self.fall_back(settings, canvas, &guesses, (step, size), committed);
                        let forwards = if verify { 2.0 } else { 1.0 };
                        router.bandit.learn(situation, verify, committed as f64 / forwards);
                    }
                }
                canvas.keep(Block { size: kept, ..block }).await?;
            }
            Ok(())
        })
    }

    fn kept_block(&self, block: usize) -> usize {
        if self.is_exact { 1 } else { block }
    }

    fn fault(&self, settings: &Settings, reading: &Reading) -> Option<(String, String)> {
        if let Some(fault) = needs_masks(self.description, settings, reading) {
            return Some(fault);
        }
        if !reading.sizes.contains(&1) {
            let message = format!(
                "{} verifies in blocks of one token: choose a checkpoint that was trained on them too, such as one of a mixture.",
                self.description.name
            );
            return Some(("method".to_owned(), message));
        }
        if self.is_exact || self.value(settings, &OFF) <= self.value(settings, &ON) {
            return None;
        }
        let (off, on) = (self.value(settings, &OFF), self.value(settings, &ON));
        Some((OFF.id.to_owned(), format!("{} is {off}: choose at most the score, {on}.", OFF.name)))
    }

    fn names(&self, knob: &str) -> &'static [&'static str] {
        match knob {
            "policy" => &["Never", "Always", "By length", "By score", "Hysteresis", "Bandit"],
            _ => &[],
        }
    }

    fn null_of(&self) -> Option<(Method, Settings)> {
        (!self.is_exact).then(|| baseline(("dynamic", &[])))
    }
}

/// How many of the masked positions follow one another from the first one on.
fn leading_run(masked: &[usize]) -> usize {
    masked.iter().enumerate().take_while(|(index, position)| **position == masked[0] + index).count()
}

/// Verifies a draft and commits what is accepted, and one token more where one is not; answers with how many.
async fn judge(
    canvas: &mut Canvas<'_>,
    block: &Block,
    span: &[Guess],
    sampling: &Sampling,
    exponent: f64,
) -> Result<usize, DecodeError> {
    span.iter().for_each(|guess| canvas.mark(Action::Draft, guess, guess.sampled()));
    let answers = canvas.verify(block).await?;
    let mut accepted = 0;
    for guess in span {
        let mut verified = Guess::new(guess.position, answers.at(guess.position), sampling, 0.0);
        let token = guess.token as usize;
        let ratio = acceptance(guess.law[token], verified.law[token], exponent);
        if canvas.choice() < ratio {
            canvas.mark(Action::Accept, guess, verified.plain[token]);
            accepted += 1;
            continue;
        }
        verified.token = draw(&residual(&guess.law, &verified.law), canvas.choice()) as u32;
        canvas.mark(Action::Reject, &verified, verified.plain());
        break;
    }
    canvas.gauge(Gauge::Prefix, accepted as f64);
    let judged = (accepted + 1).min(span.len());
    span[judged..].iter().for_each(|guess| canvas.forget(guess.position));
    Ok(judged)
}

impl Speculating {
    fn value(&self, settings: &Settings, knob: &Knob) -> f64 {
        self.description.value(settings, knob.id)
    }

    /// Whether to verify the first `span` drafted tokens, and the situation that the bandit learns from.
    fn route(
        &self,
        settings: &Settings,
        canvas: &mut Canvas<'_>,
        block: &Block,
        guesses: &[Guess],
        span: usize,
        router: &mut Router,
    ) -> (bool, usize) {
        if self.is_exact {
            return (true, 0);
        }
        let (vocabulary, rate) = (canvas.mask as usize, self.value(settings, &RATE));
        let foreseen: Vec<f64> =
            guesses[..span].iter().map(|guess| foreseen_acceptance(guess.entropy(), vocabulary, rate)).collect();
        let threshold = self.value(settings, &THRESHOLD);
        let sure = guesses.iter().filter(|guess| guess.sampled() > threshold).count();
        let count = if self.value(settings, &PER_TOKEN) == 1.0 { sure as f64 } else { 1.0 };
        let prefix = expected_prefix(&foreseen);
        let score = prefix - self.value(settings, &COST) * count;
        let length = block.positions.len();
        let doubt = guesses[..span].iter().map(|guess| 1.0 - guess.certainty()).sum::<f64>() / span as f64;
        let situation = usize::from(2 * span >= length)
            + 2 * usize::from(2 * guesses.len() <= length)
            + 4 * usize::from(doubt >= 0.5);
        let policy = self.value(settings, &POLICY) as usize;
        if policy > 0 {
            canvas.gauge(Gauge::ExpectedPrefix, prefix);
        }
        let verify = match policy {
            0 => false,
            1 => true,
            2 => span as f64 >= self.value(settings, &SPAN),
            3 => score >= self.value(settings, &ON),
            4 => router.switch.turn(score, self.value(settings, &ON), self.value(settings, &OFF)),
            _ => router.bandit.choose(situation),
        };
        (verify, situation)
    }

    /// Commits as the dynamic decoder does where a verification committed fewer tokens than the schedule asks for;
    /// answers with how many.
    fn fall_back(
        &self,
        settings: &Settings,
        canvas: &mut Canvas<'_>,
        guesses: &[Guess],
        (step, size): (usize, usize),
        committed: usize,
    ) -> usize {
        let wanted = select::scheduled(size, steps(self.value(settings, &STEPS), size), step).max(1);
        let rest: Vec<&Guess> = guesses.iter().filter(|guess| canvas.tokens[guess.position] == canvas.mask).collect();
        if committed >= wanted || rest.is_empty() {
            return 0;
        }
        let confidence: Vec<f64> = rest.iter().map(|guess| guess.sampled()).collect();
        let picks = select::dynamic(&confidence, self.value(settings, &THRESHOLD), wanted - committed);
        picks.iter().for_each(|pick| canvas.commit(rest[*pick], confidence[*pick]));
        picks.len()
    }
}
