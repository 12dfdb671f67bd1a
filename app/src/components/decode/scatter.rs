//! Speed against quality, once it is measured.

use leptos::prelude::*;

use crate::{
    chart::quality::{self, Plot, interval},
    components::{
        figure::Figure,
        icon::{Glyph, Icon},
    },
    engine::Engine,
    t,
    workspace::{
        Workspace,
        decode::{
            PROMPTS,
            choice::{self, Entry},
        },
        format::scientific,
    },
};

/// Height of the drawing in pixels.
const HEIGHT: f64 = 228.0;

/// The card.
#[component]
pub fn Scatter() -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let decode = workspace.decode;
    let as_table = RwSignal::new(false);
    let plot = Memo::new(move |_| {
        let list = decode.list.get();
        let same = |name: &str| list.iter().filter(|entry| entry.name() == name).count() > 1;
        let name = |entry: &Entry| if same(entry.name()) { entry.label() } else { entry.name().to_owned() };
        quality::plot(&decode.current(), |place| {
            list.iter().find(|entry| entry.place == place).map(name).unwrap_or_default()
        })
    });
    let is_waiting = move || decode.awaited() > 0;
    // What is swept: the decoder whose token is looked at, or else the first one that has such a knob.
    let swept = Memo::new(move |_| {
        let list = decode.list.get();
        let selected = decode.selected.get().map(|selected| selected.place);
        let apt = |entry: &&Entry| entry.trade().is_some();
        let of = list.iter().filter(apt).find(|entry| Some(entry.place) == selected);
        of.or_else(|| list.iter().find(apt)).and_then(|entry| Some((entry.place, entry.name(), entry.trade()?)))
    });
    let sweep_title = move || match swept.get() {
        Some((_, name, knob)) => {
            t!("Measure {name} at values of its knob {knob}", name, knob = choice::inside(knob.name))
        }
        None => t!("No decoder here has a knob that trades quality for speed").to_owned(),
    };
    let unit = move || match is_waiting() {
        true => t!("{count} to go", count = decode.awaited()),
        false => String::new(),
    };
    let drawn = move || match plot.get() {
        Some(plot) => {
            let summary = quality::summary(Some(&plot));
            view! { <Figure draw=move |width| quality::scene(&plot, width, HEIGHT) summary=summary /> }.into_any()
        }
        None => view! {
            <p class="decode-hint">
                {t!(
                    "Measure decodes {count} held-out prompts with every decoder: tokens per forward against quality.",
                    count = PROMPTS
                )}
            </p>
        }
        .into_any(),
    };
    view! {
        <section class="card chart scatter" data-testid="chart-tpf-quality" aria-busy=move || is_waiting().to_string()>
            <header>
                <h2>{t!("Speed and quality")}</h2>
                <span class="unit" data-testid="measure-state">{unit}</span>
                <span class="grow"></span>
                <Show
                    when=move || !is_waiting()
                    fallback=move || {
                        view! {
                            <button
                                type="button"
                                class="btn small"
                                data-testid="decode-measure-stop"
                                on:click=move |_| decode.stop_waiting()
                            >
                                {t!("Stop")}
                            </button>
                        }
                    }
                >
                    <button
                        type="button"
                        class="btn small"
                        data-testid="decode-measure"
                        on:click=move |_| engine.measure_decoders()
                    >
                        {t!("Measure")}
                    </button>
                    <button
                        type="button"
                        class="btn small"
                        data-testid="decode-sweep"
                        title=sweep_title
                        disabled=move || swept.get().is_none()
                        on:click=move |_| {
                            if let Some((place, ..)) = swept.get_untracked() {
                                engine.sweep_decoder(place);
                            }
                        }
                    >
                        {t!("Sweep")}
                    </button>
                </Show>
                <button
                    type="button"
                    class="btn small icon quiet"
                    aria-label=t!("Speed and quality as a table")
                    title=t!("Table")
                    data-testid="quality-table-toggle"
                    aria-pressed=move || as_table.get().to_string()
                    on:click=move |_| as_table.update(|on| *on = !*on)
                >
                    <Glyph icon=Icon::Table />
                </button>
            </header>
            <Show when=move || as_table.get() fallback=move || view! { <div class="decode-figure">{drawn}</div> }>
                <Table plot />
            </Show>
        </section>
    }
}

#[component]
fn Table(plot: Memo<Option<Plot>>) -> impl IntoView {
    let kind = move || plot.with(|plot| plot.as_ref().map_or_else(|| t!("quality"), |plot| plot.kind.words()));
    let rows = move || {
        let plot = plot.get()?;
        let rows = plot.points.into_iter().map(|point| {
            view! {
                <tr>
                    <td>{point.name}</td>
                    <td>{point.knob.map(scientific)}</td>
                    <td>{interval(point.speed, 2)}</td>
                    <td>{interval(point.quality, 3)}</td>
                    <td>{point.count}</td>
                </tr>
            }
        });
        Some(rows.collect_view())
    };
    view! {
        <div
            class="tbl"
            tabindex="0"
            role="region"
            aria-label=t!("Speed and quality as a table")
            data-testid="quality-table"
        >
            <table>
                <caption class="sr">{t!("Means with their 95 % intervals")}</caption>
                <thead>
                    <tr>
                        <th scope="col">{t!("decoder")}</th>
                        <th scope="col">{t!("swept")}</th>
                        <th scope="col">{t!("tokens per forward")}</th>
                        <th scope="col">{kind}</th>
                        <th scope="col">{t!("prompts")}</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
    }
}
