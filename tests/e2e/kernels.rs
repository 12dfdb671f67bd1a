//! The fused kernels in the browser: against plain operations, against each other, and what they cost.

use std::{cell::RefCell, time::Duration};

use anyhow::ensure;
use tailblazer_tests::{Adapter, Page, Server, StepLoss, with_browser, with_browser_at};

/// A shape that a software adapter trains in milliseconds per step, odd enough to miss every tile.
const TINY: &str = "#v=1&model.layers=1&model.heads=2&model.width=20&model.context=12&train.batch=3&train.steps=50\
                    &train.eval_every=50&train.eval_windows=4&sample.every=0&schedule.warmup=2&schedule.peak=0.01";

const MINUTES: Duration = Duration::from_secs(60);

async fn losses(page: &Page) -> anyhow::Result<Vec<StepLoss>> {
    page.click("run-play").await?;
    page.wait_for(&["finished"], 5 * MINUTES).await?;
    page.losses().await
}

/// The losses of one experiment on one device.
fn losses_of(adapter: Adapter, link: &str) -> Vec<StepLoss> {
    let found = RefCell::default();
    with_browser(adapter, link, async |page| {
        found.replace(losses(page).await?);
        Ok(())
    });
    found.into_inner()
}

/// Fails unless the losses agree: to 1e-5 at the first step, where nothing has built up yet, and to 1e-3 at all.
fn assert_agree(what: &str, found: &[StepLoss], expected: &[StepLoss]) {
    assert_eq!((found.len(), expected.len()), (50, 50), "{what}");
    let error = |(found, expected): (&StepLoss, &StepLoss)| ((found.loss - expected.loss) / expected.loss).abs();
    let errors: Vec<f64> = found.iter().zip(expected).map(error).collect();
    let largest = errors.iter().copied().fold(0.0, f64::max);
    println!("{what}: relative difference {:e} at the first step, at most {largest:e} in 50", errors[0]);
    assert!(errors[0] < 1e-5 && largest < 1e-3, "{what}: {errors:?}");
}

#[test]
fn fifty_steps_agree_on_both_devices_and_with_plain_operations() {
    for variant in ["", "&model.positions=learned&model.bias=true&model.tied=false&train.accumulation=2"] {
        let link = format!("{TINY}{variant}");
        let cpu = losses_of(Adapter::None, &format!("{link}&device=cpu"));
        let plain = losses_of(Adapter::None, &format!("{link}&device=cpu&operations=plain"));
        assert_agree("fused against plain on the CPU", &cpu, &plain);
        let gpu = losses_of(Adapter::SwiftShader, &format!("{link}&device=gpu"));
        assert_agree("WebGPU against the CPU", &gpu, &cpu);
    }
}

/// gpt-nano on WebGPU, for a few steps.
const NANO: &str =
    "#v=1&device=gpu&train.steps=30&schedule.warmup=5&train.eval_every=1000&train.eval_windows=1&sample.every=0";

#[test]
fn an_ordinary_step_of_gpt_nano_asks_little_of_webgpu() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::SwiftShader, NANO, async |page| {
        // On the first visit the device takes its self-test, which makes pipelines of its own.
        page.click("run-play").await?;
        page.wait("the self-test", 2 * MINUTES, async || Ok(page.number("metric-step").await? > 0.0)).await?;
        page.reload().await?;
        page.click("run-play").await?;
        page.wait("ten steps", 2 * MINUTES, async || Ok(page.number("metric-step").await? > 10.0)).await?;
        page.click("run-pause").await?;
        page.wait_for(&["paused", "finished"], MINUTES).await?;
        let dispatches = page.number("metric-dispatches").await?;
        let [readbacks, pipelines] = [page.number("metric-readbacks").await?, page.number("metric-pipelines").await?];
        println!("{dispatches} dispatches, {readbacks} readbacks, {pipelines} pipelines");
        ensure!(dispatches <= 100.0, "{dispatches} dispatches");
        ensure!(readbacks == 0.0 && pipelines <= 40.0, "{readbacks} readbacks, {pipelines} pipelines");

        // A short step goes to the device at once, a long one in pieces, each as long as the page can wait to be drawn.
        let ordinary = submits(page).await?;
        let short = submits_of(page, &server, &format!("{TINY}&device=gpu")).await?;
        let long = submits_of(page, &server, &NANO.replace("steps=30", "steps=12&train.batch=64")).await?;
        println!("submits and seconds of a step: {ordinary:?}; of a short one: {short:?}; of a long one: {long:?}");
        for (submits, seconds) in [ordinary, short, long] {
            // Three and a read where time does not matter, and one more for each 50 ms; half of that is allowed here.
            ensure!(submits <= 4.0 + seconds / 0.025, "{submits} submits in {seconds} s");
        }
        ensure!(long.0 > short.0, "a long step is in {} pieces, a short one in {}", long.0, short.0);
        let errors = page.console_errors().await?;
        ensure!(errors.is_empty(), "errors in the console: {errors:#?}");
        Ok(())
    });
}

/// Submissions and seconds of one of the last steps of the run that is shown.
async fn submits(page: &Page) -> anyhow::Result<(f64, f64)> {
    Ok((page.number("metric-submits").await?, 1.0 / page.number("metric-steps-per-second").await?))
}

/// The same of the run of a link.
async fn submits_of(page: &Page, server: &Server, link: &str) -> anyhow::Result<(f64, f64)> {
    // Else the browser would take the link for a place on the page that it shows.
    page.driver.goto("about:blank").await?;
    page.visit(&format!("{}{link}", server.url())).await?;
    page.click("run-play").await?;
    page.wait_for(&["finished"], 5 * MINUTES).await?;
    submits(page).await
}

#[test]
fn memory_does_not_grow_over_two_thousand_steps() {
    let link = TINY.replace("train.steps=50", "train.steps=2000").replace("eval_every=50", "eval_every=500");
    for (adapter, device) in [(Adapter::None, "cpu"), (Adapter::SwiftShader, "gpu")] {
        with_browser(adapter, &format!("{link}&device={device}"), async |page| {
            page.click("run-play").await?;
            // Validations have their own buffers, which come with the first of them.
            page.wait("step 600", 5 * MINUTES, async || Ok(page.number("metric-step").await? > 600.0)).await?;
            let early = page.number("metric-device-bytes").await?;
            page.wait_for(&["finished"], 10 * MINUTES).await?;
            let late = page.number("metric-device-bytes").await?;
            println!("{device}: {early} bytes after 600 steps, {late} after 2000");
            ensure!(late <= 1.05 * early, "memory on the {device} grew from {early} to {late}");
            Ok(())
        });
    }
}
