//! What the page can use of which browser: those that its tests run in, and the one that it is open in.

use leptos::prelude::*;

use crate::{browser::support::Ability, key, t, words};

/// The browsers of the tests, on Linux without a GPU, with what each has of [`Ability::ALL`]. A test holds every column
/// against the browser itself.
const TESTED: [(&str, [bool; 7]); 4] = [
    (key!("Chromium with WebGPU in software"), [true, true, true, true, true, true, true]),
    (key!("Chromium without WebGPU"), [false, true, true, true, true, true, true]),
    (key!("Firefox"), [false, true, true, true, true, true, true]),
    (key!("WebKit"), [false, true, false, true, true, false, true]),
];

/// The table.
#[component]
pub fn Browsers() -> impl IntoView {
    let title = t!("Browsers");
    let word = |has: bool| if has { t!("yes") } else { t!("no") };
    let heads = TESTED.map(|(name, _)| view! { <th scope="col">{words::text(name)}</th> });
    let rows = Ability::ALL.into_iter().enumerate().map(|(row, ability)| {
        let here = LocalResource::new(move || ability.is_here());
        let tested = TESTED.map(|(_, has)| view! { <td data-has=has[row].to_string()>{word(has[row])}</td> });
        view! {
            <tr data-testid="browser-ability">
                <th scope="row">{words::text(ability.title())}</th>
                <td data-has=move || here.get().map(|has| has.to_string())>
                    <b>{move || here.get().map_or("…", word)}</b>
                </td>
                {tested}
            </tr>
        }
    });
    view! {
        <section aria-label=title>
            <h2>{title}</h2>
            <p class="about">
                {t!(
                    "The page asks for what it needs and goes by the answer, never by a browser's name. Its tests run in \
                     these, on Linux without a GPU; with a GPU, current Firefox and Safari may offer WebGPU too."
                )}
            </p>
            <div class="entries">
                <div class="entry">
                    <div class="tbl" tabindex="0" role="group" aria-label=title>
                        <table>
                            <thead>
                                <tr>
                                    <th scope="col">{t!("What it does")}</th>
                                    <th scope="col">{t!("This browser")}</th>
                                    {heads}
                                </tr>
                            </thead>
                            <tbody>{rows.collect_view()}</tbody>
                        </table>
                    </div>
                </div>
            </div>
        </section>
    }
}
