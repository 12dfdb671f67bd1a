//! The session's state machine: obeys commands, and trains while nothing else is asked.

use futures::{StreamExt as _, channel::mpsc::UnboundedReceiver};

use super::{
    Adapter, BranchEnd, Budget, Command, Counters, Event, Failure, Host, Known, LayersFrame, MetricsFrame, PROTOCOL,
    Prepared, Resume, RunState, Stage, StepMetrics, TextFacts, Work,
    aside::Branching,
    decoding::Kept,
    keeping, limit,
    prepare::{self, Texts},
};
use crate::{
    decode::Sampler,
    experiment::{Experiment, ModelConfig, validate},
    layerwise::Parameter,
    model::Cost,
    objective::Noise,
    session::OwnText,
    train::{Snapshot, TrainError, Trainer, UNREAD_STEPS, Validation, network},
};

/// Steps after which a sample is drawn besides every `sample.every`, so that the first words come early.
const EARLY_SAMPLES: [usize; 3] = [1, 10, 30];

/// Seconds after which unread losses are read: the page redraws, and the device's queue stays short.
pub(super) const READ_EVERY_SECONDS: f64 = 0.1;

/// Runs a session until its last command was [`Command::Stop`] or no more can come.
pub async fn run<H: Host>(host: H, mut commands: UnboundedReceiver<Command>) {
    host.emit(Event::Ready { protocol: PROTOCOL });
    let mut engine = Engine { host, texts: Texts::default(), run: None, checkpoint: None, state: RunState::Idle };
    loop {
        // While it trains, the session looks for a command between two steps and never waits for one.
        let command = if engine.state == RunState::Running {
            match commands.try_recv() {
                Ok(command) => Some(command),
                Err(error) if error.is_closed() => return,
                Err(_) => None,
            }
        } else {
            match commands.next().await {
                None => return,
                command => command,
            }
        };
        match command {
            Some(Command::Stop) => return,
            Some(command) => engine.obey(command).await,
            None => engine.advance().await,
        }
        engine.host.yield_now().await;
    }
}

pub(super) struct Engine<H> {
    pub host: H,
    texts: Texts,
    pub run: Option<Run>,
    pub checkpoint: Option<Snapshot>,
    pub state: RunState,
}

/// A prepared run and its clock.
pub(super) struct Run {
    pub trainer: Trainer,
    start: Snapshot,
    /// Seconds of training so far.
    pub trained: f64,
    /// When the first unread step began.
    unread_since: f64,
    /// What the device had done by then.
    unread_from: Counters,
    /// Whether the first step on this device is done, and so its kernels are compiled.
    is_warm: bool,
    /// Whether it pauses after the next step.
    is_single: bool,
    /// The branch that is trained before the run goes on.
    pub branch: Option<Branching>,
    /// Weights of earlier steps.
    pub kept: Kept,
}

impl<H: Host> Engine<H> {
    async fn obey(&mut self, command: Command) {
        match command {
            Command::Configure { experiment, own_text, adapter, resume, known } => {
                self.configure(*experiment, own_text, (adapter, known), resume.map(|resume| *resume)).await;
            }
            Command::Start => self.start(RunState::Running).await,
            Command::Step => {
                self.settle().await;
                self.start(RunState::Paused).await;
            }
            Command::Pause => {
                self.settle().await;
            }
            Command::Reset => self.reset(),
            Command::Branch => self.begin_branch().await,
            Command::Sample => self.sample().await,
            Command::Decode(request) => self.decode(*request).await,
            Command::Measure(request) => self.measure(*request).await,
            Command::Judge(request) => self.judge(request).await,
            Command::Save => self.save().await,
            Command::Autosave => self.autosave().await,
            Command::Limit => self.time_limit().await,
            Command::Checkpoint => self.keep_checkpoint().await,
            Command::Restore => self.restore_checkpoint(),
            Command::Stop => unreachable!("the loop above ends on Stop"),
        }
    }

