//! The browsers that the tests run in, and how each is started and driven.

use std::{
    env,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Child, Command, Stdio},
};

use anyhow::{Context as _, bail};
use serde_json::json;
use thirtyfour::{Capabilities, ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel};

use crate::Adapter;

/// A browser.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Program {
    /// Chromium, with a software adapter for WebGPU where a test asks for one.
    Chromium,
    /// Firefox, without WebGPU: it has no software adapter.
    Firefox,
    /// WebKit as GTK programs have it, without WebGPU.
    WebKit,
}

/// Where Debian and others put the browser that belongs to WebKit's driver.
const MINI_BROWSERS: [&str; 3] = [
    "/usr/lib/x86_64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/lib/aarch64-linux-gnu/webkit2gtk-4.1/MiniBrowser",
    "/usr/libexec/webkit2gtk-4.1/MiniBrowser",
];

impl Program {
    /// The one named in `TAILBLAZER_BROWSER`; Chromium without it.
    pub fn chosen() -> anyhow::Result<Self> {
        match env::var("TAILBLAZER_BROWSER").as_deref() {
            Err(_) | Ok("" | "chromium") => Ok(Self::Chromium),
            Ok("firefox") => Ok(Self::Firefox),
            Ok("webkit") => Ok(Self::WebKit),
            Ok(other) => bail!("TAILBLAZER_BROWSER wants chromium, firefox or webkit, not {other}."),
        }
    }

    /// Whether it can offer an adapter.
    pub fn offers(self, adapter: Adapter) -> bool {
        self == Self::Chromium || adapter == Adapter::None
    }

    /// The program that drives it, listening on a port.
    pub fn driver(self, port: u16) -> Command {
        let (program, argument) = match self {
            Self::Chromium => ("chromedriver", format!("--port={port}")),
            Self::Firefox => ("geckodriver", format!("--port={port}")),
            Self::WebKit => ("WebKitWebDriver", format!("--port={port}")),
        };
        let mut command = Command::new(program);
        command.arg(argument).stdout(Stdio::null()).stderr(Stdio::null());
        command
    }

    /// What its driver is to start: headless, or else on a screen that nobody sees.
    pub fn capabilities(self, adapter: Adapter, arguments: &[&str]) -> anyhow::Result<Capabilities> {
        match self {
            Self::Chromium => chromium(adapter, arguments),
            Self::Firefox => {
                let mut capabilities = DesiredCapabilities::firefox();
                let options = json!({ "args": ["-headless", "--width=1440", "--height=900"] });
                capabilities.as_mut().set("moz:firefoxOptions", options)?;
                Ok(capabilities.into())
            }
            Self::WebKit => {
                let binary = MINI_BROWSERS.into_iter().find(|path| Path::new(path).exists());
                let binary = binary.context("WebKit's MiniBrowser is not there: run `cargo xtask setup`")?;
                let mut capabilities = Capabilities::new();
                capabilities.set("browserName", "MiniBrowser")?;
                let options = json!({ "binary": binary, "args": ["--automation"] });
                capabilities.set("webkitgtk:browserOptions", options)?;
                Ok(capabilities)
            }
        }
    }
}

fn chromium(adapter: Adapter, arguments: &[&str]) -> anyhow::Result<Capabilities> {
    let mut capabilities = DesiredCapabilities::chrome();
    for argument in [
        "--headless=new",
        "--no-sandbox",
        "--disable-dev-shm-usage",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--window-size=1440,900",
    ] {
        capabilities.add_arg(argument)?;
    }
    let adapter: &[&str] = match adapter {
        Adapter::SwiftShader => {
            &["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader", "--enable-unsafe-swiftshader"]
        }
        Adapter::None => &["--disable-gpu", "--disable-features=WebGPU"],
    };
    for argument in adapter.iter().chain(arguments) {
        capabilities.add_arg(argument)?;
    }
    capabilities.set_browser_log_level(LoggingPrefsLogLevel::All)?;
    Ok(capabilities.into())
}

/// A screen that nobody sees, for a browser that does not start without one.
pub struct Screen {
    server: Child,
    /// What `DISPLAY` has to say.
    pub display: String,
}

impl Screen {
    /// Starts an X server of 1440 by 900 on a free number.
    pub fn start() -> anyhow::Result<Self> {
        let mut server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1440x900x24", "-nolisten", "tcp"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb does not start: run `cargo xtask setup`")?;
        let mut number = String::new();
        let output = server.stdout.take().context("Xvfb says its number")?;
        BufReader::new(output).read_line(&mut number)?;
        Ok(Self { server, display: format!(":{}", number.trim()) })
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        self.server.kill().ok();
        self.server.wait().ok();
    }
}
