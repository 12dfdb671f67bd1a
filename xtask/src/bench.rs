//! `cargo xtask bench`: the native benchmarks.

use anyhow::Result;

use crate::setup;
use crate::shell::Shell;

/// Runs the benchmarks of `core`, with `arguments` handed on to `cargo bench`.
pub fn run(shell: &mut Shell, arguments: &[String]) -> Result<()> {
    setup::toolchain::ensure(shell)?;
    shell.run(shell.rust("cargo").args(["bench", "--package", "tailblazer-core"]).args(arguments))
}