    /// Prepares a run. Until it is ready the present one stays, so that a refusal loses nothing that was trained.
    async fn configure(
        &mut self,
        experiment: Experiment,
        own_text: Option<OwnText>,
        adapter: (Option<Adapter>, Known),
        resume: Option<Resume>,
    ) {
        let before = self.settle().await;
        let prepared = self.prepare(&experiment, own_text, adapter).await;
        match prepared.and_then(|trainer| keeping::resumed(trainer, resume)) {
            Ok((trainer, start, trained)) => {
                let (unread_from, unread_since) = (Counters::default(), 0.0);
                let next = match trainer.steps_done() {
                    0 => RunState::Idle,
                    _ if trainer.is_finished() => RunState::Finished,
                    _ => RunState::Paused,
                };
                let (is_warm, is_single, branch, kept) = (false, false, None, Kept::default());
                self.run =
                    Some(Run { trainer, start, trained, unread_since, unread_from, is_warm, is_single, branch, kept });
                self.checkpoint = None;
                self.enter(next);
            }
            Err(failure) => {
                // A start that follows must not train what was prepared earlier in place of what was asked for.
                if before == RunState::Idle {
                    self.run = None;
                }
                self.fail(failure);
                self.enter(before);
            }
        }
    }

    async fn prepare(
        &mut self,
        experiment: &Experiment,
        own_text: Option<OwnText>,
        (adapter, known): (Option<Adapter>, Known),
    ) -> Result<Trainer, Failure> {
        if let Some(invalid) = validate(experiment).into_iter().next() {
            return Err(Failure { field: Some(invalid.field), message: invalid.message });
        }
        self.enter(RunState::Preparing);
        let dataset = self.texts.dataset(&self.host, experiment, own_text).await?;
        let open = prepare::device(&self.host, experiment.device, adapter, known.passed).await;
        let (model, train) = (&experiment.model, &experiment.train);
        let (vocabulary, operations) = network(experiment, &dataset);
        let objective = &experiment.objective;
        let cost_of = |model: &ModelConfig, batch| {
            let shape = || objective.shape(batch, model.context, train.steps);
            let is_possible = objective.fault(model.context).is_none();
            is_possible.then(|| Cost::of(model, operations, vocabulary, shape()))
        };
        let cost = open.check(cost_of, model, train.batch)?;
        self.host.emit(Event::Budget(Budget { predicted: cost.memory, limit: open.memory }));
        let work = cost.flops * train.accumulation as f64;
        let open = prepare::faster(&self.host, open, experiment, &dataset, work, known.faster).await;
        prepare::report(&self.host, &open);

        let trainer = Trainer::new(experiment, dataset.clone(), &open.device);
        self.host.emit(Event::Prepared(Prepared {
            parameters: cost.parameters,
            vocabulary: dataset.tokeniser.vocabulary(),
            text: TextFacts::from(&dataset.first),
            then: dataset.then.as_ref().map(TextFacts::from),
            flops_per_step: work,
            layout: trainer.transformer().specs.iter().map(Parameter::from).collect(),
        }));
        Ok(trainer)
    }

    /// Goes on to `next`: running, or paused after a single step. The first step of a run is made here too.
    async fn start(&mut self, next: RunState) {
        let is_settled = matches!(self.state, RunState::Idle | RunState::Paused);
        let Some(run) = self.run.as_mut().filter(|run| is_settled && !run.trainer.is_finished()) else {
            return;
        };
        if run.is_warm && next == RunState::Running {
            return self.enter(next);
        }
        if !run.is_warm {
            run.is_warm = true;
            self.enter(RunState::Preparing);
            self.host.emit(Event::Progress { stage: Stage::Kernels, done: 0, total: 0 });
            self.host.yield_now().await;
        }
        if self.advance_aside().await {
            // What comes before the step can take long: the session listens in between.
            if self.state != RunState::Failed {
                self.pause_after_step(next == RunState::Paused);
                self.enter(RunState::Running);
            }
            return;
        }
        self.make_step().await;
        // Waits for this step alone: the first one's time is the compiler's, not the model's.
        let is_kept = self.read_metrics().await;
        if self.state != RunState::Failed {
            self.enter(next);
            if is_kept {
                self.look_after_step().await;
            }
        }
    }

    pub(super) fn pause_after_step(&mut self, is_single: bool) {
        if let Some(run) = &mut self.run {
            run.is_single = is_single;
        }
    }

