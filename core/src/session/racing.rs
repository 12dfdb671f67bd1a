//! The race between WebGPU and the CPU: small models are often faster on the CPU, whose steps wait for nothing.

use std::sync::Arc;

use burn::tensor::Device;

use super::{Backend, Event, Host, Race, Stage};
use crate::{
    device::{self, OpenDevice},
    experiment::{DeviceChoice, Experiment},
    text::Dataset,
    train::{TrainError, Trainer},
};

/// Seconds that each of them races.
const SECONDS: f64 = 0.25;

/// Steps between two looks at the clock, which wait for the device.
const STEPS: usize = 4;

/// Floating-point operations of a step beyond which a GPU wins without a race, which the CPU would draw out.
const LARGE: f64 = 5e9;

/// The faster of a GPU and the CPU where the choice was left open; `known` is who won before.
pub async fn faster<H: Host>(
    host: &H,
    open: OpenDevice,
    experiment: &Experiment,
    dataset: &Arc<Dataset>,
    work: f64,
    known: Option<Backend>,
) -> OpenDevice {
    if open.backend != Backend::Gpu || experiment.device != DeviceChoice::Auto || work > LARGE {
        return open;
    }
    match known {
        Some(Backend::Cpu) => {
            device::cpu("The CPU was faster than WebGPU on this model and batch in a short race.".into())
        }
        Some(Backend::Gpu) => open,
        None => {
            host.emit(Event::Progress { stage: Stage::Race, done: 0, total: 0 });
            host.yield_now().await;
            let rate = async |device: &Device| rate(host, experiment, dataset, device).await;
            let cpu = rate(&Device::flex()).await;
            // A GPU that breaks down here is given another chance by the run, which goes on elsewhere.
            let (Ok(cpu), Ok(gpu)) = (cpu, rate(&open.device).await) else { return open };
            let race = Race { gpu, cpu };
            host.emit(Event::Raced(race));
            let reason = format!(
                "In a short race on this model and batch WebGPU made {gpu:.0} steps per second, and the CPU {cpu:.0}."
            );
            match race.faster() {
                Backend::Gpu => OpenDevice { reason, ..open },
                Backend::Cpu => device::cpu(reason),
            }
        }
    }
}

/// Training steps per second of a run of its own, behind a first step that compiles.
async fn rate<H: Host>(
    host: &H,
    experiment: &Experiment,
    dataset: &Arc<Dataset>,
    device: &Device,
) -> Result<f64, TrainError> {
    let mut trainer = Trainer::new(experiment, dataset.clone(), device);
    trainer.step();
    trainer.read().await.1?;
    let start = host.seconds();
    let mut steps = 0;
    loop {
        for _ in 0..STEPS {
            if !trainer.is_finished() {
                trainer.step();
                steps += 1;
            }
        }
        trainer.read().await.1?;
        host.yield_now().await;
        let seconds = host.seconds() - start;
        if seconds >= SECONDS || trainer.is_finished() {
            return Ok(steps as f64 / seconds.max(1e-9));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cell::{Cell, RefCell};

    use futures::executor::block_on;

    use super::*;
    use crate::{
        experiment::{Corpus, ModelConfig},
        text::{Split, Tokeniser},
    };

    /// A clock that moves by itself, and the events.
    #[derive(Default)]
    struct Clock {
        seconds: Cell<f64>,
        events: RefCell<Vec<Event>>,
    }

    impl Host for Clock {
        fn emit(&self, event: Event) {
            self.events.borrow_mut().push(event);
        }

        fn seconds(&self) -> f64 {
            self.seconds.set(self.seconds.get() + 0.1);
            self.seconds.get()
        }

        async fn yield_now(&self) {}

        async fn corpus(&self, _: &str) -> Result<Vec<u8>, String> {
            Err("there is none".into())
        }
    }

    fn open(backend: Backend) -> OpenDevice {
        OpenDevice { backend, name: "two CPUs".into(), ..device::cpu("asked for".into()) }
    }

    fn race(open: OpenDevice, choice: DeviceChoice, work: f64, known: Option<Backend>) -> (OpenDevice, Vec<Event>) {
        let model = ModelConfig { layers: 1, heads: 2, width: 8, context: 8, ..ModelConfig::default() };
        let experiment = Experiment { model, device: choice, ..Experiment::default() };
        let split = Split::of_text(Corpus::Own, "a text that says little, ".repeat(60)).expect("a text");
        let tokeniser = Tokeniser::Char(split.char_tokeniser().expect("few characters"));
        let dataset = Arc::new(Dataset::new(&split, tokeniser, 8).expect("a long text"));
        let clock = Clock::default();
        let open = block_on(faster(&clock, open, &experiment, &dataset, work, known));
        (open, clock.events.into_inner())
    }

    #[test]
    fn a_race_is_run_once_and_only_where_the_choice_is_open() {
        let (open_after, events) = race(open(Backend::Gpu), DeviceChoice::Auto, 1e6, None);
        assert!(open_after.reason.contains("steps per second"), "{}", open_after.reason);
        let raced = events.iter().find_map(|event| if let Event::Raced(race) = event { Some(*race) } else { None });
        let raced = raced.expect("they raced");
        assert!(raced.gpu > 0.0 && raced.cpu > 0.0);
        assert_eq!(open_after.backend, raced.faster());
        for (backend, choice, work, known) in [
            (Backend::Cpu, DeviceChoice::Auto, 1e6, None),
            (Backend::Gpu, DeviceChoice::Gpu, 1e6, None),
            (Backend::Gpu, DeviceChoice::Auto, 1e12, None),
            (Backend::Gpu, DeviceChoice::Auto, 1e6, Some(Backend::Gpu)),
        ] {
            let (open_after, events) = race(open(backend), choice, work, known);
            assert_eq!((open_after.backend, open_after.reason.as_str(), events.len()), (backend, "asked for", 0));
        }
        let (open_after, events) = race(open(Backend::Gpu), DeviceChoice::Auto, 1e6, Some(Backend::Cpu));
        assert_eq!((open_after.backend, events.len()), (Backend::Cpu, 0));
    }
}
