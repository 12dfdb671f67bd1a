//! Files that the page offers for saving, kept in its place.

use std::time::Duration;

use anyhow::Context as _;

use crate::Page;

/// How long a file may take to be made.
const LIMIT: Duration = Duration::from_secs(60);

impl Page {
    /// From now on what the page offers for saving is kept.
    pub async fn keep_files(&self) -> anyhow::Result<()> {
        let keep = "const real = URL.createObjectURL; window.kept = null;\
                    URL.createObjectURL = (blob) => {\
                      blob.arrayBuffer().then(b => { window.kept = Array.from(new Uint8Array(b)); });\
                      return real.call(URL, blob);\
                    }";
        self.driver.execute(keep, vec![]).await?;
        Ok(())
    }

    /// Waits for a file that the page offers, and takes it.
    pub async fn kept_file(&self) -> anyhow::Result<Vec<u8>> {
        let is_kept = async || Ok(self.driver.execute("return window.kept !== null", vec![]).await?.json() == true);
        self.wait("a file", LIMIT, is_kept).await?;
        let take = "const kept = window.kept; window.kept = null; return kept";
        let bytes = self.driver.execute(take, vec![]).await?.json().clone();
        serde_json::from_value(bytes).context("bytes")
    }
}
