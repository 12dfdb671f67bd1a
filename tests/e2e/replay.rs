//! Recordings of guided experiments: they play without WebGPU and without an engine.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Server, with_browser_at};

const MINUTE: Duration = Duration::from_secs(60);

/// What loads the engines.
const ENGINES: &[&str] = &["engine-cpu_loader.js", "engine-relaxed_loader.js", "engine-webgpu_loader.js"];

#[test]
fn a_recording_plays_without_webgpu_and_without_an_engine() {
    let server = Server::start(ENGINES).expect("the page is served");
    with_browser_at(&server, Adapter::None, "?preset=blocks", async |page| {
        page.wait("the recording", MINUTE, async || Ok(page.hook("replay").await.is_ok())).await?;
        let source = page.text("replay-source").await?;
        ensure!(source.contains("Recorded 20") && source.contains("build"), "{source}");
        let steps = page.number("metric-step").await?;
        ensure!(steps >= 100.0, "its end is shown first: {steps}");
        page.edit("replay-scrubber", "20").await?;
        page.wait("the moment", MINUTE, async || Ok(page.number("metric-step").await? == 20.0)).await?;
        page.click("replay-play").await?;
        page.wait("later steps", MINUTE, async || Ok(page.number("metric-step").await? > 40.0)).await?;
        page.click("replay-play").await?;
        ensure!(page.losses().await?.len() > 40, "its losses are in the table");
        ensure!(page.state().await? == "idle", "nothing trains");
        // What is kept for visits without a network is not loaded by the page.
        let script = "return performance.getEntriesByType('resource').map((entry) => entry.name).filter((name) => name.includes('engine'))";
        let engines = page.driver.execute(script, vec![]).await?.json().clone();
        ensure!(engines.as_array().is_some_and(Vec::is_empty), "{engines}");
        Ok(())
    });
}

#[test]
fn a_recording_gives_way_to_a_change_and_to_a_run() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, "?preset=null", async |page| {
        page.wait("the recording", MINUTE, async || Ok(page.hook("replay").await.is_ok())).await?;
        page.click("run-play").await?;
        page.wait_for(&["running"], MINUTE).await?;
        ensure!(page.hook("replay").await.is_err(), "the run takes its place");
        page.click("run-pause").await?;
        Ok(())
    });
    with_browser_at(&server, Adapter::None, "?preset=draft-verify&ui=decode", async |page| {
        page.wait("recorded traces", MINUTE, async || Ok(page.hook("token-grid-1").await.is_ok())).await?;
        ensure!(page.text("meter-forwards-1").await?.chars().any(|c| c.is_ascii_digit()));
        Ok(())
    });
}
