//! Decoding from the run's weights: single texts with their traces, measurements of decoders, and judgements.

use super::{
    DecodeFrame, DecodeRequest, DecodeStart, DecoderSetup, Event, Failure, Host, JudgeRequest, Judged, MeasureRequest,
    Measured, RunState,
    engine::{Engine, Run},
};
use crate::{
    decode::{Action, Checkpoint, DecodeError, Decoder, Meter, Task, TraceEvent, usual, whole_blocks},
    model::Weights,
    objective::Noise,
    policy::Chosen,
    random::{Purpose, stream},
    text::{exact_match, uniform::below},
};

/// Weights of earlier steps that a run keeps to decode from.
const KEPT: usize = 12;

/// Most prompts of one measurement.
const PROMPTS: usize = 256;

/// The weights of earlier steps.
#[derive(Default)]
pub(super) struct Kept(Vec<(usize, Weights)>);

impl Kept {
    /// Keeps the weights of a step, and gives up every second of the others when there are too many.
    pub fn keep(&mut self, step: usize, weights: &Weights) {
        self.0.retain(|(known, _)| *known < step);
        self.0.push((step, weights.clone()));
        if self.0.len() > KEPT {
            let last = self.0.len() - 1;
            let mut place = 0..;
            self.0.retain(|_| place.next().is_some_and(|place| place % 2 == last % 2));
        }
    }

    /// The steps, ascending.
    pub fn steps(&self) -> Vec<usize> {
        self.0.iter().map(|(step, _)| *step).collect()
    }

    fn find(&self, step: usize) -> Option<&Weights> {
        self.0.iter().find(|(known, _)| *known == step).map(|(_, weights)| weights)
    }
}

/// What a decode came to.
struct Decoded {
    tokens: Vec<u32>,
    events: Vec<TraceEvent>,
    /// Seconds of decoding when each forward was answered.
    seconds: Vec<f64>,
}

impl<H: Host> Engine<H> {
    /// Draws a sample block by block: what fits in the context behind the end of the prompt.
    pub(super) async fn sample_blocks(&mut self) {
        let Some(run) = &self.run else { return };
        let trainer = &run.trainer;
        let checkpoint = match trainer.checkpoint(trainer.weights()).await {
            Ok(checkpoint) => checkpoint,
            Err(error) => return self.break_off(error),
        };
        let (sample, tokeniser) = (&trainer.experiment().sample, &trainer.dataset().tokeniser);
        let (context, block) = (checkpoint.transformer.config.context, checkpoint.reading.block);
        let mut prompt = run.sample_prompt();
        prompt.drain(..prompt.len().saturating_sub(context / 2));
        let step = trainer.steps_done();
        let length = whole_blocks(prompt.len(), sample.length, block, context);
        let task = task(run, step, prompt, (length, block), sample.temperature);
        let start = start(run, &checkpoint, &task);
        let decoder = Chosen::new(usual(&checkpoint.reading));
        // What a network that is not finite would write is no text; its run breaks off with the next step.
        let Ok(decoded) = self.run_decoder(&decoder, &checkpoint, task).await else { return };
        let (prompt, text) = (tokeniser.decode(&start.prompt), tokeniser.decode(&decoded.tokens));
        let trace = DecodeFrame {
            start: Some(start),
            events: decoded.events,
            seconds: decoded.seconds,
            ..DecodeFrame::default()
        };
        self.host.emit(Event::Sample { step, prompt, text, trace: Some(Box::new(trace)) });
    }

    /// Decodes a text and reports it.
    pub(super) async fn decode(&mut self, request: DecodeRequest) {
        let id = request.id;
        let answer = self.decoded(request).await.map(Event::Decode);
        self.answer(id, answer);
    }

    /// Reports an answer, or why there is none.
    fn answer(&self, id: u32, answer: Result<Event, Failure>) {
        let refusal = |failure| Event::Decode(DecodeFrame { id, failure: Some(failure), ..DecodeFrame::default() });
        self.host.emit(answer.unwrap_or_else(refusal));
    }

