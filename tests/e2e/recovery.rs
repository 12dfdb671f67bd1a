//! What breaks under a run: a GPU that is lost, one that computes wrongly, one that never answers; a full disk; a text
//! that arrives in part.

use std::time::Duration;

use anyhow::ensure;
use serde_json::json;
use tailblazer_tests::{Adapter, Page, Server, with_browser_at, with_empty_page};

const MINUTE: Duration = Duration::from_secs(60);

/// A small run on WebGPU whose steps take a moment, saved whenever the tab is hidden.
const SMALL: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=60\
                     &schedule.warmup=2&device=gpu&sample.every=0&layerwise.watch=0&train.eval_every=60\
                     &train.eval_windows=1";

/// Steps of a run in which something happens long before its end.
const STEPS: usize = 600;

fn longer() -> String {
    SMALL.replace("train.steps=60", &format!("train.steps={STEPS}"))
}

/// How often the device is destroyed; `TAILBLAZER_ROUNDS` says it otherwise, because each time takes a software adapter
/// half a minute.
fn rounds() -> usize {
    std::env::var("TAILBLAZER_ROUNDS").ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(2)
}

/// Destroys the device at a submission that is another one in every run; the engine that goes on has its device.
const DESTROY: &str = "const load = {load}; const request = GPUAdapter.prototype.requestDevice;
    GPUAdapter.prototype.requestDevice = async function (...all) {
      const device = await request.apply(this, all);
      const submit = device.queue.submit.bind(device.queue);
      let left = 300 + (load * 137) % 700;
      if (load % 2 === 0) device.queue.submit = (...all) => { if (left-- === 0) device.destroy(); return submit(...all); };
      return device;
    };";

/// As a driver does that turns a sign: one addition of each program is a subtraction.
const WRONG: &str = "const create = GPUDevice.prototype.createShaderModule;
    GPUDevice.prototype.createShaderModule = function (about) {
      return create.call(this, { ...about, code: about.code.replace(' += ', ' -= ') });
    };";

/// As a driver does that hangs: from some submission on the second engine, that of the page as it is loaded again, gets no
/// answer.
const HANG: &str = "const load = {load}; const submit = GPUQueue.prototype.submit; let left = 300;
    GPUQueue.prototype.submit = function (...all) { left--; return submit.apply(this, all); };
    const map = GPUBuffer.prototype.mapAsync;
    GPUBuffer.prototype.mapAsync = function (...all) {
      return load === 1 && left <= 0 ? new Promise(() => {}) : map.apply(this, all);
    };";

/// The steps in the table behind the loss chart, of which none may be missing and none may be twice.
async fn ensure_whole(page: &Page, steps: usize) -> anyhow::Result<()> {
    let found: Vec<usize> = page.losses().await?.iter().map(|row| row.step).collect();
    ensure!(found == (1..=steps).collect::<Vec<_>>(), "steps of the table: {found:?}");
    Ok(())
}

#[test]
fn a_destroyed_device_costs_nothing_but_time() {
    let server = Server::with_engine_prelude(DESTROY).expect("the page is served");
    let link = longer();
    with_empty_page(Adapter::SwiftShader, async |page| {
        for round in 0..rounds() {
            page.visit(&format!("{}?round={round}{link}", server.url())).await?;
            page.click("run-play").await?;
            if round % 2 == 1 {
                page.wait("steps", 2 * MINUTE, async || Ok(page.number("metric-step").await.unwrap_or(0.0) > 3.0))
                    .await?;
                page.hide().await?;
            }
            page.wait_for(&["finished"], 3 * MINUTE).await?;
            let messages = page
                .driver
                .execute("return [...document.querySelectorAll('.notice')].map(e => e.textContent).join(' ')", vec![])
                .await?;
            let said = messages.json().as_str().unwrap_or_default().to_owned();
            ensure!(
                said.contains("The run goes on from step") || said.contains("The run begins again"),
                "{round}: {said}"
            );
            ensure_whole(page, STEPS).await?;
            println!("round {round}: {said}");
        }
        Ok(())
    });
}

