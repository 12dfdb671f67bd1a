//! The run library in IndexedDB. An entry, what the run reported and its state are written in one transaction.

use idb::{Database, DatabaseEvent, Error, Factory, ObjectStoreParams, Query, Transaction, TransactionMode};
use js_sys::Uint8Array;
use tailblazer_core::session::{Autosave, OwnText, Report};
use wasm_bindgen::{JsCast, JsValue};

use crate::workspace::library::{Entry, expendable};

/// Its name in the browser.
const NAME: &str = "tailblazer";

/// Raised with the stores; a database of a later build is refused by the browser.
const VERSION: u32 = 1;

/// What is kept of runs, by their keys.
const STORES: [&str; 4] = [ENTRIES, REPORTS, STATES, TEXTS];
const ENTRIES: &str = "entries";
const REPORTS: &str = "reports";
const STATES: &str = "states";
/// Texts of the visitor's, by the groups that learn them.
const TEXTS: &str = "texts";

/// Why something was not stored or read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// The browser stores nothing here.
    #[error("This browser keeps nothing for this page, as in a private window: save runs as a zip under Share.")]
    Refused,
    /// There is no more room.
    #[error("The browser has no more room for runs: delete some under Runs, or save this one as a zip under Share.")]
    Full,
    /// What is stored cannot be read.
    #[error("What was kept of the run is damaged: train it again.")]
    Damaged,
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        let name = |value: &JsValue| js_sys::Reflect::get(value, &"name".into()).ok().and_then(|name| name.as_string());
        let is_full = match &error {
            Error::DomException(exception) => exception.name() == "QuotaExceededError",
            Error::AddFailed(value) | Error::UpdateFailed(value) | Error::TransactionCommitError(value) => {
                name(value).as_deref() == Some("QuotaExceededError")
            }
            _ => false,
        };
        if is_full { Self::Full } else { Self::Refused }
    }
}

/// The open library.
pub struct Store(Database);

impl Store {
    /// Opens it, and makes it on the first visit.
    pub async fn open() -> Result<Self, StoreError> {
        let mut request = Factory::new()?.open(NAME, Some(VERSION))?;
        request.on_upgrade_needed(|event| {
            let Ok(database) = event.database() else { return };
            for store in STORES.iter().filter(|store| !database.store_names().iter().any(|known| known == *store)) {
                // The request fails where this does.
                drop(database.create_object_store(store, ObjectStoreParams::new()));
            }
        });
        Ok(Self(request.await?))
    }

    /// Every entry. One that this build cannot read is left out.
    pub async fn entries(&self) -> Result<Vec<Entry>, StoreError> {
        let transaction = self.0.transaction(&[ENTRIES], TransactionMode::ReadOnly)?;
        let texts = transaction.object_store(ENTRIES)?.get_all(None, None)?.await?;
        let entry = |text: &JsValue| serde_json::from_str(&text.as_string()?).ok();
        Ok(texts.iter().filter_map(entry).collect())
    }

    /// Keeps a run; what was said of it before stays. When there is no room the state of an old run is given up, unless
    /// its group is spared.
    pub async fn put(
        &self,
        entry: &Entry,
        report: &Report,
        state: Option<&Autosave>,
        spared: &[String],
    ) -> Result<(), StoreError> {
        loop {
            match self.try_put(entry, report, state).await {
                Err(StoreError::Full) => {
                    let entries = self.entries().await?;
                    let old = expendable(&entries, spared).ok_or(StoreError::Full)?;
                    self.forget_state(old).await?;
                }
                other => return other,
            }
        }
    }

    async fn try_put(&self, entry: &Entry, report: &Report, state: Option<&Autosave>) -> Result<(), StoreError> {
        let key = JsValue::from_str(&entry.id);
        let report = report.to_bytes();
        let transaction = self.0.transaction(&STORES, TransactionMode::ReadWrite)?;
        let known = read_entry(&transaction, &key).await?;
        let mut entry = known.as_ref().map_or_else(|| entry.clone(), |known| entry.clone().after(known));
        let states = transaction.object_store(STATES)?;
        let state_bytes = match state {
            Some(state) => {
                entry.resumable = Some(state.step);
                states.put(&Uint8Array::from(&state.bytes[..]), Some(&key))?.await?;
                state.bytes.len()
            }
            None => {
                let kept = states.get(key.clone())?.await?;
                kept.map_or(0, |kept| kept.unchecked_into::<Uint8Array>().length() as usize)
            }
        };
        entry.bytes = report.len() + state_bytes;
        transaction.object_store(REPORTS)?.put(&Uint8Array::from(&report[..]), Some(&key))?.await?;
        if let Some(text) = &entry.own_text {
            write_text(&transaction, &entry.group, text).await?;
        }
        write_entry(&transaction, &entry).await?;
        transaction.await?;
        Ok(())
    }

