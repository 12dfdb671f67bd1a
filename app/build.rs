//! Tells the programs apart.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
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
