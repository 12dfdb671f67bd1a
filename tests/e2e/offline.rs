//! After the first visit the page needs no network, and a newer version takes over when the visitor lets it.

use std::time::Duration;

use anyhow::ensure;
use tailblazer_tests::{Adapter, Server, with_browser_at};

const MINUTE: Duration = Duration::from_secs(60);

#[test]
fn a_second_visit_trains_without_a_network() {
    let server = Server::start(&[]).expect("the page is served");
    let link = "#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                &train.steps=20&schedule.warmup=2&sample.every=0";
    with_browser_at(&server, Adapter::None, link, async |page| {
        let script = "return document.documentElement.dataset.offline === 'ready'";
        let is_kept = async || Ok(page.driver.execute(script, vec![]).await?.json() == true);
        page.wait("everything to be kept", MINUTE, is_kept).await?;
        server.cut();
        page.reload().await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        // Another screen, whose code and recordings are kept too.
        page.click("screen-lab").await?;
        let recorded = async || Ok(page.text("lab-muon").await?.contains("Recorded: "));
        page.wait("a recording", MINUTE, recorded).await?;
        page.driver.goto(&format!("{}embed/?preset=wsd", server.url())).await?;
        let title = async || Ok(page.driver.title().await?.contains("WSD"));
        page.wait("the poster", MINUTE, title).await?;
        Ok(())
    });
}

#[test]
fn a_newer_version_waits_until_it_is_asked_for() {
    let server = Server::start(&[]).expect("the page is served");
    let link = "#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                &train.steps=20&schedule.warmup=2&sample.every=0";
    with_browser_at(&server, Adapter::None, link, async |page| {
        let holds = async |script: &str| Ok(page.driver.execute(script, vec![]).await?.json() == true);
        let is_kept = "return document.documentElement.dataset.offline === 'ready' \
                       && navigator.serviceWorker.controller !== null";
        page.wait("everything to be kept", MINUTE, async || holds(is_kept).await).await?;
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        ensure!(!page.message().await?.contains("newer version"), "nothing newer is here");

        server.renew();
        let look = "window.isOld = true; navigator.serviceWorker.getRegistration().then(known => known.update())";
        page.driver.execute(look, vec![]).await?;
        page.wait_for_message(&["newer version", "results", "stay under Runs"], MINUTE).await?;
        ensure!(page.state().await? == "finished", "the page goes on");
        // Another attempt leaves the offer.
        page.click("run-reset").await?;
        page.wait_for_message(&["newer version"], MINUTE).await?;

        page.click("message-offer").await?;
        let is_new = "return window.isOld === undefined && document.readyState === 'complete' \
                      && navigator.serviceWorker.controller !== null";
        page.wait("the newer version", MINUTE, async || holds(is_new).await).await?;
        page.wait_for(&["idle"], MINUTE).await?;
        let caches = "window.names = null; caches.keys().then(names => { window.names = names })";
        page.driver.execute(caches, vec![]).await?;
        let is_alone = "return window.names?.length === 1 && window.names[0].startsWith('tailblazer-next-')";
        page.wait("the files of the newer version", MINUTE, async || holds(is_alone).await).await?;
        ensure!(!page.message().await?.contains("newer version"), "nothing newer is here");
        Ok(())
    });
}