#[test]
fn a_device_that_computes_wrongly_is_not_used_and_says_how() {
    let server = Server::with_engine_prelude(WRONG).expect("the page is served");
    with_browser_at(&server, Adapter::SwiftShader, SMALL, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 3 * MINUTE).await?;
        let badge = page.hook("device-badge").await?;
        ensure!(badge.attr("data-value").await?.as_deref() == Some("cpu"), "the CPU computes");
        ensure!(badge.class_name().await?.unwrap_or_default().contains("bad"), "the badge says so");
        page.wait_for_message(&["computes wrongly"], MINUTE).await?;
        badge.click().await?;
        let text = page.driver.execute("return document.getElementById('device-reason').textContent", vec![]).await?;
        ensure!(text.json().as_str().is_some_and(|text| text.contains("failed its self-test")), "{:?}", text.json());
        page.hook("copy-self-test").await?;

        // The next visit knows, and tests nothing.
        page.reload().await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 3 * MINUTE).await?;
        let badge = page.hook("device-badge").await?;
        ensure!(badge.attr("data-value").await?.as_deref() == Some("cpu"), "it is remembered");
        ensure!(badge.class_name().await?.unwrap_or_default().contains("bad"), "and said again");
        Ok(())
    });
}

#[test]
fn a_device_that_is_right_passes_once() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::SwiftShader, SMALL, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 3 * MINUTE).await?;
        ensure!(
            page.hook("device-badge").await?.attr("data-value").await?.as_deref() == Some("gpu"),
            "the GPU computes"
        );
        let script =
            "return Object.entries(localStorage).filter(([key]) => key.startsWith('tailblazer.trials')).map(e => e[1])";
        let kept = page.driver.execute(script, vec![]).await?.json().clone();
        ensure!(kept == json!(["passed"]), "{kept:?}");
        Ok(())
    });
}

#[test]
fn a_device_that_never_answers_is_given_up() {
    let server = Server::with_engine_prelude(HANG).expect("the page is served");
    with_browser_at(&server, Adapter::SwiftShader, &longer(), async |page| {
        // A software adapter has four minutes to answer: the watch looks twenty times as often here.
        let often =
            "const set = setInterval; window.setInterval = (what, time, ...all) => set(what, time / 20, ...all)";
        page.devtools("Page.addScriptToEvaluateOnNewDocument", json!({ "source": often })).await?;
        page.reload().await?;
        page.click("run-play").await?;
        page.wait_for_message(&["did not answer"], 2 * MINUTE).await?;
        page.wait_for(&["finished"], 3 * MINUTE).await?;
        ensure_whole(page, STEPS).await
    });
}

/// A run of a moment on the CPU.
const SHORT: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=200\
                     &schedule.warmup=2&device=cpu&sample.every=0&layerwise.watch=0";

/// As a browser does that has no more room.
const NO_ROOM: &str = "window.put = IDBObjectStore.prototype.put;
    IDBObjectStore.prototype.put = () => { throw new DOMException('no room', 'QuotaExceededError'); };";

#[test]
fn a_full_storage_is_said_and_costs_no_run() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, SHORT, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], MINUTE).await?;
        let rows = async || page.count("[data-testid='run-row']").await;
        page.click("screen-runs").await?;
        page.wait("the first run in the list", MINUTE, async || Ok(rows().await? == 1)).await?;
        page.click("screen-train").await?;

        page.driver.execute(NO_ROOM, vec![]).await?;
        page.click("run-play").await?;
        page.wait_for_message(&["no more room", "delete some"], MINUTE).await?;
        page.wait_for(&["finished"], MINUTE).await?;
        ensure_whole(page, 200).await?;
        page.click("screen-runs").await?;
        page.wait("the first run is still there alone", MINUTE, async || Ok(rows().await? == 1)).await?;

        // There is room again: what is trained now is kept.
        page.driver.execute("IDBObjectStore.prototype.put = window.put", vec![]).await?;
        page.click("screen-train").await?;
        page.click("run-play").await?;
        page.click("screen-runs").await?;
        page.wait("a run more", MINUTE, async || Ok(rows().await? == 2)).await
    });
}

#[test]
fn a_text_that_breaks_off_is_named_and_the_next_try_trains() {
    let server = Server::breaking_off("corpora/moby-dick.txt").expect("the page is served");
    with_browser_at(&server, Adapter::None, SHORT, async |page| {
        page.click("run-play").await?;
        page.wait_for_message(&["moby-dick.txt", "the connection broke"], MINUTE).await?;
        page.wait_for(&["idle", "failed"], MINUTE).await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], MINUTE).await?;
        ensure_whole(page, 200).await
    });
}
