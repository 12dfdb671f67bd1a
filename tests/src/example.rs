//! A worked example of `examples/`, copied so that it can be built for the lab of a test.

use std::{
    env, fs,
    path::{Path, PathBuf},
    process::Command,
    sync::atomic::{AtomicUsize, Ordering::Relaxed},
};

use anyhow::{Context as _, bail, ensure};

/// The address that stands in the one place where an example has its lab.
const LAB: &str = "https://lab.invalid/";

/// Folders that a build in place leaves in an example.
const LEFT: [&str; 5] = ["node_modules", "_build", "book", ".docusaurus", "build"];

/// Copies so far: tests of one program run side by side.
static COPIES: AtomicUsize = AtomicUsize::new(0);

/// A copy of an example, which is removed with it.
pub struct Example {
    name: String,
    folder: PathBuf,
}

impl Example {
    /// Copies the example `name`, with another address of the lab in its one place.
    pub fn copy(name: &str, lab: &str) -> anyhow::Result<Self> {
        let copy = format!("tailblazer-{name}-{}-{}", std::process::id(), COPIES.fetch_add(1, Relaxed));
        let example = Self { name: name.to_owned(), folder: env::temp_dir().join(copy) };
        copy_folder(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples").join(name), &example.folder)?;
        let mut places = 0;
        for file in files_in(&example.folder)? {
            if let Ok(text) = fs::read_to_string(&file) {
                places += text.matches(LAB).count();
                fs::write(&file, text.replace(LAB, lab))?;
            }
        }
        ensure!(places == 1, "examples/{name} has the address of the lab in {places} places, not in one");
        Ok(example)
    }

    /// Where the copy lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The text of one of its files.
    pub fn read(&self, file: &str) -> anyhow::Result<String> {
        fs::read_to_string(self.folder.join(file)).with_context(|| format!("the example has no {file}"))
    }

    /// Replaces a text in one of its files.
    pub fn edit(&self, file: &str, old: &str, new: &str) -> anyhow::Result<()> {
        let text = self.read(file)?;
        ensure!(text.contains(old), "{file} does not contain {old:?}");
        Ok(fs::write(self.folder.join(file), text.replace(old, new))?)
    }

    /// Builds it as a book of mdBook and gives the folder of the book.
    pub fn mdbook(&self) -> anyhow::Result<PathBuf> {
        self.run(Command::new(tool("TAILBLAZER_MDBOOK", "")?).arg("build"))?;
        Ok(self.folder.join("book"))
    }

    /// Gives it the packages that its `package.json` names.
    pub fn install(&self) -> anyhow::Result<()> {
        let packages = tool("TAILBLAZER_PACKAGES", &format!("{}/node_modules", self.name))?;
        let place = self.folder.join("node_modules");
        #[cfg(unix)]
        std::os::unix::fs::symlink(packages, place)?;
        #[cfg(windows)]
        std::os::windows::fs::symlink_dir(packages, place)?;
        Ok(())
    }

    /// Runs a script of its packages in Node.js.
    pub fn node(&self, script: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let script = self.folder.join("node_modules").join(script);
        // Nothing here should ask whether it is the newest.
        self.run(Command::new("node").arg(script).args(arguments).env("NO_UPDATE_NOTIFIER", "1"))
    }

    fn run(&self, command: &mut Command) -> anyhow::Result<()> {
        let output =
            command.current_dir(&self.folder).output().with_context(|| format!("{command:?} does not start"))?;
        let printed = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
        ensure!(output.status.success(), "{command:?} failed: {printed}");
        Ok(())
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.folder).ok();
    }
}

/// A tool that `cargo xtask test` has installed and named in a variable of the environment.
pub(crate) fn tool(variable: &str, inside: &str) -> anyhow::Result<PathBuf> {
    let place = env::var_os(variable)
        .map(|named| if inside.is_empty() { named.into() } else { Path::new(&named).join(inside) });
    match place {
        Some(place) if place.exists() => Ok(place),
        Some(place) => bail!("there is no {}: run `cargo xtask test`, which installs it", place.display()),
        None => bail!("{variable} is not set: run `cargo xtask test`, which installs what it names"),
    }
}

fn copy_folder(from: &Path, to: &Path) -> anyhow::Result<()> {
    for file in files_in(from)? {
        let copy = to.join(file.strip_prefix(from)?);
        fs::create_dir_all(copy.parent().context("a file is in a folder")?)?;
        fs::copy(&file, &copy).with_context(|| format!("could not copy {}", file.display()))?;
    }
    Ok(())
}

fn files_in(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).with_context(|| format!("could not list {}", folder.display()))? {
        let path = entry?.path();
        if !path.is_dir() {
            files.push(path);
        } else if !LEFT.iter().any(|name| path.ends_with(name)) {
            files.extend(files_in(&path)?);
        }
    }
    Ok(files)
}
