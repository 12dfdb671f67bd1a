//! A link as a QR code.

use leptos::prelude::*;
use qrcodegen::{QrCode, QrCodeEcc};

use crate::t;

/// Modules of white around a code (ISO/IEC 18004, 5.3.8).
const QUIET: i32 = 4;

/// The code of a text as a drawing, dark on light in every theme; a sentence where the text is too long for one.
pub fn code(text: &str) -> AnyView {
    let Ok(code) = QrCode::encode_text(text, QrCodeEcc::Low) else {
        return view! { <p class="note">{t!("The link is too long for a code that a camera can read.")}</p> }
            .into_any();
    };
    let size = code.size() + 2 * QUIET;
    view! {
        <svg
            viewBox=format!("0 0 {size} {size}")
            role="img"
            aria-label=t!("QR code of the link")
            data-testid="share-qr"
            shape-rendering="crispEdges"
        >
            <rect width=size.to_string() height=size.to_string() fill="#fff"></rect>
            <path d=path(&code) fill="#000"></path>
        </svg>
    }
    .into_any()
}

/// The dark modules, row by row, each run of them as one box.
fn path(code: &QrCode) -> String {
    let mut path = String::new();
    for y in 0..code.size() {
        let mut x = 0;
        while x < code.size() {
            let start = x;
            while code.get_module(x, y) {
                x += 1;
            }
            if x > start {
                path += &format!("M{} {}h{}v1h-{}z", start + QUIET, y + QUIET, x - start, x - start);
            }
            x += 1;
        }
    }
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_covers_the_dark_modules_and_no_others() {
        let code = QrCode::encode_text("https://example.org/?preset=one-rate", QrCodeEcc::Low).expect("short");
        let mut covered = std::collections::BTreeSet::new();
        for run in path(&code).split('z').filter(|run| !run.is_empty()) {
            let numbers: Vec<i32> = run
                .split(|c: char| !c.is_ascii_digit())
                .filter(|text| !text.is_empty())
                .map(|text| text.parse().expect("a number"))
                .collect();
            let [x, y, length, 1, back] = numbers[..] else { panic!("{run}") };
            assert_eq!(length, back);
            covered.extend((0..length).map(|i| (x + i - QUIET, y - QUIET)));
        }
        let all = (0..code.size()).flat_map(|y| (0..code.size()).map(move |x| (x, y)));
        assert!(all.into_iter().all(|(x, y)| covered.contains(&(x, y)) == code.get_module(x, y)));
        // The corner of a finder pattern is dark.
        assert!(covered.contains(&(0, 0)) && covered.len() > 200);
    }
}
