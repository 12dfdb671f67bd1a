//! Arms side by side: trained at once, over seeds, steered together and alone, and carried by the link.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Page, with_browser};

/// A shape that the CPU trains in a moment, in two arms.
const TWO_ARMS: &str = "#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                        &train.steps=40&train.eval_every=20&train.eval_windows=4&sample.every=0&schedule.warmup=2\
                        &schedule.peak=0.01&b.layerwise.method=llr&b.layerwise.every=10&b.layerwise.ramp=5";

const MINUTE: Duration = Duration::from_secs(60);

async fn arm_state(page: &Page, arm: &str) -> anyhow::Result<String> {
    Ok(page.hook(&format!("arm-{arm}")).await?.attr("data-state").await?.unwrap_or_default())
}

#[test]
fn two_arms_train_at_once_over_their_seeds_and_come_to_a_verdict() {
    with_browser(Adapter::None, &format!("{TWO_ARMS}&seeds=3"), async |page| {
        ensure!(page.text("verdict").await?.contains("Which arm do you expect to win"));
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        for arm in ["A", "B"] {
            ensure!(arm_state(page, arm).await? == "finished");
            ensure!(page.text(&format!("arm-{arm}")).await?.contains("seed 3 of 3"));
        }
        let [a, b] = [page.number("arm-A-val-loss").await?, page.number("arm-B-val-loss").await?];
        ensure!(a != b && (a - b).abs() < 1.0, "{a} and {b}");
        page.wait("a verdict", MINUTE, async || Ok(page.text("verdict").await?.contains("over 3 seeds"))).await?;
        let word = page.hook("verdict").await?.attr("data-word").await?.unwrap_or_default();
        ensure!(["A better", "B better", "not distinguishable"].contains(&word.as_str()), "{word}");
        for chart in ["chart-loss", "chart-lr", "chart-alpha", "chart-esd"] {
            page.hook(chart).await?;
        }
        Ok(())
    });
}

#[test]
fn one_arm_is_steered_alone_and_removed_while_the_other_keeps_its_run() {
    with_browser(Adapter::None, TWO_ARMS, async |page| {
        page.click("arm-B-steer").await?;
        page.wait("arm B at its end", MINUTE, async || Ok(arm_state(page, "B").await? == "finished")).await?;
        ensure!(arm_state(page, "A").await? == "idle");
        // What waits trains; what is finished keeps its run.
        let b = page.number("arm-B-val-loss").await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], MINUTE).await?;
        ensure!(page.number("arm-B-val-loss").await? == b && page.number("arm-A-val-loss").await? != b);
        page.click("arm-A-remove").await?;
        page.wait("one arm", MINUTE, async || Ok(page.number("metric-val-loss").await.is_ok_and(|loss| loss == b)))
            .await
    });
}

#[test]
fn an_arm_that_diverges_says_at_which_step_and_the_other_goes_on() {
    // Weights that change their sign and grow ninefold with every step.
    let diverging = format!(
        "{}&b.schedule.peak=1&b.schedule.warmup=0&b.optimiser.weight_decay=10\
         &b.optimiser.clip=0&b.optimiser.beta1=0&b.optimiser.beta2=0&b.optimiser.epsilon=1e-30",
        TWO_ARMS.replace("steps=40", "steps=200")
    );
    with_browser(Adapter::None, &diverging, async |page| {
        page.click("run-play").await?;
        page.wait("arm A at its end", 2 * MINUTE, async || Ok(arm_state(page, "A").await? == "finished")).await?;
        page.wait("arm B broken off", MINUTE, async || Ok(arm_state(page, "B").await? == "failed")).await?;
        let message = page.wait_for_message(&["diverged at step", "Lower the peak learning rate"], MINUTE).await?;
        ensure!(message.contains('B'), "the sentence names its arm: {message}");
        ensure!(page.number("arm-A-val-loss").await?.is_finite());
        Ok(())
    });
}

#[test]
fn an_arm_is_added_and_differs_in_the_address() {
    with_browser(Adapter::None, "#v=1&device=cpu", async |page| {
        page.click("arm-add").await?;
        page.choose("layerwise-select", "ends").await?;
        page.wait("the arm in the address", MINUTE, async || {
            Ok(page.driver.current_url().await?.as_str().ends_with("#v=1&device=cpu&b.layerwise.method=ends"))
        })
        .await?;
        page.click("scope-Base").await?;
        ensure!(page.hook("layerwise-select").await?.prop("value").await?.as_deref() == Some("uniform"));
        Ok(())
    });
}

#[test]
fn a_ninth_arm_and_faults_of_an_arm_are_named() {
    with_browser(Adapter::None, "#v=1&i.train.steps=5&b.layerwise.method=llr&b.layerwise.s1=9", async |page| {
        page.wait_for_message(&["i.train.steps", "a to h"], MINUTE).await?;
        page.click("run-play").await?;
        page.wait_for_message(&["Arm B", "Smallest multiplier", "choose"], MINUTE).await?;
        ensure!(page.state().await? == "idle");
        Ok(())
    });
}
