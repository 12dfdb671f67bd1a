//! After the first visit the page needs no network.

use std::time::Duration;

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
        page.driver.refresh().await?;
        page.wait_for(&["idle"], MINUTE).await?;
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
