//! Bad input: one clear sentence that names the field, and nothing already trained is lost.

use std::{fs::File, io::Write as _, path::Path, time::Duration};

use anyhow::ensure;
use tailblazer_tests::{Adapter, Page, Server, with_browser, with_browser_at};
use thirtyfour::By;

const TINY: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=1000000\
                    &sample.every=0&schedule.warmup=2&device=cpu";

const MINUTE: Duration = Duration::from_secs(60);

/// A sentence ends with a full stop and is not a dump.
fn is_sentence(message: &str) -> bool {
    message.contains('.') && !message.contains("Error(") && !message.contains("panicked") && message.len() < 400
}

/// Trains a little, pauses, and returns the steps done.
async fn train_a_little(page: &Page) -> anyhow::Result<f64> {
    page.click("run-play").await?;
    page.wait("ten steps", MINUTE, async || Ok(page.number("metric-step").await? > 10.0)).await?;
    page.click("run-pause").await?;
    page.wait_for(&["paused"], MINUTE).await?;
    page.number("metric-step").await
}

#[test]
fn refused_settings_are_named_and_the_trained_run_stays() {
    with_browser(Adapter::None, TINY, async |page| {
        let steps = train_a_little(page).await?;
        for (field, value, good, words) in [
            ("model.heads", "3", "2", &["Heads", "16"][..]),
            ("schedule.peak", "0", "0.001", &["learning rate"]),
            ("schedule.peak", "-0.1", "0.001", &["learning rate"]),
            ("schedule.peak", "1e9", "0.001", &["learning rate"]),
            ("train.batch", "0", "2", &["Batch"]),
        ] {
            page.edit(field, value).await?;
            page.click("run-reset").await?;
            let message = page.wait_for_message(words, MINUTE).await?;
            ensure!(is_sentence(&message), "{field}={value}: {message}");
            ensure!(page.number("metric-step").await? == steps, "{field}={value} lost the run");
            page.edit(field, good).await?;
        }
        page.click("run-play").await?;
        page.wait("more steps", MINUTE, async || Ok(page.number("metric-step").await? > steps)).await
    });
}

#[test]
fn a_bpe_vocabulary_over_the_limit_is_refused() {
    with_browser(Adapter::None, &format!("{TINY}&text.tokeniser=bpe&text.vocabulary=5000"), async |page| {
        page.click("run-play").await?;
        let message = page.wait_for_message(&["Vocabulary", "4096"], MINUTE).await?;
        ensure!(is_sentence(&message), "{message}");
        Ok(())
    });
}

#[test]
fn a_context_that_does_not_fit_the_device_is_refused() {
    with_browser(Adapter::None, &format!("{TINY}&model.context=4096&train.batch=512"), async |page| {
        page.click("run-play").await?;
        let message = page
            .wait_for_message(&["MB", "lower the batch to ", "the context to ", " or the width to "], MINUTE)
            .await?;
        ensure!(is_sentence(&message), "{message}");
        Ok(())
    });
}

#[test]
fn empty_and_short_texts_are_refused_and_a_good_one_trains() {
    with_browser(Adapter::None, &format!("{TINY}&text.corpus=own&sample.prompt=a"), async |page| {
        page.click("run-play").await?;
        let message = page.wait_for_message(&["text"], MINUTE).await?;
        ensure!(is_sentence(&message) && message.contains("empty"), "{message}");

        page.edit("corpus-text", "Call me Ishmael.").await?;
        page.click("run-play").await?;
        let message = page.wait_for_message(&["short"], MINUTE).await?;
        ensure!(is_sentence(&message), "{message}");

        page.edit("corpus-text", &"Call me Ishmael. Some years ago, never mind how long. ".repeat(40)).await?;
        train_a_little(page).await?;
        ensure!(!page.driver.current_url().await?.as_str().contains("Ishmael"), "the visitor's text is in the link");
        Ok(())
    });
}

