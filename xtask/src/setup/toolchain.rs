//! A Rust toolchain that compiles to `wasm32-unknown-unknown`, by two routes.
//!
//! Usually rustup adds the target. Where it cannot, Debian has a matching compiler, cargo and library source; the
//! standard library for the target is then compiled once, and that toolchain serves everything. In both cases a plain
//! `cargo build` or `trunk serve` in the checkout uses the same toolchain afterwards.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::{debian, report};
use crate::shell::Shell;

const TARGET: &str = "wasm32-unknown-unknown";

/// The oldest compiler that the workspace allows.
const OLDEST: &str = env!("CARGO_PKG_RUST_VERSION");

/// The name under which rustup knows the Debian toolchain.
const RUSTUP_NAME: &str = "tailblazer-web";

const DEBIAN_PACKAGES: [&str; 6] =
    ["rustc-web", "cargo-web", "rust-web-src", "rust-web-clippy", "rustfmt-web", "lld-19"];
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";
const DEBIAN_CARGO: &str = "/usr/bin/cargo";
const DEBIAN_LIBRARIES: &str = "/usr/lib/rustlib/wasm32-unknown-unknown/lib";
const DEBIAN_LINKER: &str = "/usr/bin/lld-19";
const LINKER_LINK: &str = "/usr/local/bin/rust-lld";

/// Name and manifest of the empty crate that the standard library is compiled for.
const STD_CRATE: &str = "standard_library";
const STD_MANIFEST: &str = "\
[package]
name = \"standard_library\"
version = \"0.0.0\"
edition = \"2024\"

