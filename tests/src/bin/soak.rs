//! A long run in the browser, with spectra, samples and saves: whether its memory stays flat and its pace stays the same.
//!
//! `soak [STEPS] [LINK]` prints a table. It is a measurement and no test: its figures are those of an otherwise idle machine.
//! Machines become slower and faster by themselves, so a loop of always the same work is timed beside the run. It says
//! that the machine changed, not by how much the run did: the two need not slow down alike.

use std::{
    env,
    time::{Duration, Instant},
};

use anyhow::Context as _;
use tailblazer_tests::{Adapter, Browser, Page, Server};
use tokio::time::sleep;

/// Steps of the run, unless the command says otherwise.
const STEPS: usize = 20_000;

/// The first visit's model on the CPU, with everything on that takes memory from time to time.
const LINK: &str = "#v=1&device=cpu&layerwise.method=llr&layerwise.every=100&sample.every=100&train.eval_every=200";

/// Rows of the table.
const PARTS: usize = 10;

/// Milliseconds of a loop that has nothing to do with the run.
const LOOP: &str = "const start = performance.now(); let x = 1; for (let i = 0; i < 2e7; i++) x = x * 1.0000001 + 1e-9; \
                    return x > 0 ? performance.now() - start : 0";

/// Looks at the step between two of those loops.
const LOOKS: u32 = 10;

/// Where the run is, and what it holds then.
struct Mark {
    step: usize,
    at: Instant,
    /// Mean milliseconds of the loop since the mark before.
    reference: f64,
    /// What the engine counts: its memory on the CPU, its live buffers on a GPU.
    device: u64,
    /// Of the page's own objects, after whatever the browser has collected by then.
    heap: u64,
    /// Of the browser's processes that run pages and workers.
    resident: u64,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = env::args().skip(1);
    let steps = arguments.next().map_or(Ok(STEPS), |text| text.parse()).context("STEPS is a number")?;
    let link = arguments.next().unwrap_or_else(|| LINK.into());
    let adapter = if link.contains("device=gpu") { Adapter::SwiftShader } else { Adapter::None };
    let server = Server::start(&[])?;
    let browser = Browser::launch(adapter, &["--js-flags=--expose-gc"]).await?;
    let url = format!("{}{link}&train.steps={steps}", server.url());
    let page = Page::open(browser.driver(), &url).await?;
    page.click("run-play").await?;
    page.wait_for(&["running"], Duration::from_secs(60)).await?;
    println!("`{link}&train.steps={steps}`\n");
    println!("| steps | steps/s | loop, ms | device, MB | page heap, MB | processes, MB |\n|---|---|---|---|---|---|");
    let mut marks = Vec::new();
    for part in 0..=PARTS {
        let wanted = (steps * part / PARTS).max(1);
        let (mut loops, mut looks) = (vec![reference(&page).await?], 0);
        while page.number("metric-step").await.unwrap_or(0.0) < wanted as f64 {
            // The last step is followed by the state and not by another figure.
            if page.state().await? == "failed" {
                anyhow::bail!("the run failed: {}", page.message().await?);
            }
            sleep(Duration::from_millis(200)).await;
            looks += 1;
            if looks % LOOKS == 0 {
                loops.push(reference(&page).await?);
            }
        }
        let mark = mark(&page, &browser, loops.iter().sum::<f64>() / loops.len() as f64).await?;
        if let Some(before) = marks.last() {
            print(before, &mark);
        }
        marks.push(mark);
    }
    // The first part warms up: caches fill, and the browser compiles what it runs often.
    let pace = |part: usize| rate(&marks[part], &marks[part + 1]);
    let change = 100.0 * (pace(PARTS - 1) / pace(1) - 1.0);
    let machine = 100.0 * (marks[2].reference / marks[PARTS].reference - 1.0);
    let growth = |of: fn(&Mark) -> u64| megabytes(of(&marks[PARTS])) - megabytes(of(&marks[1]));
    println!(
        "\nFrom the second part to the last: pace of the run {change:+.1} %, of the loop {machine:+.1} %; memory on the device \
         {:+.1} MB, page heap {:+.1} MB, processes {:+.1} MB.",
        growth(|mark| mark.device),
        growth(|mark| mark.heap),
        growth(|mark| mark.resident)
    );
    browser.quit().await;
    Ok(())
}

async fn reference(page: &Page) -> anyhow::Result<f64> {
    page.driver.execute(LOOP, vec![]).await?.json().as_f64().context("a time")
}

async fn mark(page: &Page, browser: &Browser, reference: f64) -> anyhow::Result<Mark> {
    let at = Instant::now();
    let step = page.number("metric-step").await? as usize;
    let device = page.number("metric-device-bytes").await.unwrap_or_default() as u64;
    let script = "globalThis.gc?.(); return performance.memory?.usedJSHeapSize ?? 0";
    let heap = page.driver.execute(script, vec![]).await?.json().as_u64().unwrap_or_default();
    Ok(Mark { step, at, reference, device, heap, resident: browser.resident_bytes() })
}

fn rate(before: &Mark, after: &Mark) -> f64 {
    (after.step - before.step) as f64 / (after.at - before.at).as_secs_f64()
}

fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1e6
}

fn print(before: &Mark, after: &Mark) {
    println!(
        "| {} to {} | {:.1} | {:.1} | {:.1} | {:.1} | {:.0} |",
        before.step,
        after.step,
        rate(before, after),
        after.reference,
        megabytes(after.device),
        megabytes(after.heap),
        megabytes(after.resident)
    );
}