#[test]
fn files_that_are_no_text_or_too_large_are_refused_before_they_are_used() {
    with_browser(Adapter::None, &format!("{TINY}&text.corpus=own"), async |page| {
        let folder = std::env::temp_dir();
        let latin1 = folder.join("tailblazer-latin1.txt");
        File::create(&latin1)?.write_all(b"caf\xe9 au lait, and more of it, and more of it, and more of it")?;
        pick(page, &latin1).await?;
        let message = page.wait_for_message(&["UTF-8"], MINUTE).await?;
        ensure!(is_sentence(&message), "{message}");

        let large = folder.join("tailblazer-200mb.txt");
        File::create(&large)?.set_len(200_000_000)?;
        pick(page, &large).await?;
        let message = page.wait_for_message(&["20", "MB"], MINUTE).await?;
        ensure!(is_sentence(&message), "{message}");
        std::fs::remove_file(&large)?;
        std::fs::remove_file(&latin1)?;
        Ok(())
    });
}

async fn pick(page: &Page, path: &Path) -> anyhow::Result<()> {
    Ok(page.hook("corpus-file").await?.send_keys(path.to_string_lossy().into_owned()).await?)
}

#[test]
fn a_missing_corpus_is_named_and_another_one_trains() {
    let server = Server::start(&["moby-dick.txt"]).expect("the page is served");
    with_browser_at(&server, Adapter::None, TINY, async |page| {
        page.click("run-play").await?;
        let message = page.wait_for_message(&["moby-dick.txt", "404"], MINUTE).await?;
        ensure!(is_sentence(&message), "{message}");
        page.choose("corpus-select", "first-names").await?;
        train_a_little(page).await?;
        Ok(())
    });
}

#[test]
fn a_run_that_diverges_stops_with_its_step_and_last_finite_loss() {
    let link = format!(
        "{TINY}&schedule.peak=1&schedule.warmup=0&optimiser.clip=0&optimiser.beta1=0&optimiser.beta2=0\
                        &optimiser.weight_decay=10&optimiser.epsilon=1e-30"
    );
    with_browser(Adapter::None, &link, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["failed"], 2 * MINUTE).await?;
        let message = page
            .wait_for_message(
                &["diverged at step", "last finite loss", "gradient norm", "an update that", "Lower the peak"],
                MINUTE,
            )
            .await?;
        ensure!(is_sentence(&message), "{message}");

        // What may help is one click away, as an arm beside it; the run that diverged stays.
        page.click("remedy-clip").await?;
        page.click("remedy-peak").await?;
        for (arm, value) in [("arm-B", "1"), ("arm-C", "0.33")] {
            let text = page.text(arm).await?;
            ensure!(text.contains(value), "{arm}: {text}");
        }
        Ok(())
    });
}

#[test]
fn a_link_with_unknown_parts_opens_and_says_what_it_left_out() {
    with_browser(Adapter::None, "?preset=nothing#v=1&model.colour=red&model.layers=2", async |page| {
        page.wait_for_message(&["model.colour"], MINUTE).await?;
        ensure!(page.state().await? == "idle");
        Ok(())
    });
}

#[test]
fn a_second_text_is_learned_and_the_first_one_forgotten() {
    let link = "#v=1&device=cpu&text.corpus=first-names&text.then=moby-dick&model.layers=1&model.heads=2&model.width=32\
                &model.context=32&train.steps=400&train.eval_every=100&train.eval_windows=16&sample.every=0\
                &schedule.warmup=10&schedule.peak=0.01";
    with_browser(Adapter::None, link, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 4 * MINUTE).await?;
        ensure!(page.text("then-digest").await? != page.text("corpus-digest").await?);
        // Both losses are of the whole model at its end, in nats per character.
        let (learned, forgotten) = (page.number("metric-val-loss").await?, page.number("metric-other-loss").await?);
        ensure!(learned < 3.0 && forgotten > learned, "{learned} on the second text, {forgotten} on the first");
        let summary = page.hook("chart-loss").await?.find(By::Css("[role='img']")).await?.attr("aria-label").await?;
        ensure!(summary.is_some_and(|words| words.contains("Moby-Dick")), "the chart names the text");
        Ok(())
    });
}
