//! A real browser under WebDriver, with or without a WebGPU adapter.

use std::{
    env, fs,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Child,
    sync::Mutex,
    thread,
    time::{Duration, Instant},
};

use anyhow::{Context as _, bail};
use thirtyfour::WebDriver;

use crate::{
    Elsewhere, Page, Server, memory,
    program::{Program, Screen},
};

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
    /// Its profile and whatever else it writes; removed with it, which the driver itself has no time for.
    folder: PathBuf,
    _screen: Option<Screen>,
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
        if Program::chosen()? != Program::Chromium {
            // The others' drivers do not tell what the console holds.
            return Ok(());
        }
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
    let program = Program::chosen().expect("a browser");
    if !program.offers(adapter) {
        println!("not run: {program:?} has no {adapter:?}");
        return;
    }
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
        // Whoever's tab is lost learns nothing more from the driver, whatever the test failed with.
        let is_lost = match &result {
            Ok(()) => false,
            Err(error) => is_lost(error) || browser.driver.title().await.is_err_and(|error| is_lost(&error.into())),
        };
        browser.quit().await;
        anyhow::Ok((result, is_lost))
    };
    let (mut result, is_lost) = runtime.block_on(once()).expect("a browser");
    if let (Err(error), true) = (&result, is_lost) {
        eprintln!("the browser lost the tab; once more in a fresh one: {error:#}");
        (result, _) = runtime.block_on(once()).expect("a browser");
    }
    if let Err(error) = result {
        panic!("{error:#}");
    }
}

/// Whether an error is the driver's for a tab that crashed: Chromium's or WebKit's.
fn is_lost(error: &anyhow::Error) -> bool {
    let words = format!("{error:#}");
    ["tab crashed", "page crash"].iter().any(|crash| words.contains(crash))
}

impl Browser {
    /// Starts the chosen browser, of 1440 by 900, and its driver.
    pub async fn launch(adapter: Adapter, arguments: &[&str]) -> anyhow::Result<Self> {
        let program = Program::chosen()?;
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let folder = env::temp_dir().join(format!("tailblazer-browser-{}-{port}", std::process::id()));
        fs::create_dir_all(&folder)?;
        let screen = (program == Program::WebKit).then(Screen::start).transpose()?;
        let mut driver = program.driver(port);
        driver.env("TMPDIR", &folder);
        if let Some(screen) = &screen {
            driver.env("DISPLAY", &screen.display);
        }
        let process =
            driver.spawn().with_context(|| format!("{program:?}'s driver does not start: run `cargo xtask setup`"))?;
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", port)).is_err() {
            if Instant::now() > deadline {
                bail!("{program:?}'s driver does not listen");
            }
            thread::sleep(Duration::from_millis(50));
        }
        let capabilities = program.capabilities(adapter, arguments)?;
        let driver = WebDriver::new(format!("http://127.0.0.1:{port}"), capabilities).await?;
        if program != Program::Chromium {
            driver.set_window_rect(0, 0, 1440, 900).await?;
        }
        Ok(Self { driver, process, folder, _screen: screen })
    }

    /// Its driver.
    pub fn driver(&self) -> WebDriver {
        self.driver.clone()
    }

    /// Bytes of memory that the browser's processes for pages and workers hold, where the system tells.
    pub fn resident_bytes(&self) -> u64 {
        memory::of_renderers(self.process.id())
    }

    /// Ends it.
    pub async fn quit(mut self) {
        // The browser may have died with the test; there is nothing left to save then.
        self.driver.clone().quit().await.ok();
        self.process.kill().ok();
        self.process.wait().ok();
        // A process of the browser's may still write its last file; what is left then is little.
        fs::remove_dir_all(&self.folder).ok();
    }
}