[lib]
crate-type = [\"cdylib\"]

[workspace]
";

/// Makes sure that the toolchain in use compiles and links WebAssembly.
pub fn ensure(shell: &mut Shell) -> Result<()> {
    if builds_wasm(shell, shell.rust("rustc")) {
        return describe(shell);
    }
    if debian_is_ready(shell) {
        shell.use_system_rust();
        follow_in_rustup(shell)?;
        return describe(shell);
    }
    if shell.has("rustup") {
        report("Rust", format_args!("adding the target {TARGET}"));
        let added = shell.run(shell.command("rustup").args(["target", "add", TARGET]).env_remove("RUST_BACKTRACE"));
        if added.is_ok() && builds_wasm(shell, shell.rust("rustc")) {
            return describe(shell);
        }
    }
    if !debian::can_install(shell) {
        bail!(
            "the Rust target {TARGET} is missing and could not be added: run `rustup target add {TARGET}` \
             where rustup can reach its server, or run this as root on Debian."
        );
    }
    report("Rust", "rustup cannot add the target, so Debian's toolchain is installed");
    debian::install(shell, &DEBIAN_PACKAGES)?;
    link_the_linker()?;
    build_standard_library(shell)?;
    if !debian_is_ready(shell) {
        bail!("Debian's rustc still cannot compile to {TARGET} after its standard library was installed.");
    }
    shell.use_system_rust();
    follow_in_rustup(shell)?;
    describe(shell)
}

/// Makes sure that `cargo fmt` and `cargo clippy` are there.
pub fn ensure_lints(shell: &Shell) -> Result<()> {
    let there = || ["fmt", "clippy"].iter().all(|tool| shell.succeeds(shell.rust("cargo").args([tool, "--version"])));
    if there() {
        return Ok(());
    }
    report("lints", "adding rustfmt and clippy");
    if shell.has("rustup") {
        shell.run(shell.rust("rustup").args(["component", "add", "rustfmt", "clippy"])).ok();
    }
    if !there() {
        bail!("`cargo fmt` or `cargo clippy` is missing: install rustfmt and clippy for this Rust toolchain.");
    }
    Ok(())
}

fn describe(shell: &Shell) -> Result<()> {
    let version = shell.output(shell.rust("rustc").arg("--version")).unwrap_or_default();
    report("Rust", format_args!("{} with {TARGET}", String::from_utf8_lossy(&version).trim()));
    Ok(())
}

/// Compiles and links an empty program, the only proof that compiler, library and linker fit together.
fn builds_wasm(shell: &Shell, mut rustc: Command) -> bool {
    let output = shell.cache().join("probe.wasm");
    rustc.args(["--target", TARGET, "--crate-type", "cdylib", "-o"]).arg(&output).arg("-");
    rustc.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let compile = || -> std::io::Result<bool> {
        let mut child = rustc.spawn()?;
        if let Some(mut input) = child.stdin.take() {
            input.write_all(b"pub fn probe() -> Vec<u8> { vec![1] }").ok();
        }
        Ok(child.wait()?.success())
    };
    let built = { compile }().unwrap_or(false);
    fs::remove_file(output).ok();
    built
}

/// Whether the toolchain in /usr/bin is recent enough, complete, and compiles WebAssembly.
fn debian_is_ready(shell: &Shell) -> bool {
    let recent = |program: &str| {
        let printed = shell.output(shell.system_rust(program).arg("--version"));
        let found = printed.and_then(|text| parse_version(&String::from_utf8_lossy(&text)));
        found >= parse_version(OLDEST)
    };
    recent(DEBIAN_RUSTC) && recent(DEBIAN_CARGO) && builds_wasm(shell, shell.system_rust(DEBIAN_RUSTC))
}

/// The first `MAJOR.MINOR` in a text such as `rustc 1.96.0 (30a34c682 2026-05-25)`.
fn parse_version(text: &str) -> Option<(u32, u32)> {
    text.split_whitespace().find_map(|word| {
        let mut numbers = word.split('.');
        Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
    })
}

/// rustc looks for its WebAssembly linker as `rust-lld`, Debian has it under its own name.
fn link_the_linker() -> Result<()> {
    let link = Path::new(LINKER_LINK);
    if fs::canonicalize(link).is_ok() {
        return Ok(());
    }
    fs::remove_file(link).ok();
    #[cfg(unix)]
    std::os::unix::fs::symlink(DEBIAN_LINKER, link)
        .with_context(|| format!("could not link {LINKER_LINK} to {DEBIAN_LINKER}"))?;
    Ok(())
}

/// Compiles the standard library for the target and puts it where Debian's rustc looks.
fn build_standard_library(shell: &Shell) -> Result<()> {
    report("Rust", "compiling the standard library for the target, about a minute");
    let folder = shell.cache().join("standard-library");
    let target = folder.join("target");
    let built_before = target.is_dir();
    fs::create_dir_all(folder.join("src"))?;
    fs::write(folder.join("Cargo.toml"), STD_MANIFEST)?;
    fs::write(folder.join("src/lib.rs"), "")?;
    shell.run(
        shell
            .system_rust(DEBIAN_CARGO)
            .current_dir(&folder)
            .args(["build", "-Zbuild-std=std,panic_abort", "--release", "--target", TARGET])
            .env("RUSTC", DEBIAN_RUSTC)
            .env("RUSTC_BOOTSTRAP", "1")
            .env("RUSTFLAGS", "-Cembed-bitcode=yes")
            .env("CARGO_TARGET_DIR", &target),
    )?;

    let libraries = Path::new(DEBIAN_LIBRARIES);
    fs::create_dir_all(libraries).with_context(|| format!("could not create {DEBIAN_LIBRARIES}"))?;
    for old in rlibs(libraries)? {
        fs::remove_file(old)?;
    }
    for new in rlibs(&target.join(TARGET).join("release/deps"))? {
        let name = new.file_name().unwrap_or_default();
        if !name.to_string_lossy().contains(STD_CRATE) {
            fs::copy(&new, libraries.join(name)).with_context(|| format!("could not copy {}", new.display()))?;
        }
    }

    // What was compiled against another build of the standard library no longer links.
    let compiled = shell.target().join(TARGET);
    if !built_before && compiled.is_dir() {
        report("Rust", format_args!("clearing {}, compiled against another standard library", compiled.display()));
        fs::remove_dir_all(compiled)?;
    }
    Ok(())
}

fn rlibs(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))?;
    let paths = entries.map(|entry| entry.map(|entry| entry.path())).collect::<std::io::Result<Vec<_>>>()?;
    Ok(paths.into_iter().filter(|path| path.extension().is_some_and(|extension| extension == "rlib")).collect())
}

/// Tells rustup to use Debian's toolchain in this checkout, for whoever calls cargo or trunk there.
fn follow_in_rustup(shell: &Shell) -> Result<()> {
    if !shell.has("rustup") {
        return Ok(());
    }
    report("Rust", "rustup uses Debian's toolchain in this checkout from now on");
    shell.run(shell.system_rust("rustup").args(["toolchain", "link", RUSTUP_NAME, "/usr"]))?;
    shell.run(shell.system_rust("rustup").args(["override", "set", RUSTUP_NAME, "--path"]).arg(shell.root()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_and_compared() {
        assert_eq!(parse_version("rustc 1.96.0 (30a34c682 2026-05-25) (built from a source tarball)"), Some((1, 96)));
        assert_eq!(parse_version("1.95"), Some((1, 95)));
        assert_eq!(parse_version("cargo"), None);
        assert!(parse_version("rustc 1.63.0") < parse_version(OLDEST));
        assert!(parse_version("rustc 1.100.0") > parse_version("1.95"));
        assert!(None < parse_version(OLDEST), "a compiler that does not run is never recent enough");
    }

    #[test]
    fn the_manifest_names_the_crate() {
        assert!(STD_MANIFEST.contains(&format!("name = \"{STD_CRATE}\"")));
    }
}
