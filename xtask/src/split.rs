//! `cargo xtask split`, which trunk calls after it has built the page: the interface in parts, each loaded when it is
//! first shown.
//!
//! Functions marked `wasm_split` in `app/` begin a part. What only they reach leaves the main program; what several of
//! them reach becomes a part that comes with each of them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};
use wasm_split_cli_support::{Options, transform};

use crate::shell::Shell;

/// The parts that the first screen asks for as soon as it is drawn.
const AT_ONCE: [&str; 2] = ["train", "transport"];

/// Replaces the interface in the folder that trunk is filling.
pub fn interface(shell: &Shell) -> Result<()> {
    let staging = env::var_os("TRUNK_STAGING_DIR").context("trunk calls this; `cargo xtask build` calls trunk.")?;
    let staging = PathBuf::from(staging);
    let name = interface_name(&staging)?;
    let linked = shell.target().join("wasm32-unknown-unknown/interface/app.wasm");
    let linked = fs::read(&linked).with_context(|| format!("could not read {}", linked.display()))?;

    let parts = staging.join("parts");
    let main = parts.join(format!("{name}.wasm"));
    let (link, script) = (format!("./{name}_parts.js"), format!("./{name}.js"));
    let mut options = Options::new(&linked);
    (options.output_dir, options.main_out_path) = (&parts, &main);
    (options.link_name, options.main_module) = (&link, &script);
    let split = transform(options).map_err(|error| anyhow!("the interface could not be split: {error:#}"))?;

    shell.run(
        shell
            .rust("wasm-bindgen")
            .args(["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-name", &name, "--out-dir"])
            .args([&staging, &main]),
    )?;
    // Named like the program that they belong to: no cache mixes two builds.
    let mut loader = fs::read_to_string(parts.join(&link))?;
    for part in &split.split_modules {
        let stem = part.file_stem().context("a part has a name")?.to_string_lossy();
        loader = loader.replace(&format!("\"./{stem}.wasm\""), &format!("\"./{name}_{stem}.wasm\""));
        fs::rename(part, staging.join(format!("{name}_{stem}.wasm")))?;
    }
    fs::write(staging.join(&link), loader)?;
    fs::remove_dir_all(&parts)?;

    let at_once = AT_ONCE.iter().flat_map(|part| split.prefetch_map.get(*part).into_iter().flatten());
    let mut files: Vec<String> = at_once.map(|stem| format!("{name}_{stem}.wasm")).collect();
    files.sort();
    files.dedup();
    let page = staging.join("index.html");
    let text = fs::read_to_string(&page)?;
    fs::write(&page, with_preloads(&text, &files).context("index.html has no head")?)?;
    Ok(())
}

/// The stem of the interface's files, which ends in a hash of what it was built from.
fn interface_name(staging: &Path) -> Result<String> {
    for entry in fs::read_dir(staging).with_context(|| format!("could not list {}", staging.display()))? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        if let Some(stem) = name.strip_suffix("_bg.wasm").filter(|stem| stem.starts_with("app-")) {
            return Ok(stem.to_owned());
        }
    }
    Err(anyhow!("trunk has built no interface in {}.", staging.display()))
}

/// The page with files that the browser fetches while the main program arrives.
fn with_preloads(page: &str, files: &[String]) -> Option<String> {
    let (before, after) = page.split_once("</head>")?;
    let link = |file: &String| format!("<link rel=\"preload\" href=\"./{file}\" as=\"fetch\" crossorigin>\n");
    Some(format!("{before}{}</head>{after}", files.iter().map(link).collect::<String>()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preloads_end_the_head() {
        let page = with_preloads("<head><title>T</title></head><body>", &["a.wasm".to_owned()]).unwrap();
        let link = "<link rel=\"preload\" href=\"./a.wasm\" as=\"fetch\" crossorigin>\n";
        assert_eq!(page, format!("<head><title>T</title>{link}</head><body>"));
        assert_eq!(with_preloads("<body>", &[]), None);
    }
}
