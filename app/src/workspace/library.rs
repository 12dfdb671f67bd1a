//! Runs that the browser keeps: what the table says of each, and how it is searched and sorted.

use std::collections::BTreeSet;

use leptos::prelude::{GetUntracked as _, GetValue as _, WithValue as _};
use serde::{Deserialize, Serialize};
use tailblazer_core::{
    experiment::{Comparison, Experiment},
    session::{OwnText, RunState},
};

use super::{
    quantity,
    record::Record,
    run::{Plan, Run},
    summary,
};
use crate::{key, t, words};

/// Where the runs of a page are kept: runs that were started together have one group.
#[derive(Clone, Debug, PartialEq)]
pub struct Filed {
    /// Names the runs that were started together.
    pub group: String,
    /// The arm, counted from 0, when they were started.
    pub arm: usize,
    /// The whole comparison as a link, when they were started.
    pub link: String,
    /// When that was, in milliseconds since 1970.
    pub begun: f64,
}

/// A group of runs that the tab had open before it was loaded again, and that has steps left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unfinished {
    /// The group.
    pub group: String,
    /// Steps done by the run that got furthest.
    pub step: usize,
    /// Steps that it was to do.
    pub steps: usize,
}

/// What is kept of a run besides what it reported and its state.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// Its key.
    pub id: String,
    /// Names the runs that were started together.
    pub group: String,
    /// The visitor's name for it; empty for one that the page makes up.
    #[serde(default)]
    pub name: String,
    /// The whole comparison as a link.
    pub link: String,
    /// Its arm in that comparison, counted from 0.
    pub arm: usize,
    /// Which of the arm's seeds: how many come before it.
    pub seed: usize,
    /// What was run, with that seed.
    pub experiment: Experiment,
    /// When it was started, in milliseconds since 1970.
    pub begun: f64,
    /// When it was last kept, in milliseconds since 1970.
    pub saved: f64,
    /// Its state when it was last kept.
    pub state: RunState,
    /// Steps done.
    pub step: usize,
    /// The last validation loss, in nats per token; none before the first one, and where it is no number.
    pub loss: Option<f64>,
    /// Share of a task's problems answered exactly.
    pub exact_match: Option<f64>,
    /// Whether the visitor wants it at the top, and never given up for room.
    #[serde(default)]
    pub is_pinned: bool,
    /// Steps done in the state that is kept to go on from, if one is.
    pub resumable: Option<usize>,
    /// Bytes of all that is kept of it.
    pub bytes: usize,
    /// The visitor's text that it learns, which is kept once for all runs of a group.
    #[serde(skip)]
    pub own_text: Option<OwnText>,
}

impl Entry {
    /// The entry of a run as it is now; none before its first step, and for one that belongs to no page's library.
    pub fn of(run: &Run, now: f64) -> Option<Self> {
        let (plan, state) = (run.plan.get_untracked()?, run.state.get_untracked());
        run.record.with_value(|record| Self::of_record(run, &plan, record, state, now))
    }

    /// The entry of the run with the seed before the present one, which is finished.
    pub fn of_earlier(run: &Run, now: f64) -> Option<Self> {
        let plan = run.plan.get_untracked()?;
        let plan = Plan { seed: run.seed.get_untracked().checked_sub(1)?, ..plan };
        run.earlier.with_value(|list| Self::of_record(run, &plan, list.last()?, RunState::Finished, now))
    }

    fn of_record(run: &Run, plan: &Plan, record: &Record, state: RunState, now: f64) -> Option<Self> {
        let Filed { group, arm, link, begun } = run.filed.get_value()?;
        let (step, last) = (record.columns.last().map(|row| row.step), record.validations.last().copied());
        Some(Self {
            id: format!("{group}-{arm}-{}", plan.seed),
            group,
            name: String::new(),
            link,
            arm,
            seed: plan.seed,
            experiment: plan.seeded(),
            begun,
            saved: now,
            state,
            step: step?,
            loss: last.map(|last| last.loss).filter(|loss| loss.is_finite()),
            exact_match: last.and_then(|last| last.exact_match),
            is_pinned: false,
            resumable: None,
            bytes: 0,
            own_text: plan.own_text.as_deref().cloned(),
        })
    }