    /// One turn of the training loop.
    async fn advance(&mut self) {
        if self.advance_aside().await {
            return;
        }
        self.make_step().await;
        if self.state != RunState::Running {
            return;
        }
        let now = self.host.seconds();
        let due = self.run.as_ref().is_some_and(|run| {
            run.trainer.unread() >= UNREAD_STEPS || now - run.unread_since >= READ_EVERY_SECONDS || run.is_due()
        });
        let is_kept = !due || self.read_metrics().await;
        if self.state == RunState::Running && is_kept {
            self.look_after_step().await;
        }
        if self.state == RunState::Running && self.run.as_ref().is_some_and(|run| run.is_single) {
            self.settle().await;
        }
    }

    /// Measures what the next step needs, and hands it to the device.
    async fn make_step(&mut self) {
        self.measure_layers().await;
        if self.state != RunState::Failed {
            self.train_step().await;
        }
    }

    /// Measures spectra, or whatever the layerwise method wants to know, when the next step is theirs.
    async fn measure_layers(&mut self) {
        if !self.run.as_ref().is_some_and(|run| run.trainer.is_measurement_due()) {
            return;
        }
        // What it costs is told apart from what steps cost.
        self.read_metrics().await;
        let start = self.host.seconds();
        let Some(run) = self.run.as_mut().filter(|_| self.state != RunState::Failed) else {
            return;
        };
        match run.trainer.measure().await {
            Ok(None) => {}
            Ok(Some(frame)) => {
                let seconds = self.host.seconds() - start;
                self.host.emit(Event::Layers(LayersFrame { seconds, ..frame }));
            }
            Err(error) => self.break_off(error),
        }
    }

    /// What a schedule asks for before its step is part of what the step costs.
    async fn train_step(&mut self) {
        let now = self.host.seconds();
        let Some(run) = &mut self.run else {
            return;
        };
        if run.trainer.unread() == 0 {
            (run.unread_since, run.unread_from) = (now, self.host.counters());
        }
        match run.trainer.follow().await {
            Ok(()) => run.trainer.step(),
            Err(error) => self.break_off(error),
        }
    }

    /// Reads unread metrics and reports them; a divergence ends the run here, unless its schedule knows another rate.
    /// Returns whether the last step was kept.
    pub(super) async fn read_metrics(&mut self) -> bool {
        let Some(run) = self.run.as_mut().filter(|run| run.trainer.unread() > 0) else {
            return true;
        };
        // What was handed over and not begun belongs to the steps, not to their reading, which would begin it. A device
        // that has failed says so there.
        run.trainer.transformer().device().flush().ok();
        let (count, before_read) = (run.trainer.unread(), self.host.counters());
        let (mut rows, result) = run.trainer.read().await;
        let spent = self.host.seconds() - run.unread_since;
        spread(&mut rows, run.trained, spent);
        run.trained += spent;
        let batch_digest = run.trainer.batch_digest();
        let total = self.host.counters();
        let (steps, reads) = (before_read.since(run.unread_from), total.since(before_read));
        // What compiles takes the compiler's time.
        #[cfg(feature = "webgpu")]
        if steps.pipelines == 0 {
            crate::device::keep_short(steps.and(reads).dispatches, spent);
        }
        if !rows.is_empty() {
            let work = Work { count, steps, reads, total };
            self.host.emit(Event::Metrics(MetricsFrame { steps: rows, batch_digest, work }));
        }
        match result {
            Ok(()) => !self.report_failed_rate(),
            Err(error) => {
                self.break_off(error);
                false
            }
        }
    }

    /// Validation, samples and the end of the run, when their step has come.
    async fn look_after_step(&mut self) {
        let Some(run) = &mut self.run else {
            return;
        };
        if run.is_validation_due() {
            let step = run.trainer.steps_done();
            match run.trainer.validate().await {
                Ok(Validation { loss, error, other_loss, exact_match }) => {
                    self.host.emit(Event::Validation { step, loss, error, other_loss, exact_match });
                }
                Err(error) => return self.break_off(error),
            }
        }
        if self.run.as_ref().is_some_and(Run::is_sample_due) {
            self.keep_weights();
            self.sample().await;
        }
        if self.run.as_ref().is_some_and(|run| run.trainer.is_finished()) && self.state != RunState::Failed {
            self.enter(RunState::Finished);
        }
    }

