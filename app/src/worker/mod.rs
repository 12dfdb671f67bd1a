//! The dedicated worker: it hands the page's commands to the session and the session's events to the page.

pub mod flow;
mod host;
mod meter;

use std::rc::Rc;

use futures::channel::mpsc;
use tailblazer_core::session::{self, Command, Event, Failure};
use wasm_bindgen::{JsCast, JsValue, closure::Closure};
use wasm_bindgen_futures::spawn_local;
use web_sys::{DedicatedWorkerGlobalScope, MessageEvent};

use crate::transport::{FromWorker, ToWorker};
use host::{Outlet, WorkerHost};

/// Runs the session in this worker until the page stops it.
pub fn main() {
    let scope = js_sys::global().unchecked_into::<DedicatedWorkerGlobalScope>();
    report_panics();
    if let Err(error) = start(scope) {
        wasm_bindgen::throw_val(error);
    }
}

fn start(scope: DedicatedWorkerGlobalScope) -> Result<(), JsValue> {
    let outlet = Rc::new(Outlet::new(scope.clone()));
    let host = WorkerHost::new(Rc::clone(&outlet))?;
    let (commands, inbox) = mpsc::unbounded();
    listen(&scope, outlet, commands);
    // The session's first event says that it is ready, so the listener above must already stand.
    spawn_local(session::run(host, inbox));
    Ok(())
}

fn listen(scope: &DedicatedWorkerGlobalScope, outlet: Rc<Outlet>, commands: mpsc::UnboundedSender<Command>) {
    let on_message = Closure::<dyn FnMut(MessageEvent)>::new(move |event: MessageEvent| {
        match ToWorker::decode(event.data()) {
            Ok(ToWorker::Acknowledge(count)) => outlet.acknowledge(count),
            // A session that has stopped takes no commands; the page then ends this worker.
            Ok(ToWorker::Command(command)) => drop(commands.unbounded_send(command)),
            Err(error) => {
                outlet.emit(Event::Failed(Failure { field: None, message: format!("Nothing was done: {error}.") }));
            }
        }
    });
    scope.set_onmessage(Some(on_message.as_ref().unchecked_ref()));
    // The listener lives as long as the worker.
    on_message.forget();
}

/// Sends a panic to the page before the worker dies: an error inside a promise never reaches `onerror`.
fn report_panics() {
    console_error_panic_hook::set_once();
    let print = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        print(panic);
        let reason = panic.payload_as_str().unwrap_or("no reason was given").to_owned();
        let scope = js_sys::global().unchecked_into::<DedicatedWorkerGlobalScope>();
        if let Ok(parcel) = FromWorker::Crash(reason).encode() {
            // The worker is about to die: there is nobody left to tell if this fails.
            let _ = scope.post_message(&parcel.message);
        }
    }));
}
