//! trunk, wasm-bindgen, wasm-split, wasm-opt, the browser, axe, a Vulkan adapter, and what the examples are built with.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use super::{debian, report};
use crate::shell::Shell;

const TRUNK: &str = "0.21.14";
const WASM_SPLIT: &str = "0.2.4";
const BINARYEN: &str = "132.0.0";
const MDBOOK: &str = "0.5.4";
const AXE: &str = "4.14.1";
const DENY: &str = "0.20.2";
const GECKODRIVER: &str = "0.37.1";

/// Examples whose own files say which packages of npm they are built with.
const EXAMPLES: [&str; 3] = ["docusaurus", "myst", "reveal"];

/// Those files; the first fixes every version.
const MANIFESTS: [&str; 2] = ["package-lock.json", "package.json"];

/// The program's name at Debian, elsewhere, and from Google.
const BROWSERS: [&str; 4] = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Programs of the other browsers, with Debian's packages that have them.
const OTHER_BROWSERS: [(&str, &str); 3] =
    [("firefox", "firefox-esr"), ("WebKitWebDriver", "webkit2gtk-driver"), ("Xvfb", "xvfb")];

/// Where Vulkan drivers say that they are there.
const DRIVER_FOLDERS: [&str; 2] = ["/usr/share/vulkan/icd.d", "/etc/vulkan/icd.d"];

/// The bundler.
pub fn trunk(shell: &Shell) -> Result<()> {
    // Its own lock file is the set of dependencies that it was released with.
    cargo_install(shell, "trunk", "trunk", TRUNK, &["--locked"])
}

/// The generator of JavaScript bindings, in exactly the version that Cargo.lock names.
pub fn wasm_bindgen(shell: &Shell) -> Result<()> {
    let lock = fs::read_to_string(shell.root().join("Cargo.lock")).context("could not read Cargo.lock")?;
    let version = locked_version(&lock, "wasm-bindgen").context("Cargo.lock does not name wasm-bindgen.")?;
    // Not with its own lock file: that one asks for a crate version that cannot always be had.
    cargo_install(shell, "wasm-bindgen", "wasm-bindgen-cli", &version, &[])
}

fn cargo_install(shell: &Shell, program: &str, package: &str, version: &str, flags: &[&str]) -> Result<()> {
    let installed = || {
        let printed = shell.output(shell.rust(program).arg("--version"))?;
        parse_tool_version(&String::from_utf8_lossy(&printed))
    };
    install(shell, program, package, version, flags, &installed)
}

/// The program that divides the interface, in the version of the attributes that mark it.
pub fn wasm_split(shell: &Shell) -> Result<()> {
    let (program, package) = ("wasm-split-cli", "wasm_split_cli_support");
    // It does not say which version it is, but cargo remembers.
    let installed = || {
        let printed = shell.output(shell.rust("cargo").args(["install", "--list"]))?;
        shell.has(program).then(|| installed_version(&String::from_utf8_lossy(&printed), package)).flatten()
    };
    install(shell, program, package, WASM_SPLIT, &["--locked", "--features", "build-binary"], &installed)
}

fn install(
    shell: &Shell,
    program: &str,
    package: &str,
    version: &str,
    flags: &[&str],
    installed: &dyn Fn() -> Option<String>,
) -> Result<()> {
    if installed().as_deref() != Some(version) {
        report(program, format_args!("installing {version}, which takes minutes"));
        shell
            .run(
                shell
                    .rust("cargo")
                    .args(["install", package, "--version", version, "--force"])
                    .args(flags)
                    .env("CARGO_TARGET_DIR", shell.cache().join("tools-target")),
            )
            .with_context(|| format!("{package} {version} could not be installed"))?;
        match installed() {
            Some(found) if found == version => {}
            Some(found) => bail!("{program} {found} hides the {version} just installed: remove it from PATH."),
            None => bail!("{program} {version} was installed but does not run."),
        }
    }
    report(program, version);
    Ok(())
}

/// The WebAssembly optimiser, from npm into the cache.
pub fn wasm_opt(shell: &Shell) -> Result<()> {
    npm_package(shell, "wasm-opt", "binaryen", BINARYEN)
}

/// The script that Node.js runs as wasm-opt.
pub fn wasm_opt_script(shell: &Shell) -> PathBuf {
    node_modules(shell).join("binaryen/bin/wasm-opt")
}

/// The rules by which the tests judge how accessible the page is, from npm into the cache.
pub fn axe(shell: &Shell) -> Result<()> {
    npm_package(shell, "axe", "axe-core", AXE)
}

