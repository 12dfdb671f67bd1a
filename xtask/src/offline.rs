//! What the service worker keeps: the list of the site's files, and a version that is a digest of them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use crate::files::files_in;

/// The service worker.
const WORKER: &str = "sw.js";

/// Files that a visit may never need: the page asks for those that it does need, other sites for the rest.
const LATER: [&str; 5] = ["engine-", "embed.js", "figures/", "oembed/", "recordings/"];

/// Writes the list and the version into the site's service worker.
pub fn list(site: &Path) -> Result<()> {
    let files = files_in(site)?;
    let mut digest = Sha256::new();
    for file in files.iter().filter(|file| *file != WORKER) {
        digest.update(file);
        digest.update(fs::read(site.join(file)).with_context(|| format!("could not read {file}"))?);
    }
    let version: String = digest.finalize().iter().take(8).map(|byte| format!("{byte:02x}")).collect();
    let path = site.join(WORKER);
    let worker = fs::read_to_string(&path).with_context(|| format!("there is no {}", path.display()))?;
    fs::write(&path, with_list(&worker, &version, &kept(&files)).context("sw.js has no place for the list")?)?;
    Ok(())
}

/// The addresses of the files that every visit keeps.
fn kept(files: &[String]) -> Vec<String> {
    let is_kept = |file: &&String| *file != WORKER && !LATER.iter().any(|later| file.starts_with(later));
    // A folder is asked for by its own name.
    files.iter().filter(is_kept).map(|file| format!("./{}", file.strip_suffix("index.html").unwrap_or(file))).collect()
}

/// The worker with another version and another list, whatever it has had before.
fn with_list(worker: &str, version: &str, files: &[String]) -> Option<String> {
    let list: Vec<String> = files.iter().map(|file| format!("'{file}'")).collect();
    let with_version = replace_line(worker, "const VERSION = ", &format!("'{version}';"))?;
    replace_line(&with_version, "const FILES = ", &format!("[{}];", list.join(", ")))
}

/// The text with another end of the line that begins so.
fn replace_line(text: &str, start: &str, end: &str) -> Option<String> {
    let at = text.find(start)? + start.len();
    let rest = text[at..].find('\n').map_or("", |line| &text[at + line..]);
    Some(format!("{}{end}{rest}", &text[..at]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_written_again_and_again() {
        let worker = "// a\nconst VERSION = 'VERSION';\nconst FILES = [];\nconst CACHE = 1;\n";
        let files = ["embed/index.html", "engine-cpu_bg.wasm", "figures/wsd.svg", "index.html", "sw.js", "a.css"]
            .map(String::from);
        let kept = kept(&files);
        assert_eq!(kept, ["./embed/", "./", "./a.css"]);
        let once = with_list(worker, "12", &kept).expect("both lines");
        assert_eq!(
            once,
            "// a\nconst VERSION = '12';\nconst FILES = ['./embed/', './', './a.css'];\nconst CACHE = 1;\n"
        );
        assert_eq!(with_list(&once, "34", &kept).expect("both lines"), once.replace("12", "34"));
        assert_eq!(with_list("const A = 1;\n", "1", &[]), None);
    }
}
