//! `cargo xtask split`, which trunk calls after it has built the page: the interface in parts, each loaded when it is
//! first shown.
//!
//! Functions marked `wasm_split` in `app/` begin a part. What only they reach leaves the main program; what several of
//! them reach becomes a part that comes with each of them.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, anyhow};

use crate::offline;
use crate::shell::Shell;

/// The script of `wasm-split-cli` that loads parts.
const LINK: &str = "__wasm_split.js";

/// The parts that the first screen asks for as soon as it is drawn.
const AT_ONCE: [&str; 2] = ["train", "transport"];

/// Replaces the interface in the folder that trunk is filling.
pub fn interface(shell: &Shell) -> Result<()> {
    let staging = env::var_os("TRUNK_STAGING_DIR").context("trunk calls this; `cargo xtask build` calls trunk.")?;
    let staging = PathBuf::from(staging);
    let name = interface_name(&staging)?;
    let linked = shell.target().join("wasm32-unknown-unknown/interface/app.wasm");
    let parts = staging.join("parts");
    shell.run(shell.rust("wasm-split-cli").args(["--out-name", &name]).args([&linked, &parts]))?;
    shell.run(
        shell
            .rust("wasm-bindgen")
            .args(["--target", "web", "--no-typescript", "--keep-lld-exports", "--out-name", &name, "--out-dir"])
            .args([&staging, &parts.join(format!("{name}.wasm"))]),
    )?;

    // Every file is named like the program that it belongs to: no cache mixes two builds.
    let link = format!("{name}_parts.js");
    let script = staging.join(format!("{name}.js"));
    // The program knows the script by its first name, so that only the address changes.
    let imports = [format!("from \"./{LINK}\""), format!("from \"./{link}\"")];
    fs::write(&script, fs::read_to_string(&script)?.replace(&imports[0], &imports[1]))?;
    let mut loader = fs::read_to_string(parts.join(LINK))?;
    let mut at_once: Vec<String> = AT_ONCE.iter().flat_map(|part| files_of(&loader, part)).collect();
    at_once.sort();
    at_once.dedup();
    for part in fs::read_dir(&parts)? {
        let file = part?.file_name().to_string_lossy().into_owned();
        if ["split_", "chunk_"].iter().any(|kind| file.starts_with(kind)) {
            loader = loader.replace(&format!("\"./{file}\""), &format!("\"./{name}_{file}\""));
            fs::rename(parts.join(&file), staging.join(format!("{name}_{file}")))?;
        }
    }
    fs::write(staging.join(link), loader)?;
    fs::remove_dir_all(&parts)?;

    let page = staging.join("index.html");
    let text = fs::read_to_string(&page)?;
    let start = format!("{name}_start.js");
    let (text, script) = with_script_apart(&text, &start).context("index.html does not start the program")?;
    fs::write(staging.join(start), script)?;
    let files: Vec<String> = at_once.iter().map(|file| format!("{name}_{file}")).collect();
    fs::write(&page, with_preloads(&text, &files).context("index.html has no head")?)?;
    offline::list(&staging)
}

/// The files that come with a part, as the script says that loads them: its own, and what it shares with others.
fn files_of(loader: &str, part: &str) -> Vec<String> {
    let own = format!("split_{part}.wasm");
    let begin = format!("__wasm_split_load_{part} = ");
    let Some((_, rest)) = loader.split_once(&begin) else { return Vec::new() };
    let end = rest.find("export const").unwrap_or(rest.len());
    let shared = rest[..end].split("__").filter_map(|word| {
        let digits: String = word.strip_prefix("chunk_")?.chars().take_while(char::is_ascii_digit).collect();
        Some(format!("chunk_{digits}.wasm"))
    });
    shared.chain([own]).collect()
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

/// The page with trunk's script in a file of its own, and the script: the page's policy forbids scripts inside it.
fn with_script_apart(page: &str, file: &str) -> Option<(String, String)> {
    let (before, rest) = page.split_once("<script type=\"module\">")?;
    let (script, after) = rest.split_once("</script>")?;
    let page = format!("{before}<script type=\"module\" src=\"./{file}\"></script>{after}");
    Some((page, script.trim_start().to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_comes_with_what_it_shares() {
        let loader = "const __chunk_5 = makeLoad(() => { new URL(\"./chunk_5.wasm\") }, []);\n\
                      export const __wasm_split_load_train = wrapAsyncCb(makeLoad(() => {}, [__chunk_5, __chunk_12]));\n\
                      export const __wasm_split_load_pages = wrapAsyncCb(makeLoad(() => {}, []));\n";
        assert_eq!(files_of(loader, "train"), ["chunk_5.wasm", "chunk_12.wasm", "split_train.wasm"]);
        assert_eq!(files_of(loader, "pages"), ["split_pages.wasm"]);
        assert!(files_of(loader, "decode").is_empty());
    }

    #[test]
    fn preloads_end_the_head() {
        let page = with_preloads("<head><title>T</title></head><body>", &["a.wasm".to_owned()]).unwrap();
        let link = "<link rel=\"preload\" href=\"./a.wasm\" as=\"fetch\" crossorigin>\n";
        assert_eq!(page, format!("<head><title>T</title>{link}</head><body>"));
        assert_eq!(with_preloads("<body>", &[]), None);
    }

    #[test]
    fn a_script_inside_the_page_leaves_it() {
        let page = "<head><script type=\"module\">\nstart();\n</script></head><script src=\"a.js\"></script>";
        let (page, script) = with_script_apart(page, "b.js").unwrap();
        let scripts = "<head><script type=\"module\" src=\"./b.js\"></script></head><script src=\"a.js\"></script>";
        assert_eq!((page.as_str(), script.as_str()), (scripts, "start();\n"));
        assert_eq!(with_script_apart("<script src=\"a.js\"></script>", "b.js"), None);
    }
}
