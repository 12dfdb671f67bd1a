//! `cargo xtask bench`: the native benchmarks. `cargo xtask soak`: a long run of the page.

use anyhow::Result;

use crate::setup;
use crate::shell::Shell;

/// Runs the benchmarks of `core`, with `arguments` handed on to the benchmark.
///
/// The packages are those of the native tests: another selection would compile burn anew.
pub fn run(shell: &mut Shell, arguments: &[String]) -> Result<()> {
    setup::toolchain::ensure(shell)?;
    shell.run(
        shell
            .rust("cargo")
            .args(["bench", "--workspace", "--exclude", "tailblazer-tests", "--bench", "train"])
            .arg("--")
            .args(arguments),
    )
}

/// Trains for long on the built page, with `arguments` for the program that watches it.
pub fn soak(shell: &mut Shell, arguments: &[String]) -> Result<()> {
    setup::page(shell)?;
    setup::tools::browser(shell)?;
    shell.run(&mut shell.trunk("build"))?;
    shell.run(
        shell
            .rust("cargo")
            .args(["run", "--package", "tailblazer-tests", "--release", "--bin", "soak", "--"])
            .args(arguments)
            .env("TAILBLAZER_DIST", shell.dist()),
    )
}
