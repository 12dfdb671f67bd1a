//! A worker that runs an engine, and the way to it.

use std::{cell::OnceCell, rc::Rc};

use tailblazer_core::{
    experiment::DeviceChoice,
    session::{Adapter, Command},
};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{ErrorEvent, MessageEvent, Url, Worker, WorkerOptions, WorkerType};

use super::codec::Codec;
use crate::{browser::simd, t, transport::ToWorker, words};

/// Which of the two engines: a visitor downloads only what computes here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// The small one.
    Cpu,
    /// The one that has WebGPU besides the CPU.
    WebGpu,
}

impl Program {
    /// The engine that a choice of device needs; none where it depends on an adapter that nobody has looked for yet.
    pub fn for_choice(choice: DeviceChoice, adapter: Option<&Adapter>) -> Option<Self> {
        match (choice, adapter) {
            (DeviceChoice::Cpu, _) => Some(Self::Cpu),
            (DeviceChoice::Gpu, _) => Some(Self::WebGpu),
            (DeviceChoice::Auto, Some(Adapter::Hardware)) => Some(Self::WebGpu),
            (DeviceChoice::Auto, Some(Adapter::Missing | Adapter::Software { .. })) => Some(Self::Cpu),
            (DeviceChoice::Auto, None) => None,
        }
    }

    /// The script that loads it; trunk names it after the program. The small one exists with relaxed SIMD and without.
    fn loader(self, has_relaxed_simd: bool) -> &'static str {
        match self {
            Self::Cpu if has_relaxed_simd => "engine-relaxed_loader.js",
            Self::Cpu => "engine-cpu_loader.js",
            Self::WebGpu => "engine-webgpu_loader.js",
        }
    }
}

/// A worker, and the commands that wait until it listens.
pub struct Link {
    /// The engine that runs in it.
    pub program: Program,
    /// Tells this link from those before it.
    pub id: u32,
    worker: Worker,
    codec: Rc<OnceCell<Codec>>,
    waiting: Option<Vec<Command>>,
    _on_message: Closure<dyn FnMut(MessageEvent)>,
    _on_error: Closure<dyn FnMut(ErrorEvent)>,
}

impl Link {
    /// Starts a worker. It loads its engine beside the page, which is not held up; nothing is sent to it before the codec
    /// is there.
    pub fn start(
        program: Program,
        id: u32,
        codec: Rc<OnceCell<Codec>>,
        mut on_message: impl FnMut(JsValue) + 'static,
        mut on_error: impl FnMut() + 'static,
    ) -> Result<Self, JsValue> {
        let base = leptos::prelude::document().base_uri()?.unwrap_or_default();
        let options = WorkerOptions::new();
        options.set_type(WorkerType::Module);
        let worker =
            Worker::new_with_options(&Url::new_with_base(program.loader(simd::is_relaxed()), &base)?.href(), &options)?;

        let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| on_message(event.data()));
        worker.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        let on_error = Closure::<dyn FnMut(ErrorEvent)>::new(move |_| on_error());
        worker.set_onerror(Some(on_error.as_ref().unchecked_ref()));
        let waiting = Some(Vec::new());
        Ok(Self { program, id, worker, codec, waiting, _on_message: on_message, _on_error: on_error })
    }

    /// Whether the worker has not said yet that it listens.
    pub fn is_loading(&self) -> bool {
        self.waiting.is_some()
    }

    /// Sends a command now, or as soon as the worker listens.
    pub fn send(&mut self, command: Command) -> Result<(), String> {
        match &mut self.waiting {
            Some(waiting) => {
                waiting.push(command);
                Ok(())
            }
            None => self.post(&ToWorker::Command(command)),
        }
    }

    /// The worker listens: sends what waited.
    pub fn greet(&mut self) -> Result<(), String> {
        let waiting = self.waiting.take().unwrap_or_default();
        waiting.into_iter().try_for_each(|command| self.post(&ToWorker::Command(command)))
    }

    /// Tells the worker that metrics frames reached the screen.
    pub fn acknowledge(&self, count: u32) -> Result<(), String> {
        self.post(&ToWorker::Acknowledge(count))
    }

    fn post(&self, message: &ToWorker) -> Result<(), String> {
        let codec = self.codec.get().ok_or_else(|| t!("the page is not loaded completely"))?;
        let value = (codec.encode)(message).map_err(|error| words::sentence(&error.to_string()))?;
        let refused = |_| t!("the browser refused to pass it to the worker").to_owned();
        self.worker.post_message(&value).map_err(refused)
    }

    /// Ends the worker.
    pub fn end(self) {
        self.worker.set_onmessage(None);
        self.worker.set_onerror(None);
        self.worker.terminate();
        // This may run inside one of the link's own callbacks, which must not be freed while it runs.
        leptos::prelude::set_timeout(move || drop(self), std::time::Duration::ZERO);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn webgpu_is_loaded_only_where_it_computes() {
        let software = Adapter::Software { name: "SwiftShader".into() };
        let program = Program::for_choice;
        assert_eq!(program(DeviceChoice::Cpu, Some(&Adapter::Hardware)), Some(Program::Cpu));
        assert_eq!(program(DeviceChoice::Gpu, Some(&software)), Some(Program::WebGpu));
        assert_eq!(program(DeviceChoice::Auto, Some(&software)), Some(Program::Cpu));
        assert_eq!(program(DeviceChoice::Auto, Some(&Adapter::Missing)), Some(Program::Cpu));
        assert_eq!(program(DeviceChoice::Auto, Some(&Adapter::Hardware)), Some(Program::WebGpu));
        assert_eq!(program(DeviceChoice::Auto, None), None);
    }
}
