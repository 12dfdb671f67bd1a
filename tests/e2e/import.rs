//! Files that come back: an archive and weights that the page saved, and files that are none.

use std::{io::Cursor, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use tailblazer_tests::{Adapter, Page, Server, with_browser_at};
use zip::ZipArchive;

const MINUTE: Duration = Duration::from_secs(60);

/// Two arms that end at once.
const TINY: &str = "#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                    &train.steps=20&train.eval_every=10&schedule.warmup=2&sample.every=10&layerwise.watch=10\
                    &b.schedule.peak=0.001";

/// Drops a file on the page.
async fn drop_file(page: &Page, path: &Path) -> anyhow::Result<()> {
    let input = page.hook("import-file").await?;
    input.send_keys(path.to_string_lossy()).await?;
    Ok(())
}

#[test]
fn what_the_page_saved_comes_back_by_drop() {
    let server = Server::start(&[]).expect("the page is served");
    let folder = std::env::temp_dir().join(format!("tailblazer-import-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let place = folder.clone();
    with_browser_at(&server, Adapter::None, TINY, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        let losses = page.losses().await?;
        page.keep_files().await?;
        page.click("share-open").await?;
        page.click("export-zip").await?;
        let zip = place.join("runs.zip");
        let bytes = page.kept_file().await?;
        std::fs::write(&zip, &bytes)?;
        let mut archive = ZipArchive::new(Cursor::new(&bytes))?;
        for name in ["runs/A-0.tbr", "runs/B-0.tbr", "runs/A-0.state", "runs/B-0.state"] {
            ensure!(archive.index_for_name(name).is_some(), "{name} is not in the archive");
        }
        let weights = place.join("weights.safetensors");
        std::io::copy(&mut archive.by_name("weights/A.safetensors")?, &mut std::fs::File::create(&weights)?)?;

        // A page that knows nothing of them.
        let forget = "const done = arguments[arguments.length - 1]; sessionStorage.clear(); \
                      const asked = indexedDB.deleteDatabase('tailblazer'); asked.onsuccess = asked.onblocked = () => done();";
        page.driver.execute_async(forget, vec![]).await?;
        page.driver.goto("about:blank").await?;
        page.driver.goto(format!("{}?ui=runs", server.url())).await?;
        page.wait("an empty library", MINUTE, async || Ok(page.hook("runs-empty").await.is_ok())).await?;
        drop_file(page, &zip).await?;
        page.wait("the runs", MINUTE, async || Ok(page.number("metric-step").await.is_ok_and(|step| step == 20.0)))
            .await?;
        page.wait_for(&["finished"], MINUTE).await?;
        ensure!(page.losses().await? == losses, "its losses are those that were saved");

        // Its weights alone: a network to decode from.
        page.driver.goto(format!("{}?ui=runs", server.url())).await?;
        page.wait("the place to drop", MINUTE, async || Ok(page.hook("import-file").await.is_ok())).await?;
        drop_file(page, &weights).await?;
        page.wait_for(&["finished"], MINUTE).await?;
        let bad = place.join("notes.txt");
        std::fs::write(&bad, "no weights")?;
        page.click("screen-runs").await?;
        page.wait("the place to drop", MINUTE, async || Ok(page.hook("import-file").await.is_ok())).await?;
        drop_file(page, &bad).await?;
        let is_refused =
            async || Ok(page.text("import-fault").await.unwrap_or_default().contains("no safetensors file"));
        page.wait("a refusal", MINUTE, is_refused).await?;
        let table = page.text("run-table").await.context("what was imported is listed")?;
        ensure!(table.contains("20 / 20"), "{table}");
        Ok(())
    });
    // Nothing else needs the folder.
    let _ = std::fs::remove_dir_all(folder);
}
