//! The messages between the page and the page that embeds it, version 1; `EMBED.md` tells them to others.

use serde::{Deserialize, Serialize};

/// Version of the messages.
const VERSION: u64 = 1;

/// The longest message that is read, in bytes.
const LONGEST: usize = 100_000;

/// What an embedding page asks for.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Request {
    /// Begin to train, or go on.
    Play,
    /// Pause.
    Pause,
    /// Train one step.
    Step,
    /// Go back to step 0.
    Reset,
    /// Open the experiment of a link.
    Open {
        /// The link, whole or from `?` on.
        link: String,
    },
    /// Report the state.
    State,
}

/// What the page reports.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "type", rename_all = "kebab-case")]
pub enum Report {
    /// The page listens.
    Ready {
        /// Whether it is the poster, which loads the page on `play`.
        poster: bool,
        /// The experiment's link, relative to the page.
        link: String,
    },
    /// Where the run is.
    State {
        /// `idle`, `preparing`, `running`, `paused`, `finished` or `failed`.
        state: &'static str,
        /// Steps that each arm is to make.
        steps: usize,
        /// The arms, A first.
        arms: Vec<ArmReport>,
    },
    /// The height that the page needs, in pixels.
    Height {
        /// Pixels.
        height: f64,
    },
    /// A request could not be carried out.
    Refused {
        /// One sentence.
        message: String,
    },
}

/// Where an arm is.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArmReport {
    /// Its letter.
    pub arm: char,
    /// Steps done.
    pub step: usize,
    /// Its last validation loss; none before the first, or where it is not finite.
    pub validation: Option<f64>,
}

/// Why a message is no request.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// It is longer than any request.
    #[error("The message has {0} bytes: a request has at most {LONGEST}.")]
    Long(usize),
    /// It is of another version.
    #[error("The message is of version {0}: this page understands version {VERSION}.")]
    Version(String),
    /// There is no such request, or a part of it is missing or of the wrong kind.
    #[error("The message is no request: {0}.")]
    Request(String),
}

/// Reads a message as JSON; none for one that is somebody else's.
///
/// # Errors
/// When it is for this page and cannot be understood.
pub fn read(json: &str) -> Result<Option<Request>, ProtocolError> {
    // Other scripts send messages too: what does not carry our name is not ours.
    if json.len() > LONGEST {
        let is_ours = json.get(..64).is_some_and(|start| start.contains("\"tailblazer\""));
        return if is_ours { Err(ProtocolError::Long(json.len())) } else { Ok(None) };
    }
    let Ok(serde_json::Value::Object(mut message)) = serde_json::from_str(json) else { return Ok(None) };
    let Some(version) = message.remove("tailblazer") else { return Ok(None) };
    if version.as_u64() != Some(VERSION) {
        return Err(ProtocolError::Version(version.to_string().chars().take(40).collect()));
    }
    let request = serde_json::from_value(serde_json::Value::Object(message));
    request.map(Some).map_err(|error: serde_json::Error| ProtocolError::Request(error.to_string()))
}

/// A report as JSON.
pub fn write(report: &Report) -> String {
    let mut message = serde_json::to_value(report).expect("a report is plain data");
    message["tailblazer"] = VERSION.into();
    message.to_string()
}

/// The origins that may steer the page: those that the link names, or else that of the embedding page.
///
/// `origins` is the query's list, separated by commas; `referrer` is the address that the frame was opened from.
pub fn allowed(origins: Option<&str>, referrer: &str) -> Vec<String> {
    match origins {
        Some(list) => list.split(',').map(str::trim).filter_map(origin).collect(),
        None => origin(referrer).into_iter().collect(),
    }
}

/// The origin of a web address: scheme, host and port.
fn origin(address: &str) -> Option<String> {
    let (scheme, rest) = address.split_once("://").filter(|(scheme, _)| matches!(*scheme, "http" | "https"))?;
    let host = rest.split(['/', '?', '#']).next().filter(|host| !host.is_empty() && !host.contains('@'))?;
    Some(format!("{scheme}://{}", host.to_ascii_lowercase()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn requests_are_read() {
        let of = |json: &str| read(json).expect("understood");
        assert_eq!(of(r#"{"tailblazer":1,"type":"play"}"#), Some(Request::Play));
        assert_eq!(of(r#"{"tailblazer":1,"type":"step","more":0}"#), Some(Request::Step));
        let link = Request::Open { link: "?preset=wsd#v=1".into() };
        assert_eq!(of(r##"{"type":"open","link":"?preset=wsd#v=1","tailblazer":1}"##), Some(link));
    }

    #[test]
    fn what_is_not_ours_is_nobodys_fault() {
        for json in ["", "3", "null", "[1]", "{}", r#"{"type":"play"}"#, "\"tailblazer\""] {
            assert_eq!(read(json), Ok(None), "{json}");
        }
        assert_eq!(read(&format!("\"{}\"", "x".repeat(200_000))), Ok(None));
    }

    #[test]
    fn what_cannot_be_understood_is_named() {
        let fails = |json: &str| read(json).expect_err("no request").to_string();
        assert!(fails(r#"{"tailblazer":2,"type":"play"}"#).contains("version 2"));
        assert!(fails(r#"{"tailblazer":1,"type":"dance"}"#).contains("dance"));
        assert!(fails(r#"{"tailblazer":1}"#).contains("type"));
        assert!(fails(r#"{"tailblazer":1,"type":"open"}"#).contains("link"));
        assert!(fails(r#"{"tailblazer":1,"type":"open","link":3}"#).starts_with("The message is no request"));
        let long = format!(r#"{{"tailblazer":1,"type":"open","link":"{}"}}"#, "x".repeat(1 << 20));
        assert!(fails(&long).contains("at most 100000"));
    }

    #[test]
    fn reports_carry_the_version_and_their_kind() {
        let arm = ArmReport { arm: 'A', step: 3, validation: None };
        let report = Report::State { state: "running", steps: 10, arms: vec![arm] };
        let json: serde_json::Value = serde_json::from_str(&write(&report)).expect("JSON");
        assert_eq!((&json["tailblazer"], &json["type"]), (&1.into(), &"state".into()));
        assert_eq!(json["arms"][0]["validation"], serde_json::Value::Null);
    }

    #[test]
    fn the_embedding_page_may_steer_and_others_where_the_link_says_so() {
        assert_eq!(allowed(None, "https://course.example:8443/week/3?x#y"), ["https://course.example:8443"]);
        assert_eq!(allowed(None, ""), [""; 0]);
        assert_eq!(
            allowed(Some("https://A.example, http://b.example/"), "https://c.example/"),
            ["https://a.example", "http://b.example"]
        );
        assert_eq!(allowed(Some(""), "https://c.example/"), [""; 0]);
        for address in ["javascript://x", "https://", "https://a@b.example", "file:///x", "*"] {
            assert_eq!(origin(address), None, "{address}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(100_000))]
        #[test]
        fn no_message_makes_it_panic(json in any::<String>(), kind in "[a-z-]{0,8}") {
            let _ = read(&json);
            let _ = read(&format!(r#"{{"tailblazer":1,"type":"{kind}","link":{json:?}}}"#));
            allowed(Some(&json), &json);
        }
    }
}
