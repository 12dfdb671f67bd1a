//! Loss on held-out text, and exact answers to held-out problems.

use super::{
    TrainError,
    metrics::{read_all, sum},
};
use crate::{
    decode::{Checkpoint, Task, complete_greedily, whole_blocks, write},
    experiment::Experiment,
    model::{Transformer, Weights},
    objective::{BlockLoss, Example, Noise, Probe, Quantity},
    text::{self, Batch, Dataset, validation_windows},
};

/// Held-out problems that one validation of a synthetic task answers.
const PROBLEMS: usize = 64;

/// What a validation finds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Validation {
    /// The objective's validation loss on the text that the last update learned, in nats per token.
    pub loss: f64,
    /// The standard error that the draws of noise leave in it, for a bound.
    pub error: Option<f64>,
    /// The same on the other text, in a run of two.
    pub other_loss: Option<f64>,
    /// Share of a task's held-out problems answered exactly, for a synthetic task.
    pub exact_match: Option<f64>,
}

/// A validation loss.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimate {
    /// Nats per token.
    pub loss: f64,
    /// The standard error that the draws of noise leave in it; none where there is no noise.
    pub error: Option<f64>,
}

/// The objective's validation loss over windows of the held-out `tokens`, in forwards of at most as many windows as a
/// training batch has. A bound is the mean of two draws of noise for each window, whose differences tell its error.
pub async fn loss(
    transformer: &Transformer,
    weights: &Weights,
    tokens: &[u32],
    experiment: &Experiment,
) -> Result<Estimate, TrainError> {
    let Experiment { objective, train, seed, .. } = experiment;
    let context = transformer.config.context;
    let starts = validation_windows(tokens.len(), context, train.eval_windows);
    let draws = if objective.measure(context) == Quantity::Likelihood { 1 } else { 2 };
    // One draw after the other over all windows, each forward with noise of its own.
    let chunks: Vec<_> = (0..draws).flat_map(|_| starts.chunks(train.batch)).enumerate().collect();
    let losses = chunks.iter().map(|(draw, starts)| {
        let windows = Batch::of_windows(tokens, starts, context);
        let example = objective.validation(&windows, transformer.vocabulary, *seed, *draw as u64);
        transformer.losses(weights, &example)
    });
    let losses = read_all(losses).await?;
    let of_windows = chunks.iter().zip(&losses).flat_map(|((_, starts), losses)| {
        // The loss of a forward is the mean over its windows.
        losses.chunks(losses.len() / starts.len()).map(|rows| sum(rows) * starts.len() as f64)
    });
    let of_windows: Vec<f64> = of_windows.collect();
    let count = starts.len() as f64;
    let loss = of_windows.iter().sum::<f64>() / (count * draws as f64);
    let error = (draws == 2).then(|| {
        let (first, second) = of_windows.split_at(starts.len());
        let squares: f64 = first.iter().zip(second).map(|(first, second)| (first - second).powi(2)).sum();
        squares.sqrt() / (2.0 * count)
    });
    Ok(Estimate { loss, error })
}

/// What the blocks of the held-out windows lose at all noise levels, for an objective that learns from it; none for the
/// others.
pub async fn probe(
    transformer: &Transformer,
    weights: &Weights,
    tokens: &[u32],
    experiment: &Experiment,
    step: usize,
) -> Result<Option<Vec<BlockLoss>>, TrainError> {
    let Experiment { objective, train, seed, .. } = experiment;
    let context = transformer.config.context;
    let starts = validation_windows(tokens.len(), context, train.eval_windows);
    let chunks: Vec<_> = starts.chunks(train.batch).enumerate().collect();
    let probes = chunks.iter().map(|(chunk, starts)| {
        let windows = Batch::of_windows(tokens, starts, context);
        objective.probe(&windows, transformer.vocabulary, *seed, (step * chunks.len() + chunk) as u64)
    });
    let Some(probes) = probes.collect::<Option<Vec<Probe>>>() else {
        return Ok(None);
    };
    let losses = probes.iter().map(|probe| {
        let weights_of_rows = vec![1.0; probe.example.weights.len()];
        transformer.losses(weights, &Example { weights: weights_of_rows, ..probe.example.clone() })
    });
    let losses = read_all(losses).await?;
    Ok(Some(probes.iter().zip(&losses).flat_map(|(probe, losses)| probe.blocks(losses)).collect()))
}

/// Share of a task's first held-out problems that the model answers exactly, likeliest token by likeliest token; none
/// when the text is no task.
pub async fn exact_match(
    transformer: &Transformer,
    weights: &Weights,
    dataset: &Dataset,
    experiment: &Experiment,
) -> Result<Option<f64>, TrainError> {
    let Some(task) = &dataset.task else {
        return Ok(None);
    };
    let mut problems = task.validation(experiment.seed);
    problems.truncate(PROBLEMS);
    // A line end before the prompt: in the training text every problem but the first follows one.
    let prompts: Vec<Vec<u32>> =
        problems.iter().map(|problem| dataset.tokeniser.encode(&format!("\n{}", problem.prompt))).collect();
    let longest = problems.iter().map(|problem| dataset.tokeniser.encode(&problem.answer).len()).max().unwrap_or(0);
    let reading = experiment.objective.reading(transformer.config.context);
    let answers = if reading.noise == Noise::None {
        complete_greedily(transformer, weights, &prompts, longest + 1).await?
    } else {
        let checkpoint = Checkpoint::read(transformer, weights, reading).await?;
        complete_blocks(&checkpoint, prompts, longest + 1).await
    };
    let exact = problems
        .iter()
        .zip(&answers)
        .filter(|(problem, answer)| text::exact_match(&problem.answer, &dataset.tokeniser.decode(answer)));
    Ok(Some(exact.count() as f64 / problems.len() as f64))
}

/// Continues every prompt by at least `length` tokens with the checkpoint's usual decoder at temperature 0.
async fn complete_blocks(checkpoint: &Checkpoint, prompts: Vec<Vec<u32>>, length: usize) -> Vec<Vec<u32>> {
    let (context, block) = (checkpoint.transformer.config.context, checkpoint.reading.block);
    let mut answers = Vec::with_capacity(prompts.len());
    for prompt in prompts {
        let length = whole_blocks(prompt.len(), length, block, context);
        let task = Task { prompt, length, block, temperature: 0.0, seed: 0, step: 0 };
        answers.push(write(&mut checkpoint.network(), task).await);
    }
    answers
}
