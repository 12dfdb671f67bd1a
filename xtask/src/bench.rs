//! `cargo xtask bench`: the native benchmarks.

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
