//! The text that is being decoded, with the network that is asked and the trace that is told.

use std::ops::Range;

use super::{
    Action, DecodeError, Decoder, End, Forward, ForwardKind, Gauge, Guess, Logits, Mark, Network, Query, Reuse, Row,
    Sampling, Task, TraceEvent, distribution, speculate,
};
use crate::{
    objective::{Clean, Noise, Reading},
    policy::Settings,
    random::Purpose,
};

/// A decode at work. A decoder is a loop over it:
///
/// ```text
/// while let Some(mut block) = canvas.begin_block(size) {
///     while canvas has masks in the block { draft, select, commit }
///     canvas.keep(block)
/// }
/// canvas.end()
/// ```
///
/// Blocks are aligned to multiples of their size, and the prompt's last partial block stands clean at the head of the
/// first one (SDAR); the last one is cut where the text ends. The keys and values of a block are kept by a forward of its own over its final tokens. A network
/// that was trained on blocks as long as its context, and so attends everything, has no tokens that could be committed:
/// it reads the whole text in every forward, and blocks only say where to decode next (LLaDA).
pub struct Canvas<'a> {
    /// What is to be decoded.
    pub task: Task,
    /// How the network reads.
    pub reading: Reading,
    /// The whole text; the mask, or noise, where nothing is decoded yet.
    pub tokens: Vec<u32>,
    /// The mask token, which is the number of real tokens.
    pub mask: u32,
    /// The share of noise in the block, where a decoder follows one.
    pub level: f64,
    network: &'a mut dyn Network,
    trace: &'a mut dyn FnMut(TraceEvent),
    is_full: bool,
    stands: Vec<bool>,
    done: usize,
    next: Option<Vec<f32>>,
    choices: u64,
    bound: Option<String>,
}

/// The part of the text that is decoded next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its positions, those of the prompt too.
    pub positions: Range<usize>,
    /// Tokens of a full block.
    pub size: usize,
    /// How often its tokens were drawn.
    pub draws: u64,
}

/// The logits of positions, whatever rows they were read from.
pub struct Answers {
    first: usize,
    logits: Logits,
    before: Option<Vec<f32>>,
}

impl Answers {
    /// The logits of a position that was asked for.
    pub fn at(&self, position: usize) -> &[f32] {
        match &self.before {
            Some(row) if position + 1 == self.first => row,
            _ => self.logits.row(position - self.first),
        }
    }
}

impl<'a> Canvas<'a> {
    /// A canvas with the prompt on it, whose whole blocks are committed where the network can.
    pub async fn begin(
        decoder: &dyn Decoder,
        settings: &Settings,
        task: Task,
        network: &'a mut dyn Network,
        trace: &'a mut dyn FnMut(TraceEvent),
    ) -> Result<Self, DecodeError> {
        let (reading, vocabulary, context) = (network.reading().clone(), network.vocabulary(), network.context());
        let fault = decoder.fault(settings, &reading).or_else(|| task.fault(vocabulary, context));
        if let Some((field, message)) = fault {
            return Err(DecodeError::Refused { field, message });
        }
        let size = decoder.kept_block(task.block);
        let smallest = reading.sizes.iter().copied().min().unwrap_or(reading.block);
        let is_full = reading.noise.has_mask() && smallest >= context;
        let mask = vocabulary as u32;
        let mut tokens = task.prompt.clone();
        tokens.resize(tokens.len() + task.length, mask);
        let done = task.prompt.len() / size * size;
        let stands = (0..tokens.len()).map(|position| position < task.prompt.len()).collect();
        let mut canvas = Self {
            task,
            reading,
            tokens,
            mask,
            level: 1.0,
            network,
            trace,
            is_full,
            stands,
            done,
            next: None,
            choices: 0,
            bound: None,
        };
        if canvas.reading.noise == Noise::Uniform {
            for position in canvas.task.prompt.len()..canvas.tokens.len() {
                canvas.tokens[position] = canvas.noise();
            }
        }
        if !is_full && canvas.reading.noise.has_mask() && done > 0 {
            canvas.keep_range(0..done, size).await?;
        }
        Ok(canvas)
    }