    async fn decoded(&mut self, request: DecodeRequest) -> Result<DecodeFrame, Failure> {
        let DecodeRequest { id, setup, prompt, length } = request;
        let (step, checkpoint) = self.checkpoint(setup.checkpoint).await?;
        let run = self.run.as_ref().ok_or_else(nothing_trained)?;
        let tokeniser = &run.trainer.dataset().tokeniser;
        let own = prompt.is_empty().then(|| prompts_of(run, &checkpoint, 1).into_iter().next()).flatten();
        let tokens = own.map_or_else(|| tokeniser.encode(&prompt), |own| own.tokens);
        let is_known = |character: &char| !tokeniser.encode(&character.to_string()).is_empty();
        if let Some(unknown) = prompt.chars().find(|character| !is_known(character)) {
            return Err(refused(
                "prompt",
                format!("The text has no {unknown:?}, so the model does not know it: leave it out."),
            ));
        }
        let context = checkpoint.transformer.config.context;
        if tokens.len() >= context {
            let message = format!("The prompt has {} tokens and the context {context}: shorten it.", tokens.len());
            return Err(refused("prompt", message));
        }
        let block = block_of(&setup, &checkpoint);
        let length = whole_blocks(tokens.len(), length.max(1), block, context);
        let task = task(run, step, tokens, (length, block), setup.temperature);
        let start = start(run, &checkpoint, &task);
        let seed = task.seed;
        let decoded = self.run_decoder(&setup.decoder, &checkpoint, task).await.map_err(failure)?;
        let text: Vec<u32> = start.prompt.iter().copied().chain(decoded.tokens).collect();
        let quality = checkpoint.quality(&text, block, seed);
        let Decoded { events, seconds, .. } = decoded;
        Ok(DecodeFrame { id, start: Some(start), events, seconds, quality, failure: None })
    }

    async fn run_decoder(
        &self,
        decoder: &Chosen<dyn Decoder>,
        checkpoint: &Checkpoint,
        task: Task,
    ) -> Result<Decoded, DecodeError> {
        let (mut events, mut seconds) = (Vec::new(), Vec::new());
        let start = self.host.seconds();
        let tokens = {
            let mut tell = |event: TraceEvent| {
                if matches!(event, TraceEvent::Forward(_)) {
                    seconds.push(self.host.seconds() - start);
                }
                events.push(event);
            };
            let mut network = checkpoint.network();
            decoder.method().decode(decoder.settings(), task, &mut network, &mut tell).await?
        };
        self.host.yield_now().await;
        Ok(Decoded { tokens, events, seconds })
    }

    /// Decodes from many prompts and reports what came of it.
    pub(super) async fn measure(&mut self, request: MeasureRequest) {
        let id = request.id;
        let answer = self.measured(request).await.map(|measured| Event::Measured(Box::new(measured)));
        self.answer(id, answer);
    }

    async fn measured(&mut self, request: MeasureRequest) -> Result<Measured, Failure> {
        let MeasureRequest { id, setup, prompts } = request;
        let (step, checkpoint) = self.checkpoint(setup.checkpoint).await?;
        let run = self.run.as_ref().ok_or_else(nothing_trained)?;
        let block = block_of(&setup, &checkpoint);
        let seed = run.trainer.experiment().seed;
        let prompts = prompts_of(run, &checkpoint, prompts.min(PROMPTS));
        let dataset = run.trainer.dataset().clone();
        let mut measured = Measured {
            id,
            step,
            meters: Vec::new(),
            exact: dataset.task.is_some().then(Vec::new),
            nats: Vec::new(),
            quantity: checkpoint.reading.at_block(block).measure(),
            confidences: Vec::new(),
            texts: Vec::new(),
            seconds: 0.0,
        };
        for Prompt { tokens, length, truth, answer } in prompts {
            let length = whole_blocks(tokens.len(), length, block, checkpoint.transformer.config.context);
            let task = task(run, step, tokens.clone(), (length, block), setup.temperature);
            let start = self.host.seconds();
            let Decoded { tokens: written, events, .. } =
                self.run_decoder(&setup.decoder, &checkpoint, task).await.map_err(failure)?;
            measured.seconds += self.host.seconds() - start;
            measured.meters.push(Meter::of(&events));
            measured.confidences.extend(judged_tokens(&events, tokens.len(), &truth));
            let (prompt, text) = (dataset.tokeniser.decode(&tokens), dataset.tokeniser.decode(&written));
            if let (Some(exact), Some(answer)) = (&mut measured.exact, &answer) {
                exact.push(exact_match(answer, &text));
            }
            measured.texts.push((prompt, text));
            let whole: Vec<u32> = tokens.into_iter().chain(written).collect();
            measured.nats.extend(checkpoint.quality(&whole, block, seed).map(|quality| quality.nats));
        }
        Ok(measured)
    }

    /// Judges texts by the likelihood of what follows each prompt.
    pub(super) async fn judge(&mut self, request: JudgeRequest) {
        let JudgeRequest { id, texts } = request;
        let answer = self.judged(id, &texts).await.map(Event::Judged);
        self.answer(id, answer);
    }

    async fn judged(&mut self, id: u32, texts: &[(String, String)]) -> Result<Judged, Failure> {
        let (step, checkpoint) = self.checkpoint(None).await?;
        if checkpoint.reading.noise != Noise::None {
            return Err(refused("judge", "A judge must have learned to predict the next token: choose such an arm."));
        }
        let run = self.run.as_ref().ok_or_else(nothing_trained)?;
        let encode = |text: &str| run.trainer.dataset().tokeniser.encode(text);
        let nats = texts.iter().map(|(prompt, text)| checkpoint.likelihood(&encode(prompt), &encode(text)));
        Ok(Judged { id, step, nats: nats.collect() })
    }

