//! `cargo xtask build`: the static site in `dist/`.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, bail};

use crate::figures;
use crate::files;
use crate::oembed::{self, Base};
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

/// wasm-opt's level. Higher ones leave fewer bytes, which pack worse, and are no faster: in brotli the CPU engine is 33 KB
/// larger after `-O2` and 42 KB after `-Oz`, the WebGPU engine 98 KB after `-O2`.
const LEVEL: &str = "-O1";

/// Reads `--site URL` or `--site=URL`.
pub fn parse_base(arguments: &[String]) -> Result<Option<Base>> {
    let address = match arguments {
        [] => return Ok(None),
        [flag, address] if flag == "--site" => address.as_str(),
        [flag] => match flag.strip_prefix("--site=") {
            Some(address) => address,
            None => bail!("build takes `--site URL`, not `{flag}`."),
        },
        _ => bail!("build takes one option, `--site URL`."),
    };
    Base::parse(address).map(Some)
}

/// Builds the site, shrinks its WebAssembly and checks what it weighs; with the address that it will have, it gets oEmbed
/// documents too.
pub fn site(shell: &mut Shell, base: Option<&Base>) -> Result<()> {
    setup::page(shell)?;
    setup::tools::wasm_opt(shell)?;
    shell.run(&mut shell.trunk("build"))?;
    let dist = shell.dist();
    let files = files::files_in(&dist)?;
    for file in files.iter().filter(|file| file.ends_with(".wasm")) {
        optimise(shell, &dist.join(file))?;
    }
    figures::write(&dist)?;
    if let Some(base) = base {
        oembed::write(&dist, base)?;
    }
    // The digest of what is shipped.
    offline::list(&dist)?;
    sizes::check(shell, &dist, &files)?;
    println!("\nAny static file server can host dist/, under any path.");
    Ok(())
}

/// Rewrites one WebAssembly file in place.
fn optimise(shell: &Shell, file: &Path) -> Result<()> {
    let smaller = file.with_extension("wasm.opt");
    shell.run(
        shell
            .command("node")
            .arg(setup::tools::wasm_opt_script(shell))
            .arg(LEVEL)
            .args(WASM_FEATURES)
            .arg(file)
            .arg("--output")
            .arg(&smaller),
    )?;
    fs::rename(&smaller, file).with_context(|| format!("could not replace {}", file.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Option<Base>> {
        parse_base(&arguments.iter().map(ToString::to_string).collect::<Vec<_>>())
    }

    #[test]
    fn the_address_is_optional() {
        assert_eq!(parse(&[]).unwrap(), None);
        let base = Some(Base::parse("https://lab.example/").unwrap());
        assert_eq!(parse(&["--site", "https://lab.example"]).unwrap(), base);
        assert_eq!(parse(&["--site=https://lab.example/"]).unwrap(), base);
    }

    #[test]
    fn what_is_not_understood_is_named() {
        assert!(parse(&["--site", "lab"]).unwrap_err().to_string().contains("lab"));
        assert!(parse(&["--host"]).unwrap_err().to_string().contains("--host"));
        assert!(parse(&["--site"]).is_err());
        assert!(parse(&["--site", "https://a/", "b"]).is_err());
    }
}
