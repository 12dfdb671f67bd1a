//! Tells the programs apart, and the build its name.

use std::{env, path::Path, process::Command};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    name_the_build();
    println!("cargo::rustc-check-cfg=cfg(in_worker)");
    let is_browser = env::var("CARGO_CFG_TARGET_FAMILY").is_ok_and(|family| family == "wasm");
    let has_engine = env::var_os("CARGO_FEATURE_ENGINE").is_some();
    match (is_browser, has_engine) {
        (true, true) => println!("cargo::rustc-cfg=in_worker"),
        // The interface is split where its relocations tell what needs what.
        (true, false) => println!("cargo::rustc-link-arg-bin=app=--emit-relocs"),
        // Tests have everything.
        (false, _) => {}
    }
}

/// The commit that is built; outside a repository the version.
fn name_the_build() {
    let log = Path::new("../.git/logs/HEAD");
    if log.exists() {
        println!("cargo::rerun-if-changed={}", log.display());
    }
    let commit = Command::new("git").args(["rev-parse", "--short=8", "HEAD"]).output();
    let commit = commit.ok().filter(|found| found.status.success());
    let commit = commit.map(|found| String::from_utf8_lossy(&found.stdout).trim().to_owned());
    let version = || env!("CARGO_PKG_VERSION").replace('.', "-");
    println!("cargo::rustc-env=TAILBLAZER_BUILD={}", commit.filter(|name| !name.is_empty()).unwrap_or_else(version));
}
