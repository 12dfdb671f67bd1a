//! The runs that the browser keeps: they go on exactly after a reload, and are listed, renamed and deleted.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use serde_json::json;
use tailblazer_tests::{Adapter, Page, Server, with_browser_at};

const MINUTE: Duration = Duration::from_secs(60);

/// A run of some seconds on any machine, so that it can be kept on the way.
const LONG: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=60000\
                    &train.eval_every=20000&schedule.warmup=20&device=cpu&sample.every=0&layerwise.watch=0";

/// A run of a moment.
const SHORT: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=300\
                     &schedule.warmup=20&device=cpu&sample.every=0&layerwise.watch=0";

/// The step and the losses of a run, in full precision: what must not depend on a reload.
async fn outcome(page: &Page) -> anyhow::Result<(f64, f64, f64)> {
    Ok((page.number("metric-step").await?, page.number("metric-loss").await?, page.number("metric-val-loss").await?))
}

/// Steps done in the state that the browser keeps of the only run; 0 while it keeps none.
async fn kept(page: &Page) -> anyhow::Result<u64> {
    let script = "const done = arguments[arguments.length - 1]; const asked = indexedDB.open('tailblazer'); \
                  asked.onerror = () => done(0); \
                  asked.onupgradeneeded = () => { asked.transaction.abort(); }; \
                  asked.onsuccess = () => { const all = asked.result.transaction('entries').objectStore('entries').getAll(); \
                  all.onsuccess = () => { asked.result.close(); \
                  done(Math.max(0, ...all.result.map((text) => JSON.parse(text).resumable ?? 0))); }; };";
    let found = page.driver.execute_async(script, vec![]).await?;
    found.json().as_u64().context("a number of steps")
}

/// Has the page keep its run at once, as it does when its tab is hidden.
async fn keep_now(page: &Page) -> anyhow::Result<()> {
    page.wait("a kept state", MINUTE, async || {
        page.hide().await?;
        Ok(kept(page).await? > 0)
    })
    .await
}

#[test]
fn a_run_goes_on_exactly_after_a_reload_in_its_middle() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, LONG, async |page| {
        page.click("run-play").await?;
        keep_now(page).await?;
        ensure!(page.state().await? == "running", "it must be kept on the way, not at the end");
        page.reload().await?;
        page.wait("the offer to go on", MINUTE, async || Ok(page.hook("resume-last").await.is_ok())).await?;
        let sentence = page.text("unfinished").await?;
        let from = kept(page).await?;
        ensure!(from < 60_000 && sentence.contains("of 60"), "{sentence}, {from}");
        page.click("resume-last").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        let resumed = outcome(page).await?;

        // The same without a reload.
        page.click("run-play").await?;
        page.wait_for(&["running", "preparing"], MINUTE).await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        let whole = outcome(page).await?;
        ensure!(resumed == whole, "after a reload {resumed:?}, without one {whole:?}");
        Ok(())
    });
}

/// Keeps every worker of the page, so that a test can lose it, and the lengths of what the workers send in bytes and of
/// their longest list.
const KEEP_WORKERS: &str = "window.workers = []; window.bytes = []; window.longest = 0; \
     const look = (value) => { if (value instanceof Uint8Array) bytes.push(value.length); \
       else if (Array.isArray(value)) { longest = Math.max(longest, value.length); value.slice(0, 100).forEach(look); } \
       else if (value?.constructor === Object) Object.values(value).forEach(look); }; \
     const Real = window.Worker; window.Worker = function (...all) { const worker = new Real(...all); \
       worker.addEventListener('message', ({ data }) => look(data)); workers.push(worker); return worker; };";

#[test]
fn a_run_goes_on_exactly_after_its_worker_was_lost() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, LONG, async |page| {
        page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": KEEP_WORKERS })).await?;
        page.reload().await?;
        page.click("run-play").await?;
        keep_now(page).await?;
        ensure!(page.state().await? == "running", "it must be lost on the way, not at the end");

        // Number by number a state would keep the page busy for seconds.
        let sent = page.driver.execute("return [Math.max(0, ...bytes), longest]", vec![]).await?;
        let (bytes, longest): (usize, usize) = serde_json::from_value(sent.json().clone())?;
        ensure!(bytes > 10_000 && longest < 1_000, "a state of {bytes} bytes, and a list of {longest} numbers");

        let lose =
            "workers.splice(0).forEach((worker) => { worker.terminate(); worker.onerror(new ErrorEvent('error')); })";
        page.driver.execute(lose, vec![]).await?;
        page.wait_for_message(&["stopped unexpectedly", "run goes on from step"], MINUTE).await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        let recovered = outcome(page).await?;
        page.click("run-play").await?;
        page.wait_for(&["running", "preparing"], MINUTE).await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        let whole = outcome(page).await?;
        ensure!(recovered == whole, "after a loss {recovered:?}, without one {whole:?}");
        Ok(())
    });
}

#[test]
fn runs_are_listed_named_pinned_found_and_deleted() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, &format!("{SHORT}&arms=2&b.schedule.peak=0.01"), async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        page.wait("kept weights", MINUTE, async || Ok(kept(page).await? == 300)).await?;
        page.click("screen-runs").await?;
        let rows = async || page.count("[data-testid='run-row']").await;
        page.wait("both arms", MINUTE, async || Ok(rows().await? == 2)).await?;
        let table = page.text("run-table").await?;
        ensure!(table.contains("schedule.peak") && table.contains("300 / 300"), "{table}");

        page.edit("run-name", "For Monday").await?;
        page.wait("its new name", MINUTE, async || {
            page.edit("run-search", "monday").await?;
            Ok(rows().await? == 1)
        })
        .await?;
        page.click("run-pin").await?;
        page.edit("run-search", "nothing has this").await?;
        page.wait("no row", MINUTE, async || Ok(rows().await? == 0)).await?;
        ensure!(page.text("runs-empty").await?.contains("No run has all these words"));
        page.edit("run-search", "").await?;
        page.wait("the pinned one first", MINUTE, async || {
            let first = "return document.querySelector(\"[data-testid='run-name']\")?.value";
            Ok(page.driver.execute(first, vec![]).await?.json() == "For Monday")
        })
        .await?;

        // Another tab of this browser looks at it while this one has it open.
        let here = page.driver.window().await?;
        let other = page.driver.new_tab().await?;
        page.driver.switch_to_window(other).await?;
        page.driver.goto(format!("{}?ui=runs", server.url())).await?;
        page.wait("the rows in the other tab", MINUTE, async || Ok(rows().await? == 2)).await?;
        page.click("run-resume").await?;
        page.wait_for_message(&["open in another tab"], MINUTE).await?;
        page.driver.close_window().await?;
        page.driver.switch_to_window(here).await?;

        for left in [1, 0] {
            page.click("run-delete").await?;
            page.click("run-delete").await?;
            page.wait("one row less", MINUTE, async || Ok(rows().await? == left)).await?;
        }
        Ok(())
    });
}