    /// Whether every forward reads the whole text.
    pub fn is_full(&self) -> bool {
        self.is_full
    }

    /// Starts the next block of a size; none when everything is decoded.
    ///
    /// A network that predicts the next token has already said what stands first in the block: the row of the last
    /// committed token did (Fast-dLLM v2, NBDiff).
    pub fn begin_block(&mut self, size: usize, sampling: &Sampling) -> Option<Block> {
        let start = self.done;
        if start >= self.tokens.len() {
            return None;
        }
        let positions = start..((start / size + 1) * size).min(self.tokens.len());
        self.tell_block(positions.clone());
        self.level = 1.0;
        if let Some(row) = self.next.clone().filter(|_| !self.stands[start]) {
            let guess = Guess::new(start, &row, sampling, self.uniform(start, 0));
            self.commit(&guess, guess.sampled());
        }
        Some(Block { positions, size, draws: 0 })
    }

    /// What stands where nothing is decoded: the mask, or a uniformly drawn token where the network was trained on these.
    pub fn noise(&mut self) -> u32 {
        match self.reading.noise {
            Noise::Uniform => (self.choice() * f64::from(self.mask)) as u32,
            _ => self.mask,
        }
    }

    /// Tells that a block begins, for a network that needs no masks to predict it.
    pub fn tell_block(&mut self, positions: Range<usize>) {
        let (start, length) = (positions.start, positions.len());
        (self.trace)(TraceEvent::Block { start, length, tokens: self.tokens[positions].to_vec() });
    }

    /// Where the next block starts.
    pub fn decoded(&self) -> usize {
        self.done
    }

    /// The positions of a block where no token stands yet.
    pub fn masked(&self, block: &Block) -> Vec<usize> {
        block.positions.clone().filter(|position| !self.stands[*position]).collect()
    }

    /// The positions of a block that are not the prompt's.
    pub fn free(&self, block: &Block) -> Range<usize> {
        let end = block.positions.end;
        block.positions.start.max(self.task.prompt.len()).min(end)..end
    }

    /// The logits of a block as it stands.
    pub async fn draft(&mut self, block: &Block) -> Result<Answers, DecodeError> {
        self.draft_reusing(block, Reuse::Nothing).await
    }

    /// The same with approximate caching.
    pub async fn draft_reusing(&mut self, block: &Block, reuse: Reuse) -> Result<Answers, DecodeError> {
        let rows = self.outer(block);
        let shift = usize::from(self.reading.is_shifted && block.positions.start > rows.start);
        let wanted = block.positions.start - rows.start - shift..block.positions.end - rows.start - shift;
        let sees = rows.start;
        let query = Query::new(ForwardKind::Draft, self.rows(rows), |_, _| true, sees);
        let logits = self.evaluate(Query { wanted, reuse, ..query }).await?;
        Ok(self.answers(block.positions.start, self.reading.is_shifted && shift == 0, logits))
    }

    /// The logits of a block as autoregressive decoding would see them: each token given those before it alone.
    ///
    /// A network that predicts the next token needs one causal pass. Any other one reads the block twice, as it stands and
    /// as noise, and each mask attends the tokens before it and itself: blocks of one token, all of them at once (S2D2).
    pub async fn verify(&mut self, block: &Block) -> Result<Answers, DecodeError> {
        let rows = self.outer(block);
        let (first, count) = (rows.start, rows.len());
        if self.reading.is_shifted {
            let shift = usize::from(block.positions.start > first);
            let wanted = block.positions.start - first - shift..block.positions.end - first - shift;
            let query = Query::new(ForwardKind::Verify, self.rows(rows), |query, key| key <= query, first);
            let logits = self.evaluate(Query { wanted, ..query }).await?;
            return Ok(self.answers(block.positions.start, shift == 0, logits));
        }
        let mut twice = self.rows(rows.clone());
        twice.extend(rows.map(|position| Row { token: self.noise(), position }));
        let allow = |query, key| speculate::verification_allows(count, query, key);
        let wanted = count + block.positions.start - first..count + block.positions.end - first;
        let query = Query::new(ForwardKind::Verify, twice, allow, first);
        let logits = self.evaluate(Query { wanted, ..query }).await?;
        Ok(self.answers(block.positions.start, false, logits))
    }

