//! The runs that the browser keeps: searched, sorted, compared by what differs, and gone on with.

mod drop;
mod room;
mod row;

use leptos::{prelude::*, task::spawn_local};

use super::notices::Notices;
use crate::{
    browser::library::store::{Store, StoreError},
    t, words,
    workspace::{
        Workspace,
        format::integer,
        library::{Entry, Order, differing, found},
        message::Message,
    },
};
use drop::FileDrop;
use room::Room;
use row::Row;

/// Columns for settings that differ.
const COLUMNS: usize = 4;

/// The screen.
#[component]
pub fn RunsScreen() -> impl IntoView {
    let workspace = Workspace::expect();
    let version = workspace.view.library_version;
    let entries = RwSignal::new(None::<Result<Vec<Entry>, StoreError>>);
    Effect::new(move || {
        version.track();
        spawn_local(async move {
            let read = match Store::open().await {
                Ok(store) => store.entries().await,
                Err(error) => Err(error),
            };
            // Another screen may be shown by now.
            entries.try_set(Some(read));
        });
    });
    let search = RwSignal::new(String::new());
    let order = RwSignal::new(Order::default());
    let list = Memo::new(move |_| match entries.get() {
        Some(Ok(entries)) => found(&entries, &search.get(), order.get()),
        _ => Vec::new(),
    });
    let columns = Memo::new(move |_| differing(&list.get(), COLUMNS));
    let sentence = move || match entries.get() {
        None => Some(t!("Reading what is kept.").to_owned()),
        Some(Err(error)) => Some(words::sentence(&error.to_string())),
        Some(Ok(entries)) if entries.is_empty() => {
            Some(t!("No run is kept yet. Train for a few steps: this browser then keeps the run here.").into())
        }
        Some(Ok(_)) if list.get().is_empty() => Some(t!("No run has all these words.").into()),
        Some(Ok(_)) => None,
    };
    let count = move || match list.get().len() {
        1 => t!("1 run").to_owned(),
        count => t!("{count} runs", count = integer(count)),
    };
    let sorted = move |event| {
        let word = event_target_value(&event);
        order.set(Order::ALL.into_iter().find(|order| order.word() == word).unwrap_or_default());
    };
    view! {
        <main class="page runs">
            <header>
                <h1>{t!("Runs")}</h1>
                <p>{t!("What this browser has trained on this page. Nothing of it leaves the browser.")}</p>
            </header>
            <div class="runs-bar">
                <input
                    type="search"
                    placeholder=t!("Search: a name, a setting, a state")
                    aria-label=t!("Search the runs")
                    data-testid="run-search"
                    prop:value=search
                    on:input=move |event| search.set(event_target_value(&event))
                />
                <label class="pick">
                    <span class="k">{t!("sort by")}</span>
                    <select data-testid="run-sort" on:change=sorted>
                        {Order::ALL.map(|order| {
                            view! { <option value=order.word()>{words::text(order.word())}</option> }
                        })}
                    </select>
                </label>
                <span class="faint" role="status">{count}</span>
                <Room version />
            </div>
            <FileDrop />
            <Notices />
            {move || sentence().map(|sentence| view! { <p class="card runs-empty" data-testid="runs-empty">{sentence}</p> })}
            <div class="table-scroll" hidden=move || list.with(Vec::is_empty)>
                <table class="data" data-testid="run-table">
                    <thead>
                        <tr>
                            <th scope="col"><span class="sr">{t!("Pinned")}</span></th>
                            <th scope="col">{t!("Run")}</th>
                            <th scope="col">{t!("Arm")}</th>
                            <th scope="col">{t!("State")}</th>
                            <th scope="col">{t!("Step")}</th>
                            <th scope="col">{t!("Validation")}</th>
                            {move || columns.get().into_iter().map(|path| view! { <th scope="col">{path}</th> }).collect_view()}
                            <th scope="col">{t!("Size")}</th>
                            <th scope="col">{t!("Begun")}</th>
                            <th scope="col"><span class="sr">{t!("Actions")}</span></th>
                        </tr>
                    </thead>
                    <tbody>
                        <For each=move || list.get() key=|entry| (entry.id.clone(), entry.saved.to_bits(), entry.is_pinned) let:entry>
                            <Row entry columns />
                        </For>
                    </tbody>
                </table>
            </div>
        </main>
    }
}

/// Changes the library, and tells who looks at it; what goes wrong is said.
fn change<F>(workspace: Workspace, change: impl FnOnce(Store) -> F + 'static)
where
    F: Future<Output = Result<(), StoreError>> + 'static,
{
    spawn_local(async move {
        let changed = match Store::open().await {
            Ok(store) => change(store).await,
            Err(error) => Err(error),
        };
        if let Err(error) = changed {
            workspace.messages.push(Message::failure(error.to_string()));
        }
        workspace.view.library_version.update(|version| *version += 1);
        crate::browser::library::tabs::stored();
    });
}
