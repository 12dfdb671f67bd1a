//! The page as an object: what a visitor does and sees.

use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::Value;
use thirtyfour::error::{WebDriverErrorInner, WebDriverResult};
use thirtyfour::{By, WebDriver, WebElement};
use tokio::time::sleep;

use crate::devtools::Devtools;

/// The page in a browser.
pub struct Page {
    /// The driver, for what this object does not offer.
    pub driver: WebDriver,
}

/// One row of the loss table.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepLoss {
    /// Steps done, this one included.
    pub step: usize,
    /// Training loss in nats per token.
    pub loss: f64,
}

const POLL: Duration = Duration::from_millis(100);

/// How often an element is looked for again that the page replaced before the driver had hold of it.
const REPLACEMENTS: usize = 5;

/// Does something with an element, and again with the one in its place where the page drew it anew meanwhile.
async fn standing<T>(act: impl AsyncFn() -> WebDriverResult<T>) -> WebDriverResult<T> {
    for _ in 0..REPLACEMENTS {
        match act().await {
            Err(error) if matches!(error.as_inner(), WebDriverErrorInner::StaleElementReference(_)) => {
                sleep(POLL).await
            }
            result => return result,
        }
    }
    act().await
}

impl Page {
    /// Opens an address and waits until the page shows everything that it has to, or says that it cannot.
    pub async fn open(driver: WebDriver, url: &str) -> anyhow::Result<Self> {
        let page = Self { driver };
        page.visit(url).await?;
        Ok(page)
    }

    /// Goes to an address of the page, and waits as [`Page::open`] does.
    pub async fn visit(&self, url: &str) -> anyhow::Result<()> {
        self.driver.goto(url).await?;
        self.arrive().await
    }

    /// Loads the page again, and waits as [`Page::open`] does.
    pub async fn reload(&self) -> anyhow::Result<()> {
        self.driver.refresh().await?;
        self.arrive().await
    }

    async fn arrive(&self) -> anyhow::Result<()> {
        let is_shown = async || {
            let is_idle = self.state().await.is_ok_and(|state| !state.is_empty());
            Ok(is_idle || self.hook("unsupported").await.is_ok())
        };
        if let Err(error) = self.wait("the page", Duration::from_secs(60), is_shown).await {
            self.describe().await;
            return Err(error);
        }
        self.settle().await
    }

    /// Waits until every part of the page that is shown has arrived.
    async fn settle(&self) -> anyhow::Result<()> {
        let script = "return document.querySelector('[aria-busy=true]') === null";
        let is_settled = async || Ok(self.driver.execute(script, vec![]).await?.json() == &Value::Bool(true));
        self.wait("all parts", Duration::from_secs(60), is_settled).await
    }

    /// The element of a `data-testid` hook.
    pub async fn hook(&self, name: &str) -> anyhow::Result<WebElement> {
        standing(async || self.find(name).await).await.with_context(|| format!("no element {name}"))
    }

    async fn find(&self, name: &str) -> WebDriverResult<WebElement> {
        self.driver.find(By::Css(format!("[data-testid='{name}']"))).await
    }

    /// How many elements a CSS selector finds.
    pub async fn count(&self, selector: &str) -> anyhow::Result<usize> {
        let script = "return document.querySelectorAll(arguments[0]).length";
        let count = self.driver.execute(script, vec![selector.into()]).await?;
        count.json().as_u64().map(|count| count as usize).context("a count")
    }

    /// Clicks the element of a hook, and waits for whatever it shows.
    pub async fn click(&self, name: &str) -> anyhow::Result<()> {
        let click = async || self.find(name).await?.click().await;
        standing(click).await.with_context(|| format!("{name} cannot be clicked"))?;
        self.settle().await
    }

    /// Chooses an option of a select by its value, as a visitor does.
    pub async fn choose(&self, name: &str, value: &str) -> anyhow::Result<()> {
        self.edit(name, value).await
    }

    /// Gives a field or a select a value and tells the page, as typing does.
    pub async fn edit(&self, name: &str, value: &str) -> anyhow::Result<()> {
        let script = "const e = document.querySelector(`[data-testid='${arguments[0]}']`); if (!e) return false; \
                      e.value = arguments[1]; \
                      for (const type of ['input', 'change']) e.dispatchEvent(new Event(type, { bubbles: true })); \
                      return e.value === arguments[1]";
        let done = self.driver.execute(script, vec![name.into(), value.into()]).await?;
        anyhow::ensure!(done.json() == &Value::Bool(true), "{name} does not take the value {value:?}");
        Ok(())
    }

    /// Asks the browser for something in its own protocol.
    pub async fn devtools(&self, command: &'static str, parameters: Value) -> anyhow::Result<()> {
        self.driver.cmd(Devtools { command, parameters }).await.with_context(|| format!("{command} failed"))?;
        Ok(())
    }

    /// Tells the page that its tab is hidden, and that it is in sight again; it saves its runs then.
    pub async fn hide(&self) -> anyhow::Result<()> {
        let hide = "Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' }); \
                    document.dispatchEvent(new Event('visibilitychange')); delete document.visibilityState";
        self.driver.execute(hide, vec![]).await?;
        Ok(())
    }

