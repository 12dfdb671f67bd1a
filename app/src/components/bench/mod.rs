//! The benchmark page, `?ui=bench`: training speed of published shapes on both devices, with plain and with fused
//! operations, in one visit; and what a frame costs.

mod case;
mod charts;
mod decoders;
mod frames;

use leptos::prelude::*;
use tailblazer_core::{
    experiment::Comparison,
    session::{Counters, RunState},
};

use super::notices::Notices;
use crate::{
    engine::Engine,
    key, t, words,
    workspace::{
        Workspace,
        action::Action,
        format::{bytes, compact, fixed, integer},
    },
};
use case::{Case, Outcome, cases};

/// What the benchmark does.
#[derive(Clone, Copy)]
struct Bench {
    workspace: Workspace,
    engine: Engine,
    cases: StoredValue<Vec<Case>>,
    running: RwSignal<Option<usize>>,
    /// Whether the present case trains already: until then the page still shows the case before.
    begun: StoredValue<bool>,
    /// A case that waits for the speed of its matrix products.
    unfinished: StoredValue<Option<Outcome>>,
    outcomes: RwSignal<Vec<Outcome>>,
}

impl Bench {
    fn begin(self, index: usize) {
        let Some(case) = self.cases.with_value(|cases| cases.get(index).copied()) else {
            return self.running.set(None);
        };
        self.running.set(Some(index));
        self.begun.set_value(false);
        self.unfinished.set_value(None);
        untrack(|| self.workspace.run()).limit.set(None);
        self.workspace.replace(Comparison::of(case.experiment()));
        // Each case compiles its own kernels in memory of its own.
        self.engine.renew();
        self.engine.act(Action::Play);
    }

    /// A case that has steps enough is paused; once paused it is noted, and the next one begins.
    fn follow(self) {
        self.workspace.version.track();
        let (state, limit) = (self.workspace.run().state.get(), self.workspace.run().limit.get());
        let Some(index) = self.running.get_untracked() else { return };
        let case = self.cases.with_value(|cases| cases[index]);
        match state {
            RunState::Running => {
                self.begun.set_value(true);
                if untrack(|| Outcome::measure(self.workspace, case)).is_some_and(|(_, is_enough)| is_enough) {
                    self.engine.act(Action::Pause);
                }
            }
            RunState::Paused if self.begun.get_value() => match (self.unfinished.get_value(), limit) {
                (Some(outcome), Some(limit)) => self.note(index, Outcome { limit: Some(limit), ..outcome }),
                (Some(_), None) => {}
                (None, _) => match untrack(|| Outcome::measure(self.workspace, case)) {
                    Some((outcome, _)) if outcome.is_cpu => {
                        self.unfinished.set_value(Some(outcome));
                        self.engine.measure_limit();
                    }
                    Some((outcome, _)) => self.note(index, outcome),
                    None => {}
                },
            },
            RunState::Failed => self.begin(index + 1),
            _ => {}
        }
    }

    fn note(self, index: usize, outcome: Outcome) {
        self.outcomes.update(|outcomes| outcomes.push(outcome));
        self.begin(index + 1);
    }

    fn status(self) -> String {
        match self.running.get() {
            Some(index) => self.cases.with_value(|cases| {
                let (count, case) = (cases.len(), cases[index]);
                t!(
                    "Measuring {number} of {count}: {shape}, {operations}",
                    number = index + 1,
                    count,
                    shape = case.shape(),
                    operations = case.operations()
                )
            }),
            None if self.outcomes.with(Vec::is_empty) => {
                t!("Takes a minute on a GPU, and two or three on a software adapter.").into()
            }
            None => t!("Done.").into(),
        }
    }
}

/// The screen.
#[component]
pub fn BenchScreen() -> impl IntoView {
    view! {
        <main class="page">
            <h1 class="sr">{t!("Bench")}</h1>
            <Notices />
            <Speed />
            <charts::Charts />
            <decoders::Decoders />
        </main>
    }
}

/// Runs all cases, one after another, and prints a table.
#[component]
fn Speed() -> impl IntoView {
    let bench = Bench {
        workspace: Workspace::expect(),
        engine: Engine::expect(),
        cases: StoredValue::new(cases()),
        running: RwSignal::new(None),
        begun: StoredValue::new(false),
        unfinished: StoredValue::new(None),
        outcomes: RwSignal::new(Vec::new()),
    };
    Effect::new(move |_| bench.follow());
    let rows = move || {
        let outcomes = bench.outcomes.get();
        outcomes.iter().map(|outcome| row(outcome, outcome.times_plain(&outcomes))).collect_view()
    };
    view! {
        <section class="card bench">
            <h2>{t!("Training speed")}</h2>
            <p class="note">
                {t!(
                    "Shapes are model, context × batch. Each case trains for some seconds after its first step, in an \
                     engine of its own. Compare ratios within one visit, because machines differ. The limit is the \
                     speed at which a step would be nothing but its matrix products, timed by themselves on the CPU."
                )}
            </p>
            <p>
                <button
                    type="button"
                    class="btn primary"
                    data-testid="bench-run"
                    disabled=move || bench.running.get().is_some()
                    on:click=move |_| {
                        bench.outcomes.set(Vec::new());
                        bench.begin(0);
                    }
                >
                    {t!("Measure")}
                </button>
                <span class="note" role="status" data-testid="bench-status">{move || bench.status()}</span>
            </p>
            <div class="tbl" tabindex="0" role="region" aria-label=t!("Training speed") data-testid="bench-result">
                <table>
                    <thead>
                        <tr>{HEADINGS.map(|heading| view! { <th scope="col">{words::text(heading)}</th> })}</tr>
                    </thead>
                    <tbody>{rows}</tbody>
                </table>
            </div>
        </section>
    }
}

const HEADINGS: [&str; 14] = [
    key!("shape"),
    key!("device"),
    key!("operations"),
    key!("tokens/s"),
    key!("ms/step"),
    key!("first step"),
    key!("times plain"),
    key!("dispatches per step"),
    key!("submits per step"),
    key!("readbacks per step"),
    key!("pipelines"),
    key!("memory"),
    key!("matrix products alone"),
    key!("share of the limit"),
];

fn row(outcome: &Outcome, times_plain: Option<f64>) -> impl IntoView + use<> {
    let per_step = |count: fn(&Counters) -> u64| maybe(outcome.work.per_step(count), short);
    let cells = [
        outcome.case.shape(),
        outcome.device.clone(),
        outcome.case.operations().into(),
        compact(outcome.tokens_per_second),
        short(1e3 * outcome.seconds_per_step),
        format!("{} s", fixed(outcome.first_step_seconds, 1)),
        maybe(times_plain, |times| fixed(times, 2)),
        per_step(|counters| counters.dispatches),
        per_step(|counters| counters.submits),
        per_step(|counters| counters.readbacks),
        integer(outcome.work.total.pipelines as usize),
        bytes(outcome.work.total.device_bytes as usize),
        maybe(outcome.limit, |limit| format!("{} GFLOP/s", fixed(limit.operations_per_second / 1e9, 1))),
        maybe(outcome.share(), |share| format!("{} %", fixed(100.0 * share, 0))),
    ];
    view! {
        <tr data-value=outcome.tokens_per_second.to_string()>{cells.map(|cell| view! { <td>{cell}</td> })}</tr>
    }
}

/// A number with a decimal only where it matters.
fn short(value: f64) -> String {
    fixed(value, usize::from(value < 100.0 && value.fract() != 0.0))
}

fn maybe<T>(value: Option<T>, words: impl Fn(T) -> String) -> String {
    value.map_or_else(|| "–".into(), words)
}
