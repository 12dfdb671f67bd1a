//! Where to compute: the choice, the device of the run, and why it is this one.

use leptos::prelude::*;
use tailblazer_core::{
    experiment::{DeviceChoice, Experiment},
    session::Backend,
};
use wasm_bindgen_futures::spawn_local;

use crate::{
    browser::address,
    components::{
        field::{Fault, forgive},
        icon::{Glyph, Icon},
    },
    t, words,
    workspace::{
        Workspace,
        summary::{from_kebab, kebab},
    },
};

const CHOICES: [DeviceChoice; 3] = [DeviceChoice::Auto, DeviceChoice::Gpu, DeviceChoice::Cpu];

fn word(choice: DeviceChoice) -> &'static str {
    match choice {
        DeviceChoice::Auto => t!("Auto"),
        DeviceChoice::Gpu => "WebGPU",
        DeviceChoice::Cpu => "CPU",
    }
}

/// The choice in one word.
pub fn summary(experiment: &Experiment) -> String {
    word(experiment.device).into()
}

fn choose(workspace: Workspace, value: &str) {
    if let Some(choice) = from_kebab(value) {
        forgive(workspace, "device");
        workspace.experiment.update(|experiment| experiment.device = choice);
    }
}

/// The choice, for the run bar.
#[component]
pub fn DevicePick(
    /// The field's id.
    id: &'static str,
) -> impl IntoView {
    view! {
        <label class="pick device-pick">
            <span class="k">{t!("device")}</span>
            <Pick id />
        </label>
    }
}

#[component]
fn Pick(
    /// The field's id.
    id: &'static str,
) -> impl IntoView {
    let workspace = Workspace::expect();
    let choice = Memo::new(move |_| workspace.experiment.with(|experiment| experiment.device));
    view! {
        <select
            id=id
            data-testid=id
            prop:value=move || kebab(&choice.get())
            on:change:target=move |event| choose(workspace, &event.target().value())
        >
            {CHOICES.map(|choice| view! { <option value=kebab(&choice)>{word(choice)}</option> }).collect_view()}
        </select>
    }
}

/// The choice and the reason for the present device, among the settings.
#[component]
pub fn DeviceSection() -> impl IntoView {
    let workspace = Workspace::expect();
    let reason = move || match workspace.run().device.get() {
        Some(device) => words::sentence(&device.reason),
        None => {
            t!("Auto takes WebGPU on a graphics card, else the CPU. The device is opened when a run starts.").into()
        }
    };
    view! {
        <label class="field wide block" for="device">
            <span>{t!("Compute on")}</span>
            <Pick id="device" />
            <Fault path="device" />
        </label>
        <p class="note">{reason}</p>
    }
}

/// The device of the run; a click shows why it is this one.
#[component]
pub fn DeviceBadge() -> impl IntoView {
    let workspace = Workspace::expect();
    let open = RwSignal::new(false);
    let device = move || workspace.run().device.get();
    let label = move || match device() {
        None => t!("No device yet").to_owned(),
        Some(device) => match device.backend {
            Backend::Cpu if device.name == "CPU" => "CPU".into(),
            Backend::Cpu => format!("CPU · {}", device.name),
            Backend::Gpu if device.name.is_empty() => "WebGPU".into(),
            Backend::Gpu => format!("WebGPU · {}", device.name),
        },
    };
    let reason = move || match device() {
        Some(device) => words::sentence(&device.reason),
        None => t!("The device is opened when a run starts.").into(),
    };
    let backend = move || {
        workspace.run().device.with(|device| match device.as_ref().map(|device| device.backend) {
            None => "",
            Some(Backend::Cpu) => "cpu",
            Some(Backend::Gpu) => "gpu",
        })
    };
    let is_copied = RwSignal::new(false);
    let copy = move |_| {
        let report = workspace.failed_test.get_untracked().unwrap_or_default();
        spawn_local(async move { is_copied.set(address::copy(&report).await) });
    };
    view! {
        <span class="device">
            <button
                type="button"
                class="badge"
                class:bad=move || workspace.failed_test.with(Option::is_some)
                data-testid="device-badge"
                data-value=backend
                title=reason
                aria-expanded=move || open.get().to_string()
                aria-controls="device-reason"
                on:click=move |_| open.update(|open| *open = !*open)
                on:blur=move |_| open.set(false)
            >
                <Glyph icon=Icon::Chip />
                <span class="name">{label}</span>
            </button>
            <span class="popover" id="device-reason" role="status" class:open=move || open.get()>
                {move || open.get().then(reason)}
                <Show when=move || open.get() && workspace.failed_test.with(Option::is_some)>
                    <button
                        type="button"
                        class="btn small"
                        data-testid="copy-self-test"
                        // The badge would lose the focus first, and with it the popover.
                        on:mousedown=|event| event.prevent_default()
                        on:click=copy
                    >
                        {move || if is_copied.get() { t!("Copied") } else { t!("Copy the self-test") }}
                    </button>
                </Show>
            </span>
        </span>
    }
}
