//! The main job: open the page, press play, and a model learns.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Page, StepLoss, with_browser};

/// A shape that a software adapter trains in seconds per step.
const TINY: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=20\
                    &train.eval_every=20&train.eval_windows=4&sample.every=0&schedule.warmup=2&schedule.peak=0.01";

const MINUTES: Duration = Duration::from_secs(60);

async fn run_to_the_end(page: &Page) -> anyhow::Result<(Vec<StepLoss>, String)> {
    page.click("run-play").await?;
    page.wait_for(&["finished"], 8 * MINUTES).await?;
    Ok((page.losses().await?, page.text("batch-digest").await?))
}

#[test]
fn without_webgpu_gpt_nano_learns_moby_dick_on_the_cpu() {
    with_browser(Adapter::None, "", async |page| {
        ensure!(page.state().await? == "idle");
        page.click("run-play").await?;
        page.wait_for(&["running"], MINUTES).await?;
        page.wait("a loss below 3.0", 4 * MINUTES, async || {
            Ok(page.number("metric-loss").await.is_ok_and(|loss| loss < 3.0))
        })
        .await?;
        page.wait("a validation loss", MINUTES, async || Ok(page.number("metric-val-loss").await.is_ok())).await?;
        page.wait("a sample", MINUTES, async || Ok(!page.text("sample-text").await?.is_empty())).await?;
        ensure!(page.text("device-badge").await?.contains("CPU"));
        ensure!(page.number("metric-tokens-per-second").await? > 0.0);
        page.click("run-pause").await?;
        page.wait_for(&["paused"], MINUTES).await?;

        let losses = page.losses().await?;
        let first = losses.first().expect("a loss").loss;
        // The loss of an untrained model is the logarithm of its vocabulary.
        let vocabulary = page.number("fact-vocabulary").await?;
        ensure!((first - vocabulary.ln()).abs() < 0.05, "{first} against ln {vocabulary}");
        Ok(())
    });
}

#[test]
fn webgpu_and_the_cpu_agree_step_by_step() {
    with_browser(Adapter::SwiftShader, &format!("{TINY}&device=gpu"), async |page| {
        let (gpu, gpu_batches) = run_to_the_end(page).await?;
        ensure!(page.text("device-badge").await?.contains("WebGPU"), "{}", page.text("device-badge").await?);

        page.choose("device-select", "cpu").await?;
        page.click("run-reset").await?;
        page.wait_for(&["idle"], MINUTES).await?;
        let (cpu, cpu_batches) = run_to_the_end(page).await?;
        ensure!(page.text("device-badge").await?.contains("CPU"));

        ensure!(gpu_batches == cpu_batches, "the batches differ: {gpu_batches} and {cpu_batches}");
        ensure!(gpu.len() == 20 && cpu.len() == 20, "{} and {} steps", gpu.len(), cpu.len());
        for (gpu, cpu) in gpu.iter().zip(&cpu) {
            ensure!((gpu.loss - cpu.loss).abs() <= 1e-3 * cpu.loss, "step {}: {} and {}", cpu.step, gpu.loss, cpu.loss);
        }
        println!(
            "largest relative difference: {:e}",
            gpu.iter().zip(&cpu).map(|(g, c)| ((g.loss - c.loss) / c.loss).abs()).fold(0.0, f64::max)
        );
        Ok(())
    });
}

#[test]
fn a_link_gives_the_same_losses_twice() {
    with_browser(Adapter::None, TINY, async |page| {
        let first = run_to_the_end(page).await?;
        page.reload().await?;
        ensure!(first == run_to_the_end(page).await?, "the losses differ");
        Ok(())
    });
}

#[test]
fn a_software_adapter_is_not_chosen_by_itself() {
    with_browser(Adapter::SwiftShader, TINY, async |page| {
        run_to_the_end(page).await?;
        ensure!(page.text("device-badge").await?.contains("CPU"));
        Ok(())
    });
}

#[test]
fn pause_step_and_reset_do_what_they_say() {
    with_browser(Adapter::None, &format!("{TINY}&train.steps=1000000&schedule.shape=constant"), async |page| {
        page.click("run-step").await?;
        page.wait_for(&["paused"], MINUTES).await?;
        ensure!(page.number("metric-step").await? == 1.0);
        page.click("run-step").await?;
        page.wait("step 2", MINUTES, async || Ok(page.number("metric-step").await? == 2.0)).await?;

        page.click("run-play").await?;
        page.wait("step 20", MINUTES, async || Ok(page.number("metric-step").await? > 20.0)).await?;
        page.click("run-pause").await?;
        page.wait_for(&["paused"], MINUTES).await?;
        let stopped = page.number("metric-step").await?;
        tokio::time::sleep(Duration::from_secs(1)).await;
        ensure!(page.number("metric-step").await? == stopped, "it trained on while paused");

        page.click("run-reset").await?;
        page.wait_for(&["idle"], MINUTES).await?;
        ensure!(page.number("metric-step").await? == 0.0);
        Ok(())
    });
}