    /// Takes over what a visitor has said of it, and what is kept besides, from what was stored before.
    pub fn after(self, known: &Self) -> Self {
        let (name, is_pinned) = (known.name.clone(), known.is_pinned);
        Self { name, is_pinned, resumable: self.resumable.or(known.resumable), ..self }
    }

    /// What it is called.
    pub fn title(&self) -> String {
        if self.name.is_empty() { summary::question(&self.experiment) } else { self.name.clone() }
    }

    /// Its arm and seed, such as `B, seed 1338`.
    pub fn place(&self) -> String {
        t!("{arm}, seed {seed}", arm = Comparison::letter(self.arm), seed = self.experiment.seed)
    }

    /// Whether steps of it are left, and a state is kept to make them from.
    pub fn can_go_on(&self) -> bool {
        self.resumable.is_some() && self.step < self.experiment.train.steps
    }

    /// What its loss is, in a word.
    pub fn loss_word(&self) -> &'static str {
        if quantity::is_bounded(&self.experiment) { t!("bound") } else { t!("loss") }
    }

    /// Whether it has all words of a search in its name, arm, state or settings.
    fn has(&self, search: &str) -> bool {
        let state = format!("{:?}", self.state).to_lowercase();
        let known = [&self.title(), &self.place(), &self.link, &state, &words::sentence(&state)];
        let text = known.map(|text| text.to_lowercase()).join(" ");
        search.to_lowercase().split_whitespace().all(|word| text.contains(word))
    }
}

/// How the table is sorted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The last that was started first.
    #[default]
    Newest,
    /// The lowest loss first.
    Loss,
    /// The most steps first.
    Steps,
    /// The largest first.
    Size,
}

impl Order {
    /// All of them, in the order of the page.
    pub const ALL: [Self; 4] = [Self::Newest, Self::Loss, Self::Steps, Self::Size];

    /// Its English word; the page shows its [`words::text`].
    pub fn word(self) -> &'static str {
        match self {
            Self::Newest => key!("Newest"),
            Self::Loss => key!("Loss"),
            Self::Steps => key!("Steps"),
            Self::Size => key!("Size"),
        }
    }
}

/// The entries that a search finds: pinned ones first, then in the order that is asked for.
pub fn found(entries: &[Entry], search: &str, order: Order) -> Vec<Entry> {
    let mut list: Vec<Entry> = entries.iter().filter(|entry| entry.has(search)).cloned().collect();
    list.sort_by(|a, b| {
        let by_order = match order {
            Order::Newest => std::cmp::Ordering::Equal,
            Order::Loss => a.loss.unwrap_or(f64::INFINITY).total_cmp(&b.loss.unwrap_or(f64::INFINITY)),
            Order::Steps => b.step.cmp(&a.step),
            Order::Size => b.bytes.cmp(&a.bytes),
        };
        let newest = b.begun.total_cmp(&a.begun).then(a.arm.cmp(&b.arm)).then(a.seed.cmp(&b.seed));
        b.is_pinned.cmp(&a.is_pinned).then(by_order).then(newest)
    });
    list
}

/// Settings by which the entries differ, apart from the seed, which has its own column; at most so many.
pub fn differing(entries: &[Entry], most: usize) -> Vec<String> {
    let Some((first, rest)) = entries.split_first() else { return Vec::new() };
    let of = |entry: &Entry| summary::differences(&first.experiment, &entry.experiment);
    let paths: BTreeSet<String> = rest.iter().flat_map(of).filter(|path| path != "seed").collect();
    // What most of them change says most.
    let mut paths: Vec<(usize, String)> = paths
        .into_iter()
        .map(|path| {
            let values: BTreeSet<_> = entries.iter().map(|entry| entry.experiment.value_at(&path)).collect();
            (values.len(), path)
        })
        .collect();
    paths.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    paths.into_iter().take(most).map(|(_, path)| path).collect()
}

