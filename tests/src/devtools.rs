//! Commands of the browser's own protocol, for what WebDriver does not offer.

use axum::http::Method;
use serde_json::{Value, json};
use thirtyfour::{RequestData, SessionId, common::command::FormatRequestData};

/// A command with its parameters.
#[derive(Debug)]
pub struct Devtools {
    /// Its name: `Emulation.setEmulatedMedia`.
    pub command: &'static str,
    /// Its parameters.
    pub parameters: Value,
}

impl FormatRequestData for Devtools {
    fn format_request(&self, session: &SessionId) -> RequestData {
        RequestData::new(Method::POST, format!("session/{session}/goog/cdp/execute"))
            .add_body(json!({ "cmd": self.command, "params": self.parameters }))
    }
}