/// The script that brings those rules into a page.
pub fn axe_script(shell: &Shell) -> PathBuf {
    node_modules(shell).join("axe-core/axe.min.js")
}

fn node_modules(shell: &Shell) -> PathBuf {
    shell.cache().join("node/node_modules")
}

fn npm_package(shell: &Shell, what: &str, package: &str, version: &str) -> Result<()> {
    let manifest = node_modules(shell).join(package).join("package.json");
    let present = fs::read_to_string(manifest).is_ok_and(|text| text.contains(&format!("\"version\": \"{version}\"")));
    if !present {
        npm_must_be_there(shell)?;
        report(what, format_args!("installing {package} {version}"));
        let folder = shell.cache().join("node");
        fs::create_dir_all(&folder)?;
        shell
            .run(
                shell
                    .command("npm")
                    .args(["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefix"])
                    .arg(&folder)
                    .arg(format!("{package}@{version}")),
            )
            .with_context(|| format!("{package} {version} could not be installed"))?;
    }
    report(what, version);
    Ok(())
}

/// What the tests build the examples with, all in the cache: mdBook, and each example's own packages.
pub fn examples(shell: &Shell) -> Result<()> {
    let root = shell.cache().join("mdbook");
    let installed = || {
        let printed = shell.output(shell.command(mdbook(shell)).arg("--version"))?;
        parse_tool_version(&String::from_utf8_lossy(&printed))
    };
    // Not optimised: that takes twice as long, and a small book takes no time. Not where the user's own one lies.
    let flags = ["--locked", "--no-default-features", "--debug", "--root", &root.to_string_lossy()];
    install(shell, "mdbook", "mdbook", MDBOOK, &flags, &installed)?;
    EXAMPLES.iter().try_for_each(|name| example_packages(shell, name))
}

/// Installs the packages of one example beside a copy of what names them.
fn example_packages(shell: &Shell, name: &str) -> Result<()> {
    let example = shell.root().join("examples").join(name);
    let folder = packages(shell).join(name);
    let is_same = |file: &&str| fs::read(example.join(file)).ok() == fs::read(folder.join(file)).ok();
    // npm writes its own list last.
    if !folder.join("node_modules/.package-lock.json").is_file() || !MANIFESTS.iter().all(is_same) {
        npm_must_be_there(shell)?;
        report(name, format_args!("installing the packages of examples/{name}"));
        fs::remove_dir_all(&folder).ok();
        fs::create_dir_all(&folder)?;
        for file in MANIFESTS {
            fs::copy(example.join(file), folder.join(file)).with_context(|| format!("could not copy {file}"))?;
        }
        shell
            .run(shell.command("npm").args(["ci", "--ignore-scripts", "--no-audit", "--no-fund"]).current_dir(&folder))
            .with_context(|| format!("the packages of examples/{name} could not be installed"))?;
    }
    report(name, "its packages are there");
    Ok(())
}

/// The program mdbook.
pub fn mdbook(shell: &Shell) -> PathBuf {
    shell.cache().join("mdbook/bin/mdbook")
}

/// Where the packages of examples lie, in one folder for each.
pub fn packages(shell: &Shell) -> PathBuf {
    shell.cache().join("examples")
}

/// Chromium and its driver.
pub fn browser(shell: &Shell) -> Result<()> {
    let browser = || BROWSERS.into_iter().find(|name| shell.has(name));
    let ready = || shell.has("chromedriver") && browser().is_some();
    if !ready() {
        if !debian::can_install(shell) {
            bail!("the browser tests need Chromium and chromedriver on PATH: install both, in matching versions.");
        }
        report("browser", "installing Chromium and its driver");
        debian::install(shell, &["chromium", "chromium-driver"])?;
        if !ready() {
            bail!("Chromium and chromedriver were installed but are not on PATH.");
        }
    }
    report("browser", format_args!("{} and chromedriver", browser().unwrap_or_default()));
    Ok(())
}

