//! What the page knows of its runs, as a zip archive that others can open.

use std::{io::Cursor, path::Path, process::Command, time::Duration};

use anyhow::{Context as _, ensure};
use tailblazer_tests::{Adapter, with_browser};
use zip::ZipArchive;

const MINUTE: Duration = Duration::from_secs(60);

/// Two arms that end at once.
const TINY: &str = "#v=1&device=cpu&model.layers=1&model.heads=2&model.width=16&model.context=16&train.batch=2\
                    &train.steps=20&train.eval_every=10&schedule.warmup=2&sample.every=10&layerwise.watch=10\
                    &b.schedule.peak=0.001";

#[test]
fn the_archive_has_every_step_the_weights_and_the_charts() {
    with_browser(Adapter::None, TINY, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        let keep = "const real = URL.createObjectURL; window.kept = null;\
                    URL.createObjectURL = (blob) => {\
                      blob.arrayBuffer().then(b => { window.kept = Array.from(new Uint8Array(b)); });\
                      return real.call(URL, blob);\
                    }";
        page.driver.execute(keep, vec![]).await?;
        page.click("share-open").await?;
        page.click("export-zip").await?;
        let is_saved = async || Ok(page.driver.execute("return window.kept !== null", vec![]).await?.json() == true);
        page.wait("the archive", MINUTE, is_saved).await?;
        let bytes = page.driver.execute("return window.kept", vec![]).await?.json().clone();
        let bytes: Vec<u8> = serde_json::from_value(bytes).context("bytes")?;

        let archive = ZipArchive::new(Cursor::new(&bytes))?;
        for name in ["README.md", "experiment.json", "metrics.csv", "validations.csv", "layers.csv", "samples.jsonl"] {
            ensure!(archive.index_for_name(name).is_some(), "{name} is not in the archive");
        }
        opens_in_python(&bytes)
    });
}

/// Opens the archive in Python, where there is one.
fn opens_in_python(archive: &[u8]) -> anyhow::Result<()> {
    let file = std::env::temp_dir().join(format!("tailblazer-export-{}.zip", std::process::id()));
    std::fs::write(&file, archive)?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python/read_export.py");
    let output = Command::new("python3").arg(script).arg(&file).output();
    std::fs::remove_file(&file)?;
    let Ok(output) = output else {
        println!("There is no python3 here: the archive was not opened in it.");
        return Ok(());
    };
    let words = String::from_utf8_lossy(&output.stdout).into_owned();
    ensure!(output.status.success(), "{words}{}", String::from_utf8_lossy(&output.stderr));
    ensure!(words.trim() == "arms AB, 40 steps, 4 validations", "{words}");
    Ok(())
}
