//! Where things are, and how other programs are run.

use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

/// What `cargo run` tells this program about itself and a nested cargo must not inherit.
const SET_BY_CARGO_RUN: [&str; 3] = ["CARGO", "CARGO_MANIFEST_DIR", "CARGO_MANIFEST_PATH"];

/// What would bind a nested cargo to another compiler than the one in /usr/bin.
const PINS_A_COMPILER: [&str; 4] = ["RUSTUP_TOOLCHAIN", "RUSTUP_TOOLCHAIN_SOURCE", "RUSTC", "RUSTDOC"];

/// The surroundings of every command: the checkout, the cache, and the Rust toolchain in use.
pub struct Shell {
    root: PathBuf,
    cache: PathBuf,
    cargo_bin: PathBuf,
    system_rust: bool,
}

impl Shell {
    /// Finds the checkout and the cache folder.
    pub fn new() -> Result<Self> {
        let home = env::home_dir().context("there is no home folder: set HOME.")?;
        let cargo_home = env::var_os("CARGO_HOME").map_or_else(|| home.join(".cargo"), PathBuf::from);
        let cache = match (env::var_os("TAILBLAZER_CACHE"), env::var_os("XDG_CACHE_HOME")) {
            (Some(folder), _) => PathBuf::from(folder),
            (None, Some(folder)) => PathBuf::from(folder).join("tailblazer"),
            (None, None) => home.join(".cache/tailblazer"),
        };
        std::fs::create_dir_all(&cache).with_context(|| format!("could not create {}", cache.display()))?;
        let cache = cache.canonicalize()?;
        Ok(Self { root: find_root()?, cache, cargo_bin: cargo_home.join("bin"), system_rust: false })
    }

    /// The checkout.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where downloads and tool builds are kept.
    pub fn cache(&self) -> &Path {
        &self.cache
    }

    /// Where the page is built.
    pub fn dist(&self) -> PathBuf {
        self.root.join("dist")
    }

    /// Where cargo puts what it compiles.
    pub fn target(&self) -> PathBuf {
        env::var_os("CARGO_TARGET_DIR").map_or_else(|| self.root.join("target"), |folder| self.root.join(folder))
    }

    /// From here on, Rust programs come from /usr/bin and not from rustup.
    pub fn use_system_rust(&mut self) {
        self.system_rust = true;
    }

    /// A command in the checkout, in the user's own environment.
    pub fn command(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = Command::new(program);
        command.current_dir(&self.root).env("PATH", self.path(false));
        for (name, _) in env::vars_os() {
            let name = name.to_string_lossy();
            if SET_BY_CARGO_RUN.contains(&name.as_ref()) || name.starts_with("CARGO_PKG_") {
                command.env_remove(name.as_ref());
            }
        }
        command
    }

    /// A command of the Rust toolchain in use, or one that calls it.
    pub fn rust(&self, program: impl AsRef<OsStr>) -> Command {
        if self.system_rust { self.system_rust(program) } else { self.command(program) }
    }

    /// A command that finds the Rust toolchain in /usr/bin.
    pub fn system_rust(&self, program: impl AsRef<OsStr>) -> Command {
        let mut command = self.command(program);
        command.env("PATH", self.path(true));
        for name in PINS_A_COMPILER {
            command.env_remove(name);
        }
        command
    }

    /// A trunk subcommand. Trunk.toml holds the settings.
    pub fn trunk(&self, subcommand: &str) -> Command {
        let mut command = self.rust("trunk");
        command.args([subcommand, "--skip-version-check"]);
        // Trunk reads NO_COLOR as a boolean and refuses the usual value 1.
        if env::var_os("NO_COLOR").is_some() {
            command.env_remove("NO_COLOR").args(["--color", "never"]);
        }
        command
    }

    /// Prints and runs a command, and fails if it does.
    pub fn run(&self, command: &mut Command) -> Result<()> {
        let line = describe(command);
        println!("\n$ {line}");
        let status = command.status().with_context(|| format!("could not start `{line}`"))?;
        if !status.success() {
            bail!("`{line}` failed ({status}).");
        }
        Ok(())
    }

    /// Prints a command and turns this process into it, so that a signal reaches it.
    pub fn replace_with(&self, command: &mut Command) -> Result<()> {
        #[cfg(unix)]
        {
            use std::os::unix::process::CommandExt;
            let line = describe(command);
            println!("$ {line}");
            Err(command.exec()).with_context(|| format!("could not start `{line}`"))
        }
        #[cfg(not(unix))]
        self.run(command)
    }

    /// What a command prints, or nothing if it cannot be run or fails.
    pub fn output(&self, command: &mut Command) -> Option<Vec<u8>> {
        let output = command.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
        output.status.success().then_some(output.stdout)
    }

    /// Whether a command runs and succeeds. It prints nothing.
    pub fn succeeds(&self, command: &mut Command) -> bool {
        self.output(command).is_some()
    }

    /// Whether a program is there to be run.
    pub fn has(&self, program: &str) -> bool {
        env::split_paths(&self.path(false)).any(|folder| folder.join(program).is_file())
    }

    /// The search path: the user's, with the places that set-up installs into.
    fn path(&self, system_rust_first: bool) -> std::ffi::OsString {
        let own = env::var_os("PATH").unwrap_or_default();
        let mut folders: Vec<PathBuf> = env::split_paths(&own).collect();
        for folder in [self.cargo_bin.clone(), PathBuf::from("/usr/local/bin")] {
            if !folders.contains(&folder) {
                folders.push(folder);
            }
        }
        if system_rust_first {
            folders.insert(0, PathBuf::from("/usr/bin"));
        }
        env::join_paths(folders).unwrap_or(own)
    }
}

/// The workspace that `cargo xtask` was called in.
///
/// Read when the program runs, not when it is compiled: checkouts may share one target folder.
fn find_root() -> Result<PathBuf> {
    let start = match env::var_os("CARGO_MANIFEST_DIR") {
        Some(folder) => PathBuf::from(folder),
        None => env::current_dir()?,
    };
    let root = start.ancestors().find(|folder| folder.join("xtask/Cargo.toml").is_file());
    root.map(Path::to_path_buf).context("run `cargo xtask` inside the checkout.")
}

/// A command as a person would type it.
fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_typed() {
        assert_eq!(describe(Command::new("cargo").args(["fmt", "--check"])), "cargo fmt --check");
    }

    #[test]
    fn system_rust_is_found_first_and_not_pinned() {
        let shell = Shell { root: "/".into(), cache: "/".into(), cargo_bin: "/c".into(), system_rust: true };
        let command = shell.rust("cargo");
        let set = |name: &str| command.get_envs().find(|(key, _)| *key == name).map(|(_, value)| value);
        assert!(set("PATH").flatten().unwrap().to_string_lossy().starts_with("/usr/bin:"));
        assert_eq!(set("RUSTUP_TOOLCHAIN"), Some(None));
        assert_eq!(set("CARGO"), Some(None), "cargo test sets CARGO, so it must be removed here");
    }

    #[test]
    fn the_checkout_is_found() {
        assert!(find_root().unwrap().join("Trunk.toml").is_file());
    }
}
