//! Block diffusion in the tab: a model is trained on masks, decoders fill its blocks side by side, and are measured.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use tailblazer_tests::{Adapter, Page, with_browser};

const MINUTE: Duration = Duration::from_secs(60);

/// A small model that knows the sums of two digits after some seconds.
const TINY: &str = "?preset=gpt-nano#v=1&device=cpu&text.corpus=addition&text.task_size=1&objective.method=async-noise\
                    &objective.block=4&model.layers=2&model.heads=2&model.width=32&train.steps=60&train.batch=8\
                    &train.eval_every=20&sample.every=20&schedule.warmup=5&layerwise.watch=0";

async fn train(page: &Page) -> anyhow::Result<()> {
    page.click("run-play").await?;
    page.wait_for(&["finished"], 2 * MINUTE).await?;
    Ok(())
}

async fn attributes(page: &Page, selector: &str, name: &str) -> anyhow::Result<Vec<String>> {
    let script = format!("return [...document.querySelectorAll(\"{selector}\")].map(e => e.getAttribute('{name}'))");
    let list = page.driver.execute(&script, vec![]).await?.json().clone();
    serde_json::from_value(list).context("a list of strings")
}

async fn states(page: &Page, decoder: usize) -> anyhow::Result<Vec<String>> {
    attributes(page, &format!("[data-testid='token-grid-{decoder}'] [data-pos]"), "data-state").await
}

#[test]
fn decoders_fill_blocks_side_by_side_and_are_scrubbed_and_measured() {
    with_browser(Adapter::None, TINY, async |page| {
        page.click("tab-decode").await?;
        page.hook("decode-untrained").await?;
        page.click("screen-train").await?;
        train(page).await?;
        page.click("tab-decode").await?;
        page.click("decode-run").await?;
        let is_full = async || {
            let all = states(page, 2).await?;
            Ok(!all.is_empty() && all.iter().all(|state| !["masked", "waiting"].contains(&state.as_str())))
        };
        page.wait("a text without masks", 2 * MINUTE, is_full).await?;
        // Every committed token says the forward of its commit.
        let steps = attributes(page, "[data-testid='token-grid-2'] [data-pos]", "data-step").await?;
        ensure!(steps.iter().any(|step| step.parse::<usize>().is_ok_and(|step| step > 0)), "{steps:?}");
        ensure!(page.text("meter-forwards-1").await?.contains("forwards"), "the forwards are counted");
        ensure!(page.text("meter-tokens-per-forward-1").await?.contains("tokens"), "and the tokens per forward");

        // The scrubber goes back to the first forward with a key.
        let scrubber = page.hook("trace-scrubber").await?;
        scrubber.send_keys("\u{e011}").await?;
        let is_masked = async || Ok(states(page, 2).await?.iter().any(|state| state == "masked" || state == "waiting"));
        page.wait("masks at the beginning", MINUTE, is_masked).await?;

        page.click("decode-measure").await?;
        let is_measured = async || Ok(!page.text("chart-tpf-quality").await?.is_empty());
        page.wait("a chart of speed and quality", 2 * MINUTE, is_measured).await?;
        Ok(())
    });
}

#[test]
fn a_prompt_that_cannot_be_read_is_refused_by_name_and_the_next_one_decodes() {
    with_browser(Adapter::None, TINY, async |page| {
        train(page).await?;
        page.click("tab-decode").await?;
        let prompt = page.hook("decode-prompt").await?;
        prompt.clear().await?;
        prompt.send_keys("1+x=").await?;
        page.click("decode-run").await?;
        let is_refused = async || Ok(page.text("decoder-1").await?.contains("'x'"));
        page.wait("the sentence about x", MINUTE, is_refused).await?;
        prompt.clear().await?;
        prompt.send_keys("1+1=").await?;
        let is_decoded = async || Ok(!states(page, 1).await?.is_empty());
        page.wait("a decoded text", MINUTE, is_decoded).await?;
        Ok(())
    });
}

#[test]
fn a_small_frame_trains_first_and_then_decodes_by_itself() {
    let link = TINY.replace("gpt-nano", "gpt-nano&ui=decode,compact");
    with_browser(Adapter::None, &link, async |page| {
        let is_shown = async |hook: &str| page.hook(hook).await?.is_displayed().await.map_err(anyhow::Error::from);
        page.hook("decode-untrained").await?;
        ensure!(is_shown("run-play").await? && !is_shown("settings-open").await?, "a run bar, and no settings");
        train(page).await?;
        let is_written = async || Ok(states(page, 2).await?.iter().any(|state| state == "committed"));
        page.wait("tokens without a click", 2 * MINUTE, is_written).await?;
        ensure!(!is_shown("run-play").await?, "the run bar has made room");
        ensure!(!is_shown("trace-scrubber").await? && is_shown("decode-scrubber").await?, "one small scrubber");
        page.edit("decode-scrubber", "0").await?;
        let is_back = async || Ok(states(page, 2).await?.iter().all(|state| state != "committed"));
        page.wait("the moment before the first forward", MINUTE, is_back).await
    });
}
