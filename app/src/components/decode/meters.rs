//! What a decode costs up to the moment, and what its text is worth.

use leptos::prelude::*;
use tailblazer_core::{objective::Quantity, session::TextQuality};

use crate::{
    t,
    workspace::{
        Workspace,
        decode::measure::speed,
        format::{fixed, integer},
    },
};

/// The meters of a decoder.
#[component]
pub fn Meters(
    /// The place of its colour.
    place: usize,
    /// Its number among the columns.
    number: Memo<usize>,
) -> impl IntoView {
    let decode = Workspace::expect().decode;
    let column = decode.column(place);
    let forward = Memo::new(move |_| decode.forward(place));
    let meter = Memo::new(move |_| column.with(|trace| trace.meter(forward.get())));
    let all = move || {
        let (forwards, is_busy) = (column.with(|trace| trace.forwards()), column.is_busy());
        format!(" / {}{}", integer(forwards), if is_busy { "…" } else { "" })
    };
    let kinds = move || {
        let meter = meter.get();
        t!(
            "{drafts} drafts, {verifications} verifications, {commits} to keep keys and values; {edits} edits, \
             {remasks} taken back",
            drafts = meter.drafts,
            verifications = meter.verifications,
            commits = meter.commits,
            edits = meter.edits,
            remasks = meter.remasks
        )
    };
    let per_forward = move || speed(&meter.get()).map_or_else(|| "–".to_owned(), |speed| fixed(speed, 2));
    let per_any = move || match meter.get().tokens_per_any_forward() {
        Some(all) => t!("Forwards that draft or verify; of all forwards: {all}", all = fixed(all, 2)),
        None => t!("Tokens per forward that drafts or verifies").to_owned(),
    };
    // A decode of a small network takes a few milliseconds.
    let time = Memo::new(move |_| {
        let (seconds, all) = column.with(|trace| (trace.seconds(forward.get()), trace.seconds(usize::MAX)));
        if all < 0.1 { (fixed(1e3 * seconds, 1), "ms") } else { (fixed(seconds, 2), t!("seconds")) }
    });
    let quality = move || column.with(|trace| trace.quality);
    let nats = move || quality().map_or_else(|| "–".to_owned(), |quality| fixed(quality.nats, 2));
    view! {
        <div class="dec-meters">
            <div data-testid=move || format!("meter-forwards-{}", number.get()) title=kinds>
                <b>{move || integer(forward.get())}<i>{all}</i></b>
                <span>{t!("forwards")}</span>
            </div>
            <div data-testid=move || format!("meter-tokens-per-forward-{}", number.get()) title=per_any>
                <b>{per_forward}</b>
                <span>{t!("tokens/")}<wbr />{t!("forward")}</span>
            </div>
            <div data-testid=move || format!("meter-seconds-{}", number.get())>
                <b>{move || time.get().0}</b>
                <span>{move || time.get().1}</span>
            </div>
            <div
                data-testid=move || format!("meter-quality-{}", number.get())
                title=move || quality().map(|quality| worth(&quality))
            >
                <b>{nats}</b>
                <span>{move || quality().map_or_else(|| t!("nats/token"), |quality| unit(quality.quantity))}</span>
            </div>
        </div>
    }
}

fn unit(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::Likelihood => t!("nats/token"),
        Quantity::Bound => t!("nats, bound"),
        Quantity::MaskedCrossEntropy => t!("nats, masked"),
    }
}

/// What a text is worth, in two sentences.
fn worth(quality: &TextQuality) -> String {
    let error = quality.error.map(|error| format!(" ± {}", fixed(error, 3))).unwrap_or_default();
    let nats = format!("{}{error}", fixed(quality.nats, 3));
    let nats = match quality.quantity {
        Quantity::Likelihood => t!("{nats} nats per token under the model.", nats),
        Quantity::Bound => {
            t!("{nats} nats per token at most, a bound under the model with its standard error.", nats)
        }
        Quantity::MaskedCrossEntropy => {
            t!("{nats} nats per token of masked cross-entropy, which bounds nothing.", nats)
        }
    };
    let entropy = t!(
        "Entropy of the tokens: {entropy} nats; a text that repeats itself has little.",
        entropy = fixed(quality.entropy, 2)
    );
    format!("{nats} {entropy}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bound_is_called_a_bound_with_its_error() {
        let quality = TextQuality { nats: 1.234, error: Some(0.05), quantity: Quantity::Bound, entropy: 2.5 };
        let words = worth(&quality);
        assert!(words.starts_with("1.234 ± 0.050 nats per token at most, a bound"), "{words}");
        assert!(words.contains("2.50 nats"));
        assert_eq!(unit(Quantity::Bound), "nats, bound");
    }
}