    /// The state of the run: idle, preparing, running, paused, finished or failed.
    pub async fn state(&self) -> anyhow::Result<String> {
        let script = "return document.querySelector(`[data-testid='run-state']`)?.dataset.state ?? null";
        let state = self.driver.execute(script, vec![]).await?;
        state.json().as_str().map(str::to_owned).context("no element run-state")
    }

    /// The text inside a hook's element, also where it is not on the screen.
    pub async fn text(&self, name: &str) -> anyhow::Result<String> {
        let script = "const e = document.querySelector(`[data-testid='${arguments[0]}']`); return e ? e.textContent.trim() : null";
        let text = self.driver.execute(script, vec![name.into()]).await?;
        text.json().as_str().map(str::to_owned).with_context(|| format!("no element {name}"))
    }

    /// The number that a hook's element carries in full precision.
    pub async fn number(&self, name: &str) -> anyhow::Result<f64> {
        let script =
            "const e = document.querySelector(`[data-testid='${arguments[0]}']`); return e?.dataset.value ?? null";
        let value = self.driver.execute(script, vec![name.into()]).await?;
        value.json().as_str().and_then(|text| text.parse().ok()).with_context(|| format!("{name} has no number"))
    }

    /// The newest message, empty when there is none.
    pub async fn message(&self) -> anyhow::Result<String> {
        Ok(self.text("message").await.unwrap_or_default())
    }

    /// Waits until the run is in one of the states; a failure that is not waited for ends the wait.
    pub async fn wait_for(&self, states: &[&str], limit: Duration) -> anyhow::Result<String> {
        let deadline = Instant::now() + limit;
        loop {
            // A page that is just being loaded has no run bar yet.
            let state = self.state().await.unwrap_or_default();
            if states.contains(&state.as_str()) {
                return Ok(state);
            }
            if state == "failed" {
                bail!("the run failed: {}", self.message().await?);
            }
            if Instant::now() > deadline {
                bail!("after {limit:?} the run is {state}, not {states:?}: {}", self.message().await?);
            }
            sleep(POLL).await;
        }
    }

    /// Waits until a condition holds.
    pub async fn wait(
        &self,
        what: &str,
        limit: Duration,
        condition: impl AsyncFn() -> anyhow::Result<bool>,
    ) -> anyhow::Result<()> {
        let deadline = Instant::now() + limit;
        while !condition().await? {
            if Instant::now() > deadline {
                bail!("after {limit:?} still waiting for {what}");
            }
            sleep(POLL).await;
        }
        Ok(())
    }

    /// Waits for a message that contains all the words.
    pub async fn wait_for_message(&self, words: &[&str], limit: Duration) -> anyhow::Result<String> {
        let found = async || {
            let message = self.message().await?;
            Ok(words.iter().all(|word| message.contains(word)))
        };
        if let Err(error) = self.wait(&format!("a message with {words:?}"), limit, found).await {
            bail!("{error}; the message is {:?}", self.message().await?);
        }
        self.message().await
    }

    /// The loss of every step, in full precision, from the table behind the loss chart.
    pub async fn losses(&self) -> anyhow::Result<Vec<StepLoss>> {
        let table = "return [...document.querySelectorAll(\"[data-testid='loss-table'] [data-step]\")].map(r => [r.dataset.step, r.dataset.loss])";
        let mut rows = self.driver.execute(table, vec![]).await?.json().clone();
        if rows.as_array().is_none_or(Vec::is_empty) {
            self.click("loss-table-toggle").await?;
            sleep(Duration::from_millis(300)).await;
            rows = self.driver.execute(table, vec![]).await?.json().clone();
        }
        let rows = rows.as_array().context("the loss table has rows")?;
        // As texts: not every driver keeps the last digit of a number.
        let number = |row: &Value, column: usize| {
            row[column].as_str().and_then(|text| text.parse::<f64>().ok()).context("a number")
        };
        let mut losses = rows
            .iter()
            .map(|row| Ok(StepLoss { step: number(row, 0)? as usize, loss: number(row, 1)? }))
            .collect::<anyhow::Result<Vec<_>>>()?;
        losses.sort_by_key(|row| row.step);
        Ok(losses)
    }

    /// Errors in the console since the last look, those of the page's own network faults too.
    pub async fn console_errors(&self) -> anyhow::Result<Vec<String>> {
        let entries = self.driver.browser_log().await?;
        Ok(entries.into_iter().filter(|entry| entry.level == "SEVERE").map(|entry| entry.message).collect())
    }

    /// Prints what a failed test leaves on the page.
    pub async fn describe(&self) {
        let script = "return [document.readyState, document.body.innerText.slice(0, 200), \
                      performance.getEntriesByType('resource').map(e => [e.name, e.responseEnd, e.decodedBodySize])]";
        let shown = self.driver.execute(script, vec![]).await.map(|shown| shown.json().clone());
        eprintln!("page {shown:?}");
        eprintln!("state {:?}, message {:?}", self.state().await.ok(), self.message().await.ok());
        for error in self.console_errors().await.unwrap_or_default() {
            eprintln!("console: {error}");
        }
    }
}