    /// The weights of a step that is kept, or the present ones, and the steps done in them.
    pub(super) async fn checkpoint(&mut self, step: Option<usize>) -> Result<(usize, Checkpoint), Failure> {
        self.read_metrics().await;
        let run = self.run.as_ref().ok_or_else(nothing_trained)?;
        if run.trainer.steps_done() == 0 {
            return Err(nothing_trained());
        }
        if self.state == RunState::Failed && step.is_none() {
            return Err(refused("checkpoint", "The run has diverged or broken off: decode from an earlier step."));
        }
        let (step, weights) = match step {
            None => (run.trainer.steps_done(), run.trainer.weights()),
            Some(step) => {
                let gone =
                    || refused("checkpoint", format!("The weights of step {step} are not kept: choose another step."));
                (step, run.kept.find(step).ok_or_else(gone)?)
            }
        };
        let checkpoint =
            run.trainer.checkpoint(weights).await.map_err(|error| refused("checkpoint", error.to_string()))?;
        Ok((step, checkpoint))
    }
}

/// A prompt of a measurement.
struct Prompt {
    tokens: Vec<u32>,
    /// Tokens to decode.
    length: usize,
    /// What follows in the text.
    truth: Vec<u32>,
    /// What follows in the task.
    answer: Option<String>,
}

/// A task's held-out problems, or beginnings of windows of held-out text.
fn prompts_of(run: &Run, checkpoint: &Checkpoint, count: usize) -> Vec<Prompt> {
    let (dataset, seed) = (run.trainer.dataset(), run.trainer.experiment().seed);
    let encode = |text: &str| dataset.tokeniser.encode(text);
    if let Some(task) = &dataset.task {
        // A line end before the prompt: in the training text every problem but the first follows one.
        let of_problem = |problem: crate::text::Problem| Prompt {
            tokens: encode(&format!("\n{}", problem.prompt)),
            length: encode(&problem.answer).len() + 1,
            truth: encode(&format!("{}\n", problem.answer)),
            answer: Some(problem.answer),
        };
        return task.validation(seed).into_iter().take(count).map(of_problem).collect();
    }
    let context = checkpoint.transformer.config.context;
    let (text, given) = (&dataset.first.validation, (context / 4).max(1));
    let mut random = stream(seed, Purpose::Decode, 0, u64::MAX);
    let starts = (0..count).map(|_| below(&mut random, (text.len() - context) as u64) as usize);
    let of_start = |start: usize| Prompt {
        tokens: text[start..start + given].to_vec(),
        length: context - given,
        truth: text[start + given..start + context].to_vec(),
        answer: None,
    };
    starts.map(of_start).collect()
}

/// The confidence of each commit, and whether the token is the text's own.
fn judged_tokens(events: &[TraceEvent], prompt: usize, truth: &[u32]) -> Vec<(f32, bool)> {
    let commits = events.iter().filter_map(|event| match event {
        TraceEvent::Token(mark) if matches!(mark.action, Action::Commit | Action::Accept | Action::Reject) => {
            let own = truth.get(mark.position.checked_sub(prompt)?)?;
            Some((mark.confidence, mark.token == *own))
        }
        _ => None,
    });
    commits.collect()
}

/// What is to be decoded from the weights of a step.
fn task(run: &Run, step: usize, prompt: Vec<u32>, (length, block): (usize, usize), temperature: f64) -> Task {
    Task { prompt, length, block, temperature, seed: run.trainer.experiment().seed, step: step as u64 }
}

/// What a decode begins with.
fn start(run: &Run, checkpoint: &Checkpoint, task: &Task) -> DecodeStart {
    let tokeniser = &run.trainer.dataset().tokeniser;
    let words = (0..tokeniser.vocabulary() as u32).map(|token| tokeniser.token(token)).collect();
    let Task { prompt, length, block, step, .. } = task.clone();
    DecodeStart { step: step as usize, reading: checkpoint.reading.clone(), prompt, block, length, words }
}

/// Tokens of a block: those that were asked for, or the most that the checkpoint was trained on.
fn block_of(setup: &DecoderSetup, checkpoint: &Checkpoint) -> usize {
    setup.block.unwrap_or(checkpoint.reading.block).clamp(1, checkpoint.transformer.config.context)
}

fn nothing_trained() -> Failure {
    refused("checkpoint", "Nothing is trained yet: train at least one step, then decode.")
}

fn refused(field: &str, message: impl Into<String>) -> Failure {
    Failure { field: Some(field.into()), message: message.into() }
}

fn failure(error: DecodeError) -> Failure {
    match error {
        DecodeError::Refused { field, message } => Failure { field: Some(field), message },
        other => Failure { field: None, message: other.to_string() },
    }
}
