//! A real Chromium under WebDriver, with or without a WebGPU adapter.

use std::{
    net::{TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use thirtyfour::{ChromiumLikeCapabilities as _, DesiredCapabilities, LoggingPrefsLogLevel, WebDriver};

use crate::{Elsewhere, Page, Server};

/// Which WebGPU adapter the browser offers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Adapter {
    /// SwiftShader, a software adapter: right results, slowly.
    SwiftShader,
    /// None, as on a browser without WebGPU.
    None,
}

/// A running browser and its driver.
pub struct Browser {
    driver: WebDriver,
    process: Child,
}

/// One browser at a time: two would share two cores and run into each other's time limits.
static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// Serves the page, opens it in a browser at `link` (such as `#v=1&model.layers=2`), and hands it to the test.
///
/// # Panics
/// When the test fails, or when the browser's console holds an error after it.
pub fn with_browser(adapter: Adapter, link: &str, test: impl AsyncFn(&Page) -> anyhow::Result<()>) {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, adapter, link, async |page| {
        test(page).await?;
        let errors = page.console_errors().await?;
        anyhow::ensure!(errors.is_empty(), "errors in the console: {errors:#?}");
        Ok(())
    });
}

/// Like [`with_browser`], on a server of the test's own and without a look at the console.
pub fn with_browser_at(server: &Server, adapter: Adapter, link: &str, test: impl AsyncFn(&Page) -> anyhow::Result<()>) {
    let url = format!("{}{link}", server.url());
    in_browser(adapter, &[], async |driver| Page::open(driver, &url).await, test);
}

/// Hands an empty page to a test that opens one of somebody else's in it, where the lab may be embedded.
///
/// # Panics
/// When the test fails.
pub fn with_empty_page(adapter: Adapter, test: impl AsyncFn(&Page) -> anyhow::Result<()>) {
    in_browser(adapter, &[], async |driver| Ok(Page { driver }), test);
}

/// Like [`with_empty_page`], in a browser that asks `elsewhere` for everything that is not on this machine.
pub fn with_watched_page(adapter: Adapter, elsewhere: &Elsewhere, test: impl AsyncFn(&Page) -> anyhow::Result<()>) {
    let proxy = format!("--proxy-server={}", elsewhere.address());
    in_browser(adapter, &[&proxy], async |driver| Ok(Page { driver }), test);
}

/// Runs a test in a browser of its own; once more where the browser lost the tab under it, which says nothing of the page
/// unless it happens again.
fn in_browser(
    adapter: Adapter,
    arguments: &[&str],
    open: impl AsyncFn(WebDriver) -> anyhow::Result<Page>,
    test: impl AsyncFn(&Page) -> anyhow::Result<()>,
) {
    let _only = ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let once = async || {
        let browser = Browser::launch(adapter, arguments).await?;
        let result = match open(browser.driver.clone()).await {
            Ok(page) => {
                let result = test(&page).await;
                if result.is_err() {
                    page.describe().await;
                }
                result
            }
            Err(error) => Err(error.context("the page did not open")),
        };
        browser.quit().await;
        result
    };
    let mut result = runtime.block_on(once());
    if let Err(error) = &result
        && format!("{error:#}").contains("tab crashed")
    {
        eprintln!("the browser lost the tab; once more in a fresh one: {error:#}");
        result = runtime.block_on(once());
    }
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

impl Browser {
    /// Starts chromedriver and a headless Chromium of 1440 by 900.
    pub async fn launch(adapter: Adapter, arguments: &[&str]) -> anyhow::Result<Self> {
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let process = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .context("chromedriver does not start: run `cargo xtask setup`")?;
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline {
                bail!("chromedriver does not listen");
            }
            thread::sleep(Duration::from_millis(50));
        }
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
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await?;
        Ok(Self { driver, process })
    }

    async fn quit(mut self) {
        // The browser may have died with the test; there is nothing left to save then.
        self.driver.clone().quit().await.ok();
        self.process.kill().ok();
        self.process.wait().ok();
    }
}
