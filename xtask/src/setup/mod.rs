//! Installing what is missing. Every step first looks, and is quick when there is nothing to do.

pub mod corpora;
mod debian;
pub mod toolchain;
pub mod tools;

use anyhow::{Context, Result};

use crate::shell::Shell;

/// Everything that any command needs.
pub fn everything(shell: &mut Shell) -> Result<()> {
    page(shell)?;
    toolchain::ensure_lints(shell)?;
    tools::wasm_opt(shell)?;
    tools::browser(shell)?;
    tools::other_browsers(shell)?;
    tools::cargo_deny(shell)?;
    tools::examples(shell)?;
    tools::axe(shell)?;
    tools::vulkan(shell)?;
    println!("\nNothing is missing.");
    Ok(())
}

/// What building the page needs.
pub fn page(shell: &mut Shell) -> Result<()> {
    toolchain::ensure(shell)?;
    tools::trunk(shell)?;
    tools::wasm_bindgen(shell)?;
    tools::wasm_split(shell)?;
    corpora::ensure(shell)?;
    // Trunk runs offline, so that it never downloads a tool of its own; cargo then needs its crates beforehand.
    if !shell.succeeds(shell.rust("cargo").args(["fetch", "--offline"])) {
        shell.run(shell.rust("cargo").arg("fetch")).context("the crates in Cargo.lock could not be fetched")?;
    }
    Ok(())
}

/// Prints one line of progress.
fn report(what: &str, state: impl std::fmt::Display) {
    println!("{what:>14}: {state}");
}
