//! What was asked of one decoder, and what it reported.

use leptos::prelude::*;
use tailblazer_core::session::DecodeRequest;

use super::trace::Trace;

/// What happened to one decoder. It is a handful of keys and is copied freely.
#[derive(Clone, Copy)]
pub struct Column {
    /// What it reported.
    pub trace: StoredValue<Trace, LocalStorage>,
    /// Raised when the trace changed.
    pub version: RwSignal<u64>,
    /// What it was asked for last, and by the place of which run.
    pub(super) sent: StoredValue<Option<(usize, DecodeRequest)>>,
    /// Whether reports are those of the last request: they are from its start on.
    pub(super) is_answered: StoredValue<bool>,
    /// Why it cannot decode: the field and a sentence.
    pub fault: RwSignal<Option<(String, String)>>,
}

impl Column {
    pub(super) fn new() -> Self {
        Self {
            trace: StoredValue::new_local(Trace::default()),
            version: RwSignal::new(0),
            sent: StoredValue::new(None),
            is_answered: StoredValue::new(false),
            fault: RwSignal::new(None),
        }
    }

    /// Reads the trace, and follows it.
    pub fn with<T>(&self, read: impl FnOnce(&Trace) -> T) -> T {
        self.version.track();
        self.trace.with_value(read)
    }

    /// Forgets everything: it has another decoder now, or none.
    pub(super) fn clear(&self) {
        self.trace.set_value(Trace::default());
        self.sent.set_value(None);
        self.is_answered.set_value(false);
        self.fault.set(None);
        self.touch();
    }

    /// Whether it was last asked to decode with the network of a run.
    pub(super) fn is_of(&self, run: usize) -> bool {
        self.sent.with_value(|sent| sent.as_ref().is_some_and(|(of, _)| *of == run))
    }

    pub(super) fn touch(&self) {
        self.version.update(|version| *version += 1);
    }

    /// Whether it was asked for something that is not all there yet.
    pub fn is_busy(&self) -> bool {
        self.version.track();
        self.sent.with_value(Option::is_some)
            && !(self.is_answered.get_value() && self.trace.with_value(Trace::is_over))
    }
}
