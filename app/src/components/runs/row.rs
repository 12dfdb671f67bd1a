//! A kept run as a row of the table.

use leptos::{prelude::*, task::spawn_local};
use tailblazer_core::experiment::Comparison;

use super::change;
use crate::{
    browser::library::{resume::resume, store::Store},
    components::{
        arms::Swatch,
        icon::{Glyph, Icon},
        state_word,
    },
    engine::Engine,
    t,
    words::{self, Language},
    workspace::{
        Workspace,
        format::{bytes, fixed, integer, percent},
        library::Entry,
        message::Message,
        overlay::{MOST, Overlay},
    },
};

/// The row.
#[component]
pub fn Row(
    /// The run.
    entry: Entry,
    /// The settings that have columns.
    columns: Memo<Vec<String>>,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let engine = Engine::expect();
    let can_go_on = entry.can_go_on();
    let (title, letter) = (entry.title(), Comparison::letter(entry.arm));
    let (id, group, is_pinned) = (entry.id.clone(), entry.group.clone(), entry.is_pinned);
    let open = move |_| {
        let group = group.clone();
        spawn_local(async move {
            if let Err(error) = resume(workspace, engine, &group, can_go_on).await {
                workspace.messages.push(Message::failure(error.to_string()));
            }
        });
    };
    let overlays = workspace.view.overlays;
    let is_behind = {
        let id = id.clone();
        Memo::new(move |_| overlays.with(|list| list.iter().any(|overlay| overlay.id == id)))
    };
    let put_behind = {
        let entry = entry.clone();
        move |_| {
            let entry = entry.clone();
            if is_behind.get_untracked() {
                return overlays.update(|list| list.retain(|overlay| overlay.id != entry.id));
            }
            spawn_local(async move {
                let read = match Store::open().await {
                    Ok(store) => store.report(&entry.id).await,
                    Err(error) => Err(error),
                };
                match read {
                    Ok(report) => overlays.update(|list| {
                        // The one that has been there longest makes room.
                        list.drain(..(list.len() + 1).saturating_sub(MOST));
                        list.push(Overlay::new(&entry, &report));
                    }),
                    Err(error) => workspace.messages.push(Message::failure(error.to_string())),
                }
            });
        }
    };
    let pin = {
        let id = id.clone();
        move |_| {
            let id = id.clone();
            change(workspace, async move |store| store.edit(&id, |entry| entry.is_pinned = !is_pinned).await);
        }
    };
    let rename = {
        let id = id.clone();
        move |event| {
            let (id, name) = (id.clone(), event_target_value(&event));
            change(workspace, async move |store| {
                store.edit(&id, |entry| entry.name = name.trim().chars().take(80).collect()).await
            });
        }
    };
    let is_sure = RwSignal::new(false);
    let delete = move |_| {
        if !is_sure.get_untracked() {
            return is_sure.set(true);
        }
        let id = id.clone();
        change(workspace, async move |store| store.delete(&id).await);
    };
    let loss = match (entry.loss, entry.exact_match) {
        (Some(loss), Some(exact)) => format!("{} · {}", fixed(loss, 3), percent(exact)),
        (Some(loss), None) => fixed(loss, 3),
        (None, _) => "–".into(),
    };
    let steps = format!("{} / {}", integer(entry.step), integer(entry.experiment.train.steps));
    let locale = match workspace.view.language.get_untracked() {
        Language::English => "en-GB",
        Language::German => "de-DE",
    };
    let begun = String::from(js_sys::Date::new(&entry.begun.into()).to_locale_string(locale, &js_sys::Object::new()));
    let of = entry.experiment.clone();
    let values = move || {
        let value = |path: String| view! { <td>{of.value_at(&path).unwrap_or_else(|| "–".into())}</td> };
        columns.get().into_iter().map(value).collect_view()
    };
    view! {
        <tr data-testid="run-row" data-id=entry.id.clone()>
            <td>
                <button
                    type="button"
                    class="btn small icon quiet"
                    aria-pressed=is_pinned.to_string()
                    aria-label=t!("Keep {title} at the top", title)
                    title=t!("Keeps it at the top, and its weights when room is needed")
                    data-testid="run-pin"
                    on:click=pin
                >
                    <Glyph icon=if is_pinned { Icon::Check } else { Icon::Circle } />
                </button>
            </td>
            <th scope="row">
                <input
                    class="run-name"
                    data-testid="run-name"
                    aria-label=t!("Name of this run")
                    prop:value=title.clone()
                    on:change=rename
                />
            </th>
            <td class="nowrap"><Swatch arm=entry.arm />" "{entry.place()}</td>
            <td>{words::text(state_word(entry.state))}</td>
            <td class="num">{steps}</td>
            <td class="num" title=entry.loss_word()>{loss}</td>
            {values}
            <td class="num nowrap">{bytes(entry.bytes)}</td>
            <td class="nowrap">{begun}</td>
            <td class="nowrap run-actions">
                <button
                    type="button"
                    class="btn small"
                    data-testid="run-resume"
                    aria-label=match can_go_on {
                        true => t!("Resume {title}, arm {letter}", title, letter),
                        false => t!("Open {title}, arm {letter}", title, letter),
                    }
                    title=t!("Opens the whole comparison; its arms go on from where they were kept")
                    on:click=open
                >
                    {if can_go_on { t!("Resume") } else { t!("Open") }}
                </button>
                <button
                    type="button"
                    class="btn small quiet"
                    data-testid="run-overlay"
                    aria-pressed=move || is_behind.get().to_string()
                    title=t!("Draws its loss behind the arms on the Train screen")
                    on:click=put_behind
                >
                    {t!("Overlay")}
                </button>
                <button
                    type="button"
                    class="btn small quiet"
                    data-testid="run-delete"
                    aria-label=t!("Delete {title}, arm {letter}", title, letter)
                    on:click=delete
                    on:blur=move |_| is_sure.set(false)
                >
                    {move || if is_sure.get() { t!("Really?") } else { t!("Delete") }}
                </button>
            </td>
        </tr>
    }
}