    /// The logits of a part of a block that is computed alone, while everything around it is remembered from the last call
    /// with `fill`, whatever has changed there since: the approximate caches of Fast-dLLM.
    ///
    /// `outer` are the positions beside the committed ones that are read at all, `inner` those that are computed.
    pub async fn draft_inside(
        &mut self,
        outer: Range<usize>,
        inner: Range<usize>,
        part: Range<usize>,
        fill: bool,
    ) -> Result<Answers, DecodeError> {
        let shift = usize::from(self.reading.is_shifted && part.start > outer.start);
        let inner = inner.start.min(part.start - shift)..inner.end;
        let mut rows = self.rows(outer.start..inner.start);
        rows.extend(self.rows(inner.end..outer.end));
        let around = rows.len();
        if !fill {
            rows.clear();
        }
        let offset = rows.len();
        rows.extend(self.rows(inner.clone()));
        let sees = outer.start + if fill { 0 } else { around };
        let wanted = offset + part.start - shift - inner.start..offset + part.end - shift - inner.start;
        let query = Query::new(ForwardKind::Draft, rows, |_, _| true, sees);
        let logits = self.evaluate(Query { keep: offset, wanted, ..query }).await?;
        Ok(self.answers(part.start, self.reading.is_shifted && shift == 0, logits))
    }

    /// Where everything is that a draft of a block computes.
    pub fn outer(&self, block: &Block) -> Range<usize> {
        if self.is_full { 0..self.tokens.len() } else { block.positions.clone() }
    }

    /// Answers whose first row is that of position `start`, or, where `is_late`, says what follows there.
    fn answers(&self, start: usize, is_late: bool, logits: Logits) -> Answers {
        let before = self.next.clone().filter(|_| is_late);
        Answers { first: start + usize::from(is_late), logits, before }
    }

    /// A token drawn for each of these positions.
    pub fn guesses(
        &self,
        block: &mut Block,
        answers: &Answers,
        positions: &[usize],
        sampling: &Sampling,
    ) -> Vec<Guess> {
        let draws = block.draws;
        block.draws += 1;
        let guess =
            |position: &usize| Guess::new(*position, answers.at(*position), sampling, self.uniform(*position, draws));
        positions.iter().map(guess).collect()
    }

    /// The uniform number that draws a position's token for the `draw`-th time.
    pub fn uniform(&self, position: usize, draw: u64) -> f64 {
        let place = (position - self.task.prompt.len()) as u64;
        distribution::uniform(self.task.seed, Purpose::Sample, self.task.step, draw << 32 | place)
    }

    /// The next uniform number for a choice beside the tokens.
    pub fn choice(&mut self) -> f64 {
        self.choices += 1;
        distribution::uniform(self.task.seed, Purpose::Decode, self.task.step, self.choices - 1)
    }

    /// A uniform number for the time of a step, apart from all other choices.
    pub fn clock(&self, masked: usize) -> f64 {
        let index = 1 << 63 | (self.done as u64) << 32 | masked as u64;
        distribution::uniform(self.task.seed, Purpose::Decode, self.task.step, index)
    }

    /// Writes a token and tells that it is final.
    pub fn commit(&mut self, guess: &Guess, confidence: f64) {
        self.mark(Action::Commit, guess, confidence);
    }

