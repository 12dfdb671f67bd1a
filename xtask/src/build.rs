//! `cargo xtask build`: the static site in `dist/`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};

use crate::files;
use crate::offline;
use crate::setup;
use crate::shell::Shell;
use crate::sizes;

/// What current browsers support and the compiler may have used.
const WASM_FEATURES: [&str; 8] = [
    "--enable-simd",
    "--enable-relaxed-simd",
    "--enable-bulk-memory",
    "--enable-nontrapping-float-to-int",
    "--enable-reference-types",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-multivalue",
];

/// wasm-opt's level for a program. Higher ones leave fewer bytes, which pack worse: the CPU engine is 33 KB larger in
/// brotli after `-O2` and 42 KB after `-Oz`, and no faster. The WebGPU engine needs its `-O2`: without it a step on a
/// software adapter takes twice as long.
fn level(file: &str) -> &'static str {
    if file.starts_with("engine-webgpu") { "-O2" } else { "-O1" }
}

/// Builds the site, shrinks its WebAssembly and checks what it weighs.
pub fn site(shell: &mut Shell) -> Result<()> {
    setup::page(shell)?;
    setup::tools::wasm_opt(shell)?;
    shell.run(&mut shell.trunk("build"))?;
    let dist = shell.dist();
    let files = files::files_in(&dist)?;
    for file in files.iter().filter(|file| file.ends_with(".wasm")) {
        optimise(shell, &dist.join(file), level(file))?;
    }
    // The digest of what is shipped.
    offline::list(&dist)?;
    sizes::check(shell, &dist, &files)?;
    println!("\nAny static file server can host dist/, under any path.");
    Ok(())
}

/// Rewrites one WebAssembly file in place.
fn optimise(shell: &Shell, file: &Path, level: &str) -> Result<()> {
    let smaller = file.with_extension("wasm.opt");
    shell.run(
        shell
            .command("node")
            .arg(setup::tools::wasm_opt_script(shell))
            .arg(level)
            .args(WASM_FEATURES)
            .arg(file)
            .arg("--output")
            .arg(&smaller),
    )?;
    fs::rename(&smaller, file).with_context(|| format!("could not replace {}", file.display()))
}
