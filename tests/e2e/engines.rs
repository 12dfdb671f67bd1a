//! The two engines: a visitor downloads the one that computes, and a change of engine loses nothing.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Page, Server, dist, with_browser_at};

const TINY: &str = "#v=1&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2&train.steps=20\
                    &train.eval_every=20&train.eval_windows=4&sample.every=0&schedule.warmup=2";

const MINUTE: Duration = Duration::from_secs(60);

async fn train(page: &Page) -> anyhow::Result<()> {
    page.click("run-play").await?;
    page.wait_for(&["finished"], 2 * MINUTE).await?;
    Ok(())
}

fn asked_for(server: &Server, engine: &str) -> bool {
    server.asked().iter().any(|path| path.contains(engine))
}

#[test]
fn on_the_cpu_no_file_of_the_webgpu_engine_is_asked_for() {
    let software = (Adapter::SwiftShader, "", "software");
    let choices =
        [(Adapter::SwiftShader, "&device=cpu", "You chose the CPU."), software, (Adapter::None, "", "no WebGPU")];
    for (adapter, device, reason) in choices {
        let server = Server::start(&[]).expect("the page is served");
        with_browser_at(&server, adapter, &format!("{TINY}{device}"), async |page| {
            train(page).await?;
            let title = page.hook("device-badge").await?.attr("title").await?.unwrap_or_default();
            ensure!(title.contains(reason), "{title}");
            ensure!(asked_for(&server, "engine-relaxed_bg.wasm"));
            ensure!(!asked_for(&server, "engine-cpu") && !asked_for(&server, "engine-webgpu"));
            let started =
                "return performance.getEntriesByType('resource').filter(e => e.name.endsWith('_loader.js')).length";
            let started = page.driver.execute(started, vec![]).await?.json().clone();
            ensure!(started == 1, "one run has {started} engines");
            let errors = page.console_errors().await?;
            ensure!(errors.is_empty(), "{errors:#?}");
            Ok(())
        });
    }
}

/// Makes of a browser one without relaxed SIMD, whose multiply-add is the bytes 253, 133, 2.
const WITHOUT_RELAXED_SIMD: &str = "\
    const validate = WebAssembly.validate; \
    WebAssembly.validate = bytes => !Array.from(bytes).join().includes('253,133,2') && validate(bytes);";

#[test]
fn without_relaxed_simd_the_engine_that_needs_none_learns_the_same() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, &format!("{TINY}&device=cpu"), async |page| {
        train(page).await?;
        let relaxed = page.losses().await?;
        ensure!(asked_for(&server, "engine-relaxed_bg.wasm") && !asked_for(&server, "engine-cpu"));

        page.driver.execute(WITHOUT_RELAXED_SIMD, vec![]).await?;
        for device in ["gpu", "cpu"] {
            page.choose("device-select", device).await?;
            page.click("run-reset").await?;
            page.wait_for(&["idle"], MINUTE).await?;
        }
        train(page).await?;
        ensure!(asked_for(&server, "engine-cpu_bg.wasm"));
        for (plain, relaxed) in page.losses().await?.iter().zip(&relaxed) {
            ensure!(plain.step == relaxed.step && (plain.loss - relaxed.loss).abs() < 1e-4, "{plain:?}, {relaxed:?}");
        }
        Ok(())
    });
}

