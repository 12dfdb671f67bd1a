//! Loss on held-out text, and exact answers to held-out problems.

use super::{
    TrainError,
    metrics::{read_all, sum},
};
use crate::{
    decode::complete_greedily,
    model::{Transformer, Weights},
    text::{self, Batch, Dataset, validation_windows},
};

/// Held-out problems that one validation of a synthetic task answers.
const PROBLEMS: usize = 64;

/// What a validation finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// Mean cross-entropy on the text that the last update learned, in nats per token.
    pub loss: f64,
    /// The same on the other text, in a run of two.
    pub other_loss: Option<f64>,
    /// Share of a task's held-out problems answered exactly, for a synthetic task.
    pub exact_match: Option<f64>,
}

/// Mean cross-entropy in nats per token over at most `windows` windows of the held-out `tokens`, in forwards of at most
/// `batch` windows.
pub async fn loss(
    transformer: &Transformer,
    weights: &Weights,
    tokens: &[u32],
    windows: usize,
    batch: usize,
) -> Result<f64, TrainError> {
    let context = transformer.config.context;
    let starts = validation_windows(tokens.len(), context, windows);
    let losses = starts.chunks(batch).map(|starts| {
        let batch = Batch::of_windows(tokens, starts, context);
        transformer.losses(weights, &batch, transformer.causal())
    });
    let losses = read_all(losses).await?;
    let total: f64 = starts.chunks(batch).zip(losses).map(|(starts, losses)| starts.len() as f64 * sum(&losses)).sum();
    Ok(total / starts.len() as f64)
}

/// Share of a task's first held-out problems that the model answers exactly, likeliest token by likeliest token; none
/// when the text is no task.
pub async fn exact_match(
    transformer: &Transformer,
    weights: &Weights,
    dataset: &Dataset,
    seed: u32,
) -> Result<Option<f64>, TrainError> {
    let Some(task) = &dataset.task else {
        return Ok(None);
    };
    let mut problems = task.validation(seed);
    problems.truncate(PROBLEMS);
    // A line end before the prompt: in the training text every problem but the first follows one.
    let prompts: Vec<Vec<u32>> =
        problems.iter().map(|problem| dataset.tokeniser.encode(&format!("\n{}", problem.prompt))).collect();
    let longest = problems.iter().map(|problem| dataset.tokeniser.encode(&problem.answer).len()).max().unwrap_or(0);
    let answers = complete_greedily(transformer, weights, &prompts, longest + 1).await?;
    let exact = problems
        .iter()
        .zip(&answers)
        .filter(|(problem, answer)| text::exact_match(&problem.answer, &dataset.tokeniser.decode(answer)));
    Ok(Some(exact.count() as f64 / problems.len() as f64))
}