/// Firefox and its driver, and WebKit's with a screen that nobody sees.
pub fn other_browsers(shell: &Shell) -> Result<()> {
    let missing = || OTHER_BROWSERS.into_iter().filter(|(program, _)| !shell.has(program)).collect::<Vec<_>>();
    if !missing().is_empty() {
        let packages: Vec<&str> = missing().into_iter().map(|(_, package)| package).collect();
        if !debian::can_install(shell) {
            bail!("the tests in other browsers need what Debian has as {}: install it.", packages.join(", "));
        }
        report("browsers", format_args!("installing {}", packages.join(", ")));
        debian::install(shell, &packages)?;
        if let Some((program, _)) = missing().first() {
            bail!("{program} was installed but is not on PATH.");
        }
    }
    cargo_install(shell, "geckodriver", "geckodriver", GECKODRIVER, &["--locked"])?;
    report("browsers", "firefox, WebKitWebDriver and Xvfb");
    Ok(())
}

/// The judge of dependencies.
pub fn cargo_deny(shell: &Shell) -> Result<()> {
    cargo_install(shell, "cargo-deny", "cargo-deny", DENY, &["--locked"])
}

/// A Vulkan adapter for the native tests of the GPU kernels: a GPU's own, or a software one.
pub fn vulkan(shell: &Shell) -> Result<()> {
    // Metal and DirectX are there with their systems.
    if !cfg!(target_os = "linux") {
        return Ok(());
    }
    let ready = || {
        let libraries = shell.output(shell.command("/sbin/ldconfig").arg("-p")).unwrap_or_default();
        let has_loader = String::from_utf8_lossy(&libraries).contains("libvulkan.so.1");
        let has_driver =
            DRIVER_FOLDERS.iter().any(|folder| fs::read_dir(folder).is_ok_and(|mut files| files.next().is_some()));
        has_loader && has_driver
    };
    if !ready() {
        if !debian::can_install(shell) {
            bail!("the GPU tests need a Vulkan driver: install your GPU's, or Mesa's lavapipe.");
        }
        report("vulkan", "installing Mesa's software adapter");
        debian::install(shell, &["libvulkan1", "mesa-vulkan-drivers"])?;
        if !ready() {
            bail!("Mesa's Vulkan drivers were installed but cannot be found.");
        }
    }
    report("vulkan", "a driver is there");
    Ok(())
}

/// Fails with advice if there is no npm.
pub fn npm_must_be_there(shell: &Shell) -> Result<()> {
    if !shell.has("node") || !shell.has("npm") {
        bail!("Node.js is missing: install node and npm, version 20 or newer.");
    }
    Ok(())
}

/// The version in a text such as `wasm-bindgen 0.2.130` or `mdbook v0.5.4`.
fn parse_tool_version(text: &str) -> Option<String> {
    text.split_whitespace().nth(1).map(|word| word.strip_prefix('v').unwrap_or(word).to_string())
}

/// The version of one package in the list of `cargo install`, whose lines are `trunk v0.21.14:`.
fn installed_version(list: &str, package: &str) -> Option<String> {
    let line = list.lines().find_map(|line| line.strip_prefix(package)?.strip_prefix(" v"))?;
    line.split([':', ' ']).next().map(str::to_string)
}

/// The version of one package in a Cargo.lock.
fn locked_version(lock: &str, package: &str) -> Option<String> {
    let name = format!("name = \"{package}\"");
    let mut lines = lock.lines();
    lines.find(|line| *line == name)?;
    let version = lines.next()?.strip_prefix("version = \"")?;
    version.strip_suffix('"').map(str::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_second_word_is_the_version() {
        assert_eq!(parse_tool_version("wasm-bindgen 0.2.130\n").as_deref(), Some("0.2.130"));
        assert_eq!(parse_tool_version("trunk 0.21.14 (built from a release)").as_deref(), Some("0.21.14"));
        assert_eq!(parse_tool_version("mdbook v0.5.4\n").as_deref(), Some("0.5.4"));
        assert_eq!(parse_tool_version("trunk"), None);
    }

    #[test]
    fn cargo_says_which_version_it_installed() {
        let list = "trunk v0.21.14:\n    trunk\nwasm_split_cli_support v0.2.4:\n    wasm-split-cli\n";
        assert_eq!(installed_version(list, "wasm_split_cli_support").as_deref(), Some("0.2.4"));
        assert_eq!(installed_version(list, "wasm_split"), None);
    }

    #[test]
    fn cargo_lock_names_exactly_one_package() {
        let lock = "[[package]]\nname = \"wasm-bindgen-futures\"\nversion = \"0.4.80\"\n\n\
                    [[package]]\nname = \"wasm-bindgen\"\nversion = \"0.2.130\"\nsource = \"x\"\n";
        assert_eq!(locked_version(lock, "wasm-bindgen").as_deref(), Some("0.2.130"));
        assert_eq!(locked_version(lock, "wasm"), None);
    }
}