/// Which states are given up first when there is no more room: those of runs that were kept longest ago and are neither
/// pinned nor of a group that is spared.
pub fn expendable<'a>(entries: &'a [Entry], spared: &[String]) -> Option<&'a Entry> {
    let can = |entry: &&Entry| entry.resumable.is_some() && !entry.is_pinned && !spared.contains(&entry.group);
    entries.iter().filter(can).min_by(|a, b| a.saved.total_cmp(&b.saved))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(id: &str, begun: f64, edit: impl FnOnce(&mut Entry)) -> Entry {
        let mut entry = Entry {
            id: id.into(),
            group: id.into(),
            name: String::new(),
            link: "?preset=wsd".into(),
            arm: 0,
            seed: 0,
            experiment: Experiment::default(),
            begun,
            saved: begun,
            state: RunState::Paused,
            step: 10,
            loss: None,
            exact_match: None,
            is_pinned: false,
            resumable: Some(10),
            bytes: 0,
            own_text: None,
        };
        edit(&mut entry);
        entry
    }

    fn ids(list: &[Entry]) -> String {
        list.iter().map(|entry| entry.id.as_str()).collect()
    }

    fn three() -> Vec<Entry> {
        vec![
            entry("a", 1.0, |entry| (entry.loss, entry.bytes) = (Some(2.0), 5)),
            entry("b", 2.0, |entry| (entry.name, entry.step) = ("Monday's class".into(), 90)),
            entry("c", 3.0, |entry| {
                (entry.loss, entry.is_pinned) = (Some(1.0), false);
                entry.experiment.schedule.peak *= 2.0;
                entry.experiment.seed = 7;
            }),
        ]
    }

    #[test]
    fn a_table_is_searched_and_sorted_with_pins_first() {
        let mut list = three();
        assert_eq!(ids(&found(&list, "", Order::Newest)), "cba");
        assert_eq!(ids(&found(&list, "", Order::Loss)), "cab");
        assert_eq!(ids(&found(&list, "", Order::Steps)), "bca");
        assert_eq!(ids(&found(&list, "", Order::Size)), "acb");
        assert_eq!(ids(&found(&list, "CLASS monday", Order::Newest)), "b");
        assert_eq!(ids(&found(&list, "seed 7", Order::Newest)), "c");
        list[0].is_pinned = true;
        assert_eq!(ids(&found(&list, "", Order::Newest)), "acb");
    }

    #[test]
    fn columns_are_the_settings_that_differ() {
        assert_eq!(differing(&three(), 4), ["schedule.peak"]);
        assert!(differing(&three()[..1], 4).is_empty() && differing(&[], 4).is_empty());
    }

    #[test]
    fn room_is_made_by_the_oldest_that_nobody_needs() {
        let mut list = three();
        assert_eq!(expendable(&list, &[]).map(|entry| entry.id.as_str()), Some("a"));
        assert_eq!(expendable(&list, &["a".into()]).map(|entry| entry.id.as_str()), Some("b"));
        list[1].is_pinned = true;
        list[2].resumable = None;
        assert!(expendable(&list, &["a".into()]).is_none());
    }

    #[test]
    fn an_entry_is_json_and_keeps_what_a_visitor_said() {
        let known = entry("a", 1.0, |entry| (entry.name, entry.is_pinned) = ("mine".into(), true));
        let text = serde_json::to_string(&known).expect("plain data");
        assert_eq!(serde_json::from_str::<Entry>(&text).expect("an entry"), known);
        let now = entry("a", 1.0, |entry| (entry.step, entry.resumable) = (30, None)).after(&known);
        assert_eq!((now.name.as_str(), now.is_pinned, now.step, now.resumable), ("mine", true, 30, Some(10)));
        assert!(now.can_go_on());
    }
}