    /// Writes a token and tells that it is final, or an edit where another one stands.
    pub fn write(&mut self, guess: &Guess, confidence: f64) {
        if !self.stands[guess.position] {
            self.commit(guess, confidence);
        } else if self.tokens[guess.position] != guess.token {
            self.mark(Action::Edit, guess, confidence);
        }
    }

    /// Writes a token and tells what happened.
    pub fn mark(&mut self, action: Action, guess: &Guess, confidence: f64) {
        let Guess { position, token, .. } = *guess;
        self.tokens[position] = token;
        self.stands[position] |= matches!(action, Action::Commit | Action::Accept | Action::Reject);
        let (confidence, alternatives) = (confidence as f32, guess.alternatives());
        (self.trace)(TraceEvent::Token(Mark { position, action, token, confidence, alternatives }));
    }

    /// Takes back a token that stands, to a mask or to noise.
    pub fn remask(&mut self, position: usize, token: u32, confidence: f64) {
        self.tokens[position] = token;
        if std::mem::take(&mut self.stands[position]) {
            let (action, confidence) = (Action::Remask, confidence as f32);
            (self.trace)(TraceEvent::Token(Mark { position, action, token, confidence, alternatives: Vec::new() }));
        }
    }

    /// Takes back a drafted token that was not judged.
    pub fn forget(&mut self, position: usize) {
        self.tokens[position] = self.mask;
    }

    /// Tells a number that the decoder goes by.
    pub fn gauge(&mut self, gauge: Gauge, value: f64) {
        (self.trace)(TraceEvent::Gauge { gauge, value });
    }

    /// Keeps the keys and values of a block whose tokens are final, and goes on behind it.
    pub async fn keep(&mut self, block: Block) -> Result<(), DecodeError> {
        if self.is_full {
            self.done = block.positions.end;
            return Ok(());
        }
        self.keep_range(block.positions, block.size).await
    }

    async fn keep_range(&mut self, positions: Range<usize>, size: usize) -> Result<(), DecodeError> {
        let (first, count, clean) = (positions.start, positions.len(), self.reading.clean);
        let allow = |query: usize, key: usize| match clean {
            Clean::Block => (first + key) / size <= (first + query) / size,
            Clean::Token => key <= query,
        };
        let query = Query::new(ForwardKind::Commit, self.rows(positions.clone()), allow, first);
        let wanted = if self.reading.is_shifted { count - 1..count } else { 0..0 };
        let logits = self.evaluate(Query { keep: count, wanted, ..query }).await?;
        self.next = self.reading.is_shifted.then_some(logits.values);
        self.done = positions.end;
        Ok(())
    }

    /// The rows of positions as they stand.
    pub fn rows(&self, positions: Range<usize>) -> Vec<Row> {
        positions.map(|position| Row { token: self.tokens[position], position }).collect()
    }

    /// One network evaluation, told to the trace, with finite logits.
    pub async fn evaluate(&mut self, query: Query) -> Result<Logits, DecodeError> {
        let (kind, rows, cached) = (query.kind, query.rows.len(), query.sees);
        let reused = if query.reuse == Reuse::BlockExternal { query.sees } else { 0 };
        let logits = self.network.forward(query).await?;
        (self.trace)(TraceEvent::Forward(Forward { kind, rows, cached, reused }));
        (0..logits.rows()).try_for_each(|row| distribution::check(logits.row(row)))?;
        Ok(logits)
    }

    /// Says that the decoder stopped at a bound of steps, and at which.
    pub fn hit_bound(&mut self, reason: String) {
        self.bound.get_or_insert(reason);
    }

    /// The decoded tokens; tells that the decode ended, and why.
    pub fn end(self) -> Result<Vec<u32>, DecodeError> {
        let end = self.bound.map_or(End::Complete, |reason| End::StepBound { reason });
        (self.trace)(TraceEvent::End(end));
        Ok(self.tokens[self.task.prompt.len()..].to_vec())
    }
}
