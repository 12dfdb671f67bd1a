//! The texts that the code shows, read from the code itself.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// Macros that mark a text of the page.
const MARKS: [&str; 2] = ["t", "key"];

/// Macros and methods of the core whose texts only programmers read.
const FOR_PROGRAMMERS: [&str; 9] =
    ["assert", "assert_eq", "assert_ne", "debug_assert", "debug_assert_eq", "expect", "panic", "unreachable", "concat"];

/// Fields of the core whose texts the page shows as they are: papers, and what samples begin with.
const AS_THEY_ARE: [&str; 2] = ["source", "prompt"];

/// Every text that the page marks, and every sentence and name of the core.
pub fn texts() -> BTreeSet<String> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let mut texts = BTreeSet::new();
    for file in files(&root.join("app/src")) {
        marked(tokens(&file), &mut texts);
    }
    for file in files(&root.join("core/src")) {
        // The command line speaks English, and so does a report of a bug.
        let is_english = file.ends_with("self_test.rs") || file.components().any(|part| part.as_os_str() == "bin");
        if !is_english {
            of_core(tokens(&file), &mut texts);
        }
    }
    of_scripts(&root.join("public"), &mut texts);
    texts
}

/// The texts of what is drawn without the program: elements whose last attribute is `data-t`, calls of `t`, and the
/// sentence for browsers that cannot run it.
fn of_scripts(folder: &Path, texts: &mut BTreeSet<String>) {
    let read = |name: &str| fs::read_to_string(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    let mut behind = |text: &str, mark: &str, end: char| {
        texts.extend(text.split(mark).skip(1).filter_map(|rest| Some(rest.split_once(end)?.0.to_owned())));
    };
    behind(&read("embed/index.html"), " data-t>", '<');
    for script in ["embed/poster.mjs", "recorded.mjs"] {
        behind(&read(script), " t('", '\'');
    }
    behind(&read("simd.js"), "sentence.textContent = '", '\'');
}

/// The Rust files of a folder that are not tests.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files = Vec::new();
    for path in entries.map(|entry| entry.expect("an entry").path()) {
        let name = path.file_stem().unwrap_or_default();
        if path.is_dir() && name != "tests" {
            files.extend(self::files(&path));
        } else if path.extension().is_some_and(|kind| kind == "rs") && name != "tests" && name != "testing" {
            files.push(path);
        }
    }
    files
}

fn tokens(file: &Path) -> Vec<TokenTree> {
    let code = fs::read_to_string(file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let tokens: TokenStream = code.parse().unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    without_tests(tokens)
}

/// The tokens without what `#[cfg(test)]` stands before.
fn without_tests(tokens: TokenStream) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_hash = matches!(&token, TokenTree::Punct(mark) if mark.as_char() == '#');
        let is_test = is_hash
            && matches!(tokens.peek(), Some(TokenTree::Group(group)) if group.to_string().replace(' ', "") == "[cfg(test)]");
        if is_test {
            // An item ends with its body, or else with a semicolon.
            let ends = |token: &TokenTree| match token {
                TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
                TokenTree::Punct(mark) => mark.as_char() == ';',
                _ => false,
            };
            let _ = tokens.by_ref().find(ends);
        } else {
            kept.push(token);
        }
    }
    kept
}

/// The text of a literal that is one.
fn literal(token: &TokenTree) -> Option<String> {
    match token {
        TokenTree::Literal(literal) => {
            syn::parse_str::<syn::LitStr>(&literal.to_string()).ok().map(|text| text.value())
        }
        _ => None,
    }
}

fn is_ident(token: Option<&TokenTree>, names: &[&str]) -> bool {
    matches!(token, Some(TokenTree::Ident(ident)) if names.iter().any(|name| ident == name))
}

/// The first literal behind `t!`, `key!` and `#[error]`, however deep.
fn marked(tokens: Vec<TokenTree>, texts: &mut BTreeSet<String>) {
    for (at, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        let inside: Vec<TokenTree> = group.stream().into_iter().collect();
        let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
        let is_macro = matches!(before(1), Some(TokenTree::Punct(mark)) if mark.as_char() == '!');
        if is_macro && is_ident(before(2), &MARKS) || is_ident(before(1), &["error"]) {
            texts.extend(inside.first().and_then(literal).filter(|text| text != "{message}"));
        }
        marked(inside, texts);
    }
}

/// Every literal of the core that is a sentence or a name on the page.
fn of_core(tokens: Vec<TokenTree>, texts: &mut BTreeSet<String>) {
    for (at, token) in tokens.iter().enumerate() {
        let before = |back: usize| at.checked_sub(back).and_then(|at| tokens.get(at));
        let is_punct =
            |back: usize, mark: char| matches!(before(back), Some(TokenTree::Punct(p)) if p.as_char() == mark);
        match token {
            TokenTree::Group(group) => {
                let is_call = is_ident(before(1), &FOR_PROGRAMMERS);
                let is_macro = is_punct(1, '!') && is_ident(before(2), &FOR_PROGRAMMERS);
                let is_doc = group.to_string().starts_with("[doc") || group.to_string().starts_with("[must_use");
                if !(is_call || is_macro || is_doc) {
                    of_core(group.stream().into_iter().collect(), texts);
                }
            }
            _ => {
                let is_field = is_punct(1, ':');
                let is_name = is_field && is_ident(before(2), &["name", "title", "unit"]);
                let is_as_it_is = is_field && is_ident(before(2), &AS_THEY_ARE);
                texts.extend(
                    literal(token).filter(|text| !is_as_it_is && (is_name || is_phrase(text)) && !text.is_empty()),
                );
            }
        }
    }
}

/// Whether a text is made of words, not of settings or of columns.
fn is_phrase(text: &str) -> bool {
    // What is only put together has nothing to translate.
    let is_word = text.starts_with(|c: char| c.is_alphanumeric() || c == '{') && !is_only_values(text);
    let is_code = text.contains(['=', '&', '\n', '_', '/']) && !text.ends_with('.') || text.ends_with(':');
    is_word && !is_code && (text.contains(' ') || text.starts_with(char::is_uppercase)) && !text.ends_with(' ')
}

/// Whether no letter stands outside of braces.
fn is_only_values(text: &str) -> bool {
    !text.split('{').any(|part| part.split_once('}').map_or(part, |(_, after)| after).contains(char::is_alphabetic))
}