    /// What a run reported.
    pub async fn report(&self, id: &str) -> Result<Report, StoreError> {
        let bytes = self.bytes(REPORTS, id).await?.ok_or(StoreError::Damaged)?;
        Report::from_bytes(&bytes).map_err(|_| StoreError::Damaged)
    }

    /// The state of a run, where one is kept.
    pub async fn state(&self, entry: &Entry) -> Result<Option<Autosave>, StoreError> {
        let bytes = self.bytes(STATES, &entry.id).await?;
        Ok(entry.resumable.zip(bytes).map(|(step, bytes)| Autosave { step, bytes }))
    }

    async fn bytes(&self, store: &str, id: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let transaction = self.0.transaction(&[store], TransactionMode::ReadOnly)?;
        let found = transaction.object_store(store)?.get(JsValue::from_str(id))?.await?;
        Ok(found.and_then(|value| value.dyn_into::<Uint8Array>().ok()).map(|bytes| bytes.to_vec()))
    }

    /// The visitor's text that a group learns, if it does.
    pub async fn text(&self, group: &str) -> Result<Option<OwnText>, StoreError> {
        let transaction = self.0.transaction(&[TEXTS], TransactionMode::ReadOnly)?;
        let found = transaction.object_store(TEXTS)?.get(JsValue::from_str(group))?.await?;
        Ok(found.and_then(|text| serde_json::from_str(&text.as_string()?).ok()))
    }

    /// Changes what is said of a run.
    pub async fn edit(&self, id: &str, edit: impl FnOnce(&mut Entry)) -> Result<(), StoreError> {
        let transaction = self.0.transaction(&[ENTRIES], TransactionMode::ReadWrite)?;
        if let Some(mut entry) = read_entry(&transaction, &JsValue::from_str(id)).await? {
            edit(&mut entry);
            write_entry(&transaction, &entry).await?;
        }
        transaction.await?;
        Ok(())
    }

    /// Deletes a run, and the text of its group with the last run of it.
    pub async fn delete(&self, id: &str) -> Result<(), StoreError> {
        let entries = self.entries().await?;
        let group = entries.iter().find(|entry| entry.id == id).map(|entry| entry.group.clone());
        let is_last = |group: &String| entries.iter().filter(|entry| entry.group == *group).count() < 2;
        let transaction = self.0.transaction(&STORES, TransactionMode::ReadWrite)?;
        for store in [ENTRIES, REPORTS, STATES] {
            transaction.object_store(store)?.delete(JsValue::from_str(id))?.await?;
        }
        if let Some(group) = group.filter(is_last) {
            transaction.object_store(TEXTS)?.delete(JsValue::from_str(&group))?.await?;
        }
        transaction.await?;
        Ok(())
    }

    /// Gives up the state of a run; its curves stay.
    async fn forget_state(&self, entry: &Entry) -> Result<(), StoreError> {
        let key = JsValue::from_str(&entry.id);
        let transaction = self.0.transaction(&STORES, TransactionMode::ReadWrite)?;
        transaction.object_store(STATES)?.delete(key.clone())?.await?;
        let report = transaction.object_store(REPORTS)?.get(key)?.await?;
        let bytes = report.map_or(0, |report| report.unchecked_into::<Uint8Array>().length() as usize);
        write_entry(&transaction, &Entry { resumable: None, bytes, ..entry.clone() }).await?;
        transaction.await?;
        Ok(())
    }
}

async fn read_entry(transaction: &Transaction, key: &JsValue) -> Result<Option<Entry>, StoreError> {
    let text = transaction.object_store(ENTRIES)?.get(key.clone())?.await?;
    Ok(text.and_then(|text| serde_json::from_str(&text.as_string()?).ok()))
}

/// Keeps the text of a group, once.
async fn write_text(transaction: &Transaction, group: &str, text: &OwnText) -> Result<(), StoreError> {
    let key = JsValue::from_str(group);
    let store = transaction.object_store(TEXTS)?;
    if store.count(Some(Query::Key(key.clone())))?.await? == 0 {
        let text = serde_json::to_string(text).map_err(|_| StoreError::Damaged)?;
        store.put(&JsValue::from_str(&text), Some(&key))?.await?;
    }
    Ok(())
}

async fn write_entry(transaction: &Transaction, entry: &Entry) -> Result<(), StoreError> {
    let text = serde_json::to_string(entry).map_err(|_| StoreError::Damaged)?;
    let key = JsValue::from_str(&entry.id);
    transaction.object_store(ENTRIES)?.put(&JsValue::from_str(&text), Some(&key))?.await?;
    Ok(())
}
