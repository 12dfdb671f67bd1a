//! `cargo xtask test`: formatting, lints, dependencies, native tests, then the page in real browsers.

use std::process::Command;

use anyhow::{Result, bail};

use crate::setup;
use crate::shell::Shell;

/// One part of the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    Lint,
    Native,
    Browser,
    Matrix,
}

/// The browsers beside Chromium, by the names that the tests know them by.
const OTHERS: [&str; 2] = ["firefox", "webkit"];

/// The browser tests that need nothing of Chromium's own: neither its software adapter for WebGPU, nor its protocol.
const ANYWHERE: [&str; 14] = [
    "arms", "decode", "embed", "export", "hands", "import", "input", "lab", "language", "page", "replay", "runs",
    "share", "train",
];

/// The one test of them that does: it keeps hold of the page's workers through that protocol.
const CHROMIUM_ALONE: &str = "its_worker_was_lost";

/// What to run: the parts, in order, and the name that tests must contain.
#[derive(Debug, PartialEq, Eq)]
pub struct Selection {
    parts: Vec<Part>,
    filter: Option<String>,
}

impl Selection {
    /// Reads `[--only PART] [NAME]`. A name alone leaves the lints out.
    pub fn parse(arguments: &[String]) -> Result<Self> {
        let mut only = None;
        let mut filter = None;
        let mut rest = arguments.iter().map(String::as_str);
        while let Some(argument) = rest.next() {
            if argument == "--only" {
                only = Some(parse_part(rest.next().unwrap_or_default())?);
            } else if let Some(name) = argument.strip_prefix("--only=") {
                only = Some(parse_part(name)?);
            } else if argument.starts_with('-') {
                bail!("test takes `--only lint|native|browser|matrix` and a test name, not `{argument}`.");
            } else if filter.replace(argument.to_string()).is_some() {
                bail!("test takes one test name, and `{argument}` is a second one.");
            }
        }
        let parts = match (only, &filter) {
            (Some(part), _) => vec![part],
            (None, Some(_)) => vec![Part::Native, Part::Browser],
            (None, None) => vec![Part::Lint, Part::Native, Part::Browser, Part::Matrix],
        };
        Ok(Self { parts, filter })
    }
}

fn parse_part(name: &str) -> Result<Part> {
    match name {
        "lint" => Ok(Part::Lint),
        "native" => Ok(Part::Native),
        "browser" => Ok(Part::Browser),
        "matrix" => Ok(Part::Matrix),
        _ => bail!("`--only` wants lint, native, browser or matrix, not `{name}`."),
    }
}

/// Runs the selected parts in order and stops at the first that fails.
///
/// The browsers come last, so that the output ends with the summary of a test runner.
pub fn run(shell: &mut Shell, selection: &Selection) -> Result<()> {
    // Everything is installed first, so that what cannot be installed is known before anything is compiled.
    if selection.parts.iter().any(|part| matches!(part, Part::Browser | Part::Matrix)) {
        setup::page(shell)?;
        setup::tools::browser(shell)?;
        setup::tools::examples(shell)?;
        setup::tools::axe(shell)?;
    } else {
        setup::toolchain::ensure(shell)?;
        setup::corpora::ensure(shell)?;
    }
    if selection.parts.contains(&Part::Matrix) {
        setup::tools::other_browsers(shell)?;
    }
    if selection.parts.contains(&Part::Lint) {
        setup::toolchain::ensure_lints(shell)?;
        setup::tools::cargo_deny(shell)?;
    }
    if selection.parts.contains(&Part::Native) {
        setup::tools::vulkan(shell)?;
    }
    for part in &selection.parts {
        match part {
            Part::Lint => lint(shell)?,
            Part::Native => native(shell, selection.filter.as_deref())?,
            Part::Browser => browser(shell, selection.filter.as_deref())?,
            Part::Matrix => matrix(shell, selection)?,
        }
    }
    Ok(())
}

