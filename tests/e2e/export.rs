//! What the page knows of its runs, as a zip archive that others can open, and single charts.

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
        page.keep_files().await?;
        page.click("share-open").await?;
        page.click("export-zip").await?;
        let bytes = page.kept_file().await?;

        let archive = ZipArchive::new(Cursor::new(&bytes))?;
        for name in ["README.md", "experiment.json", "metrics.csv", "validations.csv", "layers.csv", "samples.jsonl"] {
            ensure!(archive.index_for_name(name).is_some(), "{name} is not in the archive");
        }
        for chart in ["loss", "rate", "gradient"] {
            for kind in ["svg", "png"] {
                let name = format!("charts/{chart}.{kind}");
                ensure!(archive.index_for_name(&name).is_some(), "{name} is not in the archive");
            }
        }
        opens_in_python(&bytes)
    });
}

#[test]
fn a_chart_is_saved_as_numbers_and_as_a_picture() {
    with_browser(Adapter::None, TINY, async |page| {
        page.click("run-play").await?;
        page.wait_for(&["finished"], 2 * MINUTE).await?;
        page.keep_files().await?;

        page.click("chart-save-loss").await?;
        page.click("chart-save-loss-csv").await?;
        let table = String::from_utf8(page.kept_file().await?)?;
        let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
        ensure!(rows[0][..7] == ["arm", "seed", "branch", "step", "tokens", "seconds", "loss"], "{:?}", rows[0]);
        let losses = page.losses().await?;
        ensure!(losses.len() == 20, "{} steps", losses.len());
        for loss in losses {
            let row = rows.iter().find(|row| row[0] == "A" && row[3] == loss.step.to_string()).context("a row")?;
            ensure!(row[6].parse::<f64>()?.to_bits() == loss.loss.to_bits(), "{row:?} is not {loss:?}");
        }
        // Back to the drawing.
        page.click("loss-table-toggle").await?;

        page.click("chart-save-loss").await?;
        page.click("chart-save-loss-png").await?;
        let picture = page.kept_file().await?;
        ensure!(picture.starts_with(b"\x89PNG\r\n\x1a\n"), "{:?}", &picture[..8]);
        let length = |at: usize| picture[at..at + 4].iter().fold(0.0, |length, byte| 256.0 * length + f64::from(*byte));
        let script = "const s = document.querySelector(\"[data-testid='chart-loss'] canvas\").getBoundingClientRect(); \
                      return [s.width, s.height]";
        let size = page.driver.execute(script, vec![]).await?.json().clone();
        let [width, height] = [0, 1].map(|side| size[side].as_f64().unwrap_or_default());
        ensure!((length(16) - 2.0 * width.max(640.0)).abs() <= 1.0, "{} for {size}", length(16));
        // The caption and the link take at least a line each.
        ensure!(length(20) >= 2.0 * height.max(320.0) + 60.0, "{} for {size}", length(20));
        Ok(())
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
