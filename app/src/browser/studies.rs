//! Recorded studies, loaded when somebody looks at them.

use gloo::net::http::Request;
use tailblazer_core::stats::Study;

/// The recorded study of a name; none where there is none, or none that can be read.
pub async fn load(name: &str) -> Option<Vec<Study>> {
    let response = Request::get(&format!("studies/{name}.jsonl")).send().await.ok()?;
    // Servers for single-page applications answer with the page itself where a file is missing; it is no study.
    let text = response.text().await.ok().filter(|_| response.ok())?;
    Study::read(&text).ok().filter(|studies| !studies.is_empty())
}