fn lint(shell: &Shell) -> Result<()> {
    shell.run(shell.rust("cargo").args(["fmt", "--all", "--check"]))?;
    shell.run(shell.rust("cargo").args([
        "clippy",
        "--workspace",
        "--all-targets",
        "--release",
        "--",
        "--deny",
        "warnings",
    ]))?;
    dependencies(shell)
}

/// Licences, versions and sources of what the project depends on, by the lock file as it is; and what is known against
/// them, where the list of that can be fetched.
fn dependencies(shell: &Shell) -> Result<()> {
    let deny = |arguments: &[&str]| {
        let mut command = shell.rust("cargo");
        command.args(["deny", "--locked"]).args(arguments);
        command
    };
    shell.run(&mut deny(&["check", "bans", "licenses", "sources"]))?;
    if shell.succeeds(&mut deny(&["fetch", "db"])) {
        return shell.run(&mut deny(&["check", "--disable-fetch", "advisories"]));
    }
    println!("\nThe list of known weaknesses could not be fetched: advisories are NOT checked.");
    Ok(())
}

fn native(shell: &Shell, filter: Option<&str>) -> Result<()> {
    shell.run(
        shell
            .rust("cargo")
            .args(["test", "--workspace", "--exclude", "tailblazer-tests", "--release"])
            .args(["--lib", "--bins", "--tests"])
            .args(filter),
    )
}

fn browser(shell: &Shell, filter: Option<&str>) -> Result<()> {
    shell.run(&mut shell.trunk("build"))?;
    shell.run(in_browsers(shell).arg("--tests").args(filter))
}

/// The page of the tests before, in the other browsers.
fn matrix(shell: &Shell, selection: &Selection) -> Result<()> {
    if !selection.parts.contains(&Part::Browser) {
        shell.run(&mut shell.trunk("build"))?;
    }
    for browser in OTHERS {
        let mut command = in_browsers(shell);
        command.env("TAILBLAZER_BROWSER", browser).args(ANYWHERE.iter().flat_map(|test| ["--test", test]));
        println!("\nIn {browser}:");
        shell.run(command.args(&selection.filter).args(["--", "--skip", CHROMIUM_ALONE]))?;
    }
    Ok(())
}

/// The tests of the built page, which say nothing yet of which and where.
fn in_browsers(shell: &Shell) -> Command {
    let mut command = shell.rust("cargo");
    command
        .args(["test", "--package", "tailblazer-tests", "--release"])
        .env("TAILBLAZER_DIST", shell.dist())
        .env("TAILBLAZER_MDBOOK", setup::tools::mdbook(shell))
        .env("TAILBLAZER_PACKAGES", setup::tools::packages(shell))
        .env("TAILBLAZER_AXE", setup::tools::axe_script(shell));
    command
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Selection> {
        Selection::parse(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn everything_runs_by_default_with_the_browser_last() {
        let all = parse(&[]).unwrap();
        assert_eq!(all.parts, [Part::Lint, Part::Native, Part::Browser, Part::Matrix]);
        assert_eq!(all.filter, None);
    }

    #[test]
    fn a_name_leaves_the_lints_out() {
        let named = parse(&["loss_falls"]).unwrap();
        assert_eq!(named.parts, [Part::Native, Part::Browser]);
        assert_eq!(named.filter.as_deref(), Some("loss_falls"));
    }

    #[test]
    fn one_part_can_be_chosen() {
        assert_eq!(parse(&["--only", "browser", "loss"]).unwrap().parts, [Part::Browser]);
        assert_eq!(parse(&["--only=matrix"]).unwrap().parts, [Part::Matrix]);
        assert_eq!(parse(&["--only=lint"]).unwrap().parts, [Part::Lint]);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(parse(&["--only", "wasm"]).unwrap_err().to_string().contains("wasm"));
        assert!(parse(&["--only"]).is_err());
        assert!(parse(&["--fast"]).unwrap_err().to_string().contains("--fast"));
        assert!(parse(&["one", "two"]).unwrap_err().to_string().contains("two"));
    }
}