    /// Keeps the present weights to decode from.
    fn keep_weights(&mut self) {
        if let Some(run) = &mut self.run {
            run.kept.keep(run.trainer.steps_done(), run.trainer.weights());
            self.host.emit(Event::Kept { steps: run.kept.steps() });
        }
    }

    async fn sample(&mut self) {
        let Some(run) = &self.run else {
            return;
        };
        let trainer = &run.trainer;
        let (experiment, tokeniser) = (trainer.experiment(), &trainer.dataset().tokeniser);
        if trainer.reading().noise != Noise::None {
            return self.sample_blocks().await;
        }
        let prompt = run.sample_prompt();
        let shown = tokeniser.decode(&prompt);
        let mut sampler = Sampler::new(prompt, &experiment.sample, experiment.seed, trainer.steps_done());
        for _ in 0..experiment.sample.length {
            if let Err(error) = sampler.draw(trainer.transformer(), trainer.weights()).await {
                return self.break_off(error);
            }
            self.host.yield_now().await;
        }
        let text = tokeniser.decode(sampler.drawn());
        self.host.emit(Event::Sample { step: trainer.steps_done(), prompt: shown, text, trace: None });
    }

    /// Times the matrix products of the prepared run.
    async fn time_limit(&mut self) {
        self.settle().await;
        if let Some(run) = &self.run {
            let vocabulary = run.trainer.dataset().tokeniser.vocabulary();
            let limit = limit::measure(&self.host, run.trainer.experiment(), vocabulary).await;
            self.host.emit(Event::Limit(limit));
        }
    }

    fn reset(&mut self) {
        if let Some(run) = &mut self.run {
            run.trainer.restore(&run.start.clone());
            (run.trained, run.is_single, run.branch, run.kept) = (0.0, false, None, Kept::default());
        }
        self.checkpoint = None;
        self.enter(RunState::Idle);
    }

    /// Pauses a running run with all its metrics read; returns the state it is in then.
    async fn settle(&mut self) -> RunState {
        self.read_metrics().await;
        self.end_branch(BranchEnd::Stopped);
        self.pause_after_step(false);
        if self.state == RunState::Running {
            self.enter(RunState::Paused);
        }
        self.state
    }

    pub(super) fn break_off(&mut self, error: TrainError) {
        let message = error.to_string();
        match error {
            TrainError::Diverged { .. } => {
                self.host.emit(Event::Diverged(Failure { field: Some("schedule.peak".into()), message }));
            }
            TrainError::Device(_) => self.host.emit(Event::Lost { message }),
        }
        self.enter(RunState::Failed);
    }

    fn fail(&self, failure: Failure) {
        self.host.emit(Event::Failed(failure));
    }

    pub(super) fn enter(&mut self, state: RunState) {
        if self.state != state {
            self.state = state;
            self.host.emit(Event::State { state });
        }
    }
}

/// Spreads the seconds spent evenly over rows that follow a moment of training.
pub(super) fn spread(rows: &mut [StepMetrics], from: f64, spent: f64) {
    let share = spent / rows.len().max(1) as f64;
    for (index, row) in rows.iter_mut().enumerate() {
        row.seconds = from + share * (index + 1) as f64;
    }
}

impl Run {
    fn is_validation_due(&self) -> bool {
        let step = self.trainer.steps_done();
        step > 0 && (step.is_multiple_of(self.trainer.experiment().train.eval_every) || self.trainer.is_finished())
    }

    fn is_sample_due(&self) -> bool {
        let (step, every) = (self.trainer.steps_done(), self.trainer.experiment().sample.every);
        every > 0
            && step > 0
            && (step.is_multiple_of(every) || EARLY_SAMPLES.contains(&step) || self.trainer.is_finished())
    }

    /// The tokens that a sample continues: those of its text, or the first held-out one where the model knows none.
    pub fn sample_prompt(&self) -> Vec<u32> {
        let dataset = self.trainer.dataset();
        let prompt = dataset.tokeniser.encode(&self.trainer.experiment().sample.prompt);
        if prompt.is_empty() { dataset.first.validation[..1].to_vec() } else { prompt }
    }

    fn is_due(&self) -> bool {
        let is_waited_for = self.is_single || self.trainer.must_read();
        is_waited_for || self.is_validation_due() || self.is_sample_due() || self.trainer.is_finished()
    }
}