#[test]
fn a_run_refused_on_another_engine_leaves_the_trained_one() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, &format!("{TINY}&device=cpu&train.steps=1000000"), async |page| {
        page.click("run-play").await?;
        page.wait("ten steps", MINUTE, async || Ok(page.number("metric-step").await? > 10.0)).await?;
        page.click("run-pause").await?;
        page.wait_for(&["paused"], MINUTE).await?;
        let steps = page.number("metric-step").await?;

        page.choose("device-select", "gpu").await?;
        page.choose("corpus-select", "own").await?;
        page.click("run-reset").await?;
        page.wait_for_message(&["empty"], MINUTE).await?;
        ensure!(asked_for(&server, "engine-webgpu_bg.wasm"));
        ensure!(page.state().await? == "paused" && page.number("metric-step").await? == steps, "the run is lost");
        page.click("run-play").await?;
        page.wait("more steps", MINUTE, async || Ok(page.number("metric-step").await? > steps + 10.0)).await?;
        page.click("run-pause").await?;
        page.wait_for(&["paused"], MINUTE).await?;

        page.choose("corpus-select", "first-names").await?;
        page.click("run-reset").await?;
        page.wait_for(&["idle"], MINUTE).await?;
        let title = page.hook("device-badge").await?.attr("title").await?.unwrap_or_default();
        ensure!(title.contains("WebGPU was chosen but could not be opened"), "{title}");
        Ok(())
    });
}

#[test]
fn no_engine_is_constructed_again_at_each_call() {
    let has = |program: &[u8], name: &str| program.windows(name.len()).any(|part| part == name.as_bytes());
    for engine in ["cpu", "relaxed", "webgpu"] {
        let file = dist().expect("a page").join(format!("engine-{engine}_bg.wasm"));
        let program = std::fs::read(&file).expect("a program");
        assert!(has(&program, "tailblazer_core"), "{engine} has no names of functions to go by");
        // The linker's name for an export that runs all constructors, then what was called.
        assert!(!has(&program, ".command_export"), "{engine} runs all constructors at each call of it");
    }
}

#[test]
fn the_page_shows_what_webgpu_was_asked_for() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::SwiftShader, &format!("{TINY}&device=gpu"), async |page| {
        train(page).await?;
        for count in ["metric-dispatches", "metric-submits", "metric-pipelines", "metric-device-bytes"] {
            ensure!(page.number(count).await? > 0.0, "{count}");
        }
        ensure!(page.number("metric-readbacks").await? == 0.0, "a step waits for the device");
        Ok(())
    });
}

#[test]
fn on_the_cpu_only_memory_is_counted() {
    let server = Server::start(&[]).expect("the page is served");
    with_browser_at(&server, Adapter::None, &format!("{TINY}&device=cpu"), async |page| {
        train(page).await?;
        for count in ["metric-dispatches", "metric-submits", "metric-readbacks", "metric-pipelines"] {
            ensure!(page.number(count).await? == 0.0, "{count}");
        }
        ensure!(page.number("metric-device-bytes").await? > 1e6);
        Ok(())
    });
}

#[test]
fn a_screen_is_loaded_when_it_is_opened_and_again_where_that_failed() {
    let server = Server::start(&["_split_decode.wasm"]).expect("the page is served");
    with_browser_at(&server, Adapter::None, &format!("{TINY}&device=cpu"), async |page| {
        // What the page itself has asked for: the service worker keeps all parts for visits without a network.
        let loaded = async |part: &str| {
            let script =
                format!("return performance.getEntriesByType('resource').some(e => e.name.endsWith('{part}'))");
            anyhow::Ok(page.driver.execute(&script, vec![]).await?.json() == true)
        };
        ensure!(loaded("_split_train.wasm").await? && loaded("_split_transport.wasm").await?);
        ensure!(!loaded("_split_decode.wasm").await? && !loaded("_split_pages.wasm").await?);
        page.click("tab-decode").await?;
        ensure!(page.text("part-missing").await?.contains("did not load"));
        server.mend();
        page.click("part-again").await?;
        page.hook("decode-untrained").await?;
        ensure!(!loaded("_split_pages.wasm").await?);
        Ok(())
    });
}

#[test]
fn without_the_code_for_messages_the_page_says_so_and_trains_once_it_is_there() {
    let server = Server::start(&["_split_transport.wasm"]).expect("the page is served");
    with_browser_at(&server, Adapter::None, &format!("{TINY}&device=cpu"), async |page| {
        page.wait_for_message(&["not loaded completely"], MINUTE).await?;
        server.mend();
        train(page).await
    });
}
