//! The session's host on the command line: JSON lines out, corpora from a folder.

use std::{
    cell::RefCell,
    io::Write,
    path::{Path, PathBuf},
    rc::Rc,
    time::Instant,
};

use futures::channel::mpsc::UnboundedSender;
use serde_json::json;
use tailblazer_core::session::{Command, Event, Failure, Host, RunState};

/// Writes events and ends the session after its run.
pub struct CommandLine {
    pub commands: UnboundedSender<Command>,
    pub corpora: PathBuf,
    pub out: RefCell<Box<dyn Write>>,
    pub start: Instant,
    pub failure: Rc<RefCell<Option<Failure>>>,
    /// Digest of all batches so far.
    pub batch_digest: RefCell<String>,
}

impl CommandLine {
    fn line(&self, value: &serde_json::Value) {
        let mut out = self.out.borrow_mut();
        // Output that nobody reads any more, such as a closed pipe, ends the run but is no failure of it.
        if writeln!(out, "{value}").and_then(|()| out.flush()).is_err() {
            self.stop();
        }
    }

    fn stop(&self) {
        self.commands.unbounded_send(Command::Stop).ok();
    }
}

impl Host for CommandLine {
    fn emit(&self, event: Event) {
        match &event {
            Event::Metrics(frame) => {
                for step in &frame.steps {
                    let mut line = json!({ "type": "step" });
                    line.as_object_mut()
                        .expect("an object")
                        .extend(json!(step).as_object().cloned().unwrap_or_default());
                    self.line(&line);
                }
                self.batch_digest.replace(frame.batch_digest.clone());
                return;
            }
            Event::Failed(failure) | Event::Diverged(failure) => {
                *self.failure.borrow_mut() = Some(failure.clone());
                self.stop();
            }
            Event::Lost { message } => {
                *self.failure.borrow_mut() = Some(Failure { field: None, message: message.clone() });
                self.stop();
            }
            Event::State { state: RunState::Finished | RunState::Failed } => {
                self.line(&json!({ "type": "batches", "digest": *self.batch_digest.borrow() }));
                self.stop();
            }
            _ => {}
        }
        self.line(&json!(event));
    }

    fn seconds(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    async fn yield_now(&self) {}

    async fn corpus(&self, file: &str) -> Result<Vec<u8>, String> {
        corpus(&self.corpora, file)
    }
}

/// A bundled corpus out of the folder of them.
pub fn corpus(folder: &Path, file: &str) -> Result<Vec<u8>, String> {
    let path = folder.join(file);
    std::fs::read(&path).map_err(|error| {
        format!("The corpus {} could not be read ({error}): run `cargo xtask setup` or pass --corpora.", path.display())
    })
}
