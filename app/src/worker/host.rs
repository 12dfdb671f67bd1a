//! The worker as the session's [`Host`]: messages to the page, a clock, and the corpora beside the page.

use std::{cell::RefCell, collections::VecDeque, rc::Rc};

use futures::channel::oneshot;
use gloo::net::http::Request;
use tailblazer_core::session::{Counters, Event, Host};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use web_sys::{DedicatedWorkerGlobalScope, MessageChannel, Performance, Url};

use super::{flow::Flow, meter::Meter};
use crate::transport::FromWorker;

/// The session's host in a dedicated worker.
pub struct WorkerHost {
    outlet: Rc<Outlet>,
    clock: Performance,
    turns: Turns,
    meter: Meter,
}

impl WorkerHost {
    /// A host that reports to the page through `outlet`. It counts from now on, so it must be there before the session.
    pub fn new(outlet: Rc<Outlet>) -> Result<Self, JsValue> {
        let clock = outlet.scope.performance().ok_or("this worker has no clock")?;
        Ok(Self { outlet, clock, turns: Turns::new()?, meter: Meter::start() })
    }
}

impl Host for WorkerHost {
    fn emit(&self, event: Event) {
        self.outlet.emit(event);
    }

    fn seconds(&self) -> f64 {
        self.clock.now() / 1e3
    }

    fn counters(&self) -> Counters {
        self.meter.read()
    }

    async fn yield_now(&self) {
        self.turns.next().await;
    }

    async fn corpus(&self, file: &str) -> Result<Vec<u8>, String> {
        let path = format!("corpora/{file}");
        let problem = |why: &str| format!("The corpus file {path} could not be loaded: {why}.");
        let base = self.outlet.scope.location().href();
        let address = Url::new_with_base(&path, &base).map_err(|_| problem("its address is not valid"))?.href();

        let response = Request::get(&address).send().await.map_err(|_| problem("the server did not answer"))?;
        if !response.ok() {
            return Err(problem(&format!("the server answered {}", response.status())));
        }
        // Servers for single-page applications answer with the page itself where a file is missing.
        if response.headers().get("content-type").is_some_and(|kind| kind.starts_with("text/html")) {
            return Err(problem("the server answered with a web page in its place"));
        }
        response.binary().await.map_err(|_| problem("the connection broke"))
    }
}

/// The way to the page.
pub struct Outlet {
    scope: DedicatedWorkerGlobalScope,
    flow: RefCell<Flow>,
}

impl Outlet {
    /// The outlet of this worker.
    pub fn new(scope: DedicatedWorkerGlobalScope) -> Self {
        Self { scope, flow: RefCell::default() }
    }

    /// Sends an event; metrics are held back while a frame is on its way.
    pub fn emit(&self, event: Event) {
        match event {
            Event::Metrics(frame) => {
                let ready = self.flow.borrow_mut().offer(frame);
                self.send_metrics(ready);
            }
            other => {
                let waiting = self.flow.borrow_mut().flush();
                self.send_metrics(waiting);
                self.send(&FromWorker::Event(other));
            }
        }
    }

    /// The page took frames in.
    pub fn acknowledge(&self, count: u32) {
        let ready = self.flow.borrow_mut().acknowledge(count);
        self.send_metrics(ready);
    }

    /// Sends a message as it is.
    pub fn send(&self, message: &FromWorker) {
        // A message that cannot be sent has no other way to the visitor than the console.
        let sent = message
            .encode()
            .map_err(|error| JsValue::from_str(&error.to_string()))
            .and_then(|parcel| self.scope.post_message_with_transfer(&parcel.message, &parcel.transfer));
        if let Err(error) = sent {
            wasm_bindgen::throw_val(error);
        }
    }

    fn send_metrics(&self, frame: Option<tailblazer_core::session::MetricsFrame>) {
        if let Some(frame) = frame {
            self.send(&FromWorker::Event(Event::Metrics(frame)));
        }
    }
}

/// Turns of the event loop. A message channel, because a timer would wait four milliseconds each time.
struct Turns {
    channel: MessageChannel,
    waiting: Rc<RefCell<VecDeque<oneshot::Sender<()>>>>,
    _on_message: Closure<dyn FnMut(JsValue)>,
}

impl Turns {
    fn new() -> Result<Self, JsValue> {
        let channel = MessageChannel::new()?;
        let waiting = Rc::new(RefCell::new(VecDeque::<oneshot::Sender<()>>::new()));
        let queue = Rc::clone(&waiting);
        let on_message = Closure::<dyn FnMut(JsValue)>::new(move |_| {
            let turn = queue.borrow_mut().pop_front();
            if let Some(turn) = turn {
                // Whoever waited may have gone away; then nobody needs the turn.
                let _ = turn.send(());
            }
        });
        channel.port1().set_onmessage(Some(on_message.as_ref().unchecked_ref()));
        Ok(Self { channel, waiting, _on_message: on_message })
    }

    async fn next(&self) {
        let (sender, receiver) = oneshot::channel();
        self.waiting.borrow_mut().push_back(sender);
        if self.channel.port2().post_message(&JsValue::NULL).is_ok() {
            // The sender lives in the queue until its message arrives.
            let _ = receiver.await;
        }
    }
}
