//! Debian packages.

use anyhow::{Context, Result};

use crate::shell::Shell;

/// Whether packages can be installed: there is apt-get, and we are root.
pub fn can_install(shell: &Shell) -> bool {
    let user = shell.output(shell.command("id").arg("-u")).unwrap_or_default();
    shell.has("apt-get") && user.trim_ascii() == b"0"
}

/// Installs packages, without what they merely recommend.
pub fn install(shell: &Shell, packages: &[&str]) -> Result<()> {
    let apt_get = || {
        let mut command = shell.command("apt-get");
        command.env("DEBIAN_FRONTEND", "noninteractive");
        command
    };
    shell.run(apt_get().args(["update", "--quiet"])).context("the list of Debian packages could not be fetched")?;
    shell
        .run(apt_get().args(["install", "--quiet", "--yes", "--no-install-recommends"]).args(packages))
        .with_context(|| format!("the Debian packages {} could not be installed", packages.join(", ")))
}
