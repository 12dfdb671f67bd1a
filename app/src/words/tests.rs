use std::collections::BTreeSet;

use super::{
    catalogue::names,
    source,
    testing::{german, in_german, read},
    *,
};
use crate::t;

/// Nothing on the page is without a German text, and nothing in the file is without a place on the page.
#[test]
fn the_german_catalogue_has_the_texts_of_the_code_and_no_others() {
    let german = german();
    let known: BTreeSet<&str> = german.texts().iter().map(|(english, _)| english.as_str()).collect();
    let texts = source::texts();
    let shown: BTreeSet<&str> = texts.iter().map(String::as_str).collect();
    let list = |set: Vec<&&str>| serde_json::to_string_pretty(&set).expect("texts");
    let missing: Vec<_> = shown.difference(&known).collect();
    assert!(missing.is_empty(), "{} texts have no German: {}", missing.len(), list(missing));
    let unused: Vec<_> = known.difference(&shown).collect();
    assert!(unused.is_empty(), "{} German texts are shown nowhere: {}", unused.len(), list(unused));
}

/// Every value of an English text is in the German one, once or more, and no other; two values never touch.
#[test]
fn german_texts_have_the_braces_of_the_english_ones() {
    for (english, text) in german().texts() {
        let sorted = |text| names(text).into_iter().collect::<BTreeSet<_>>();
        assert_eq!(sorted(english), sorted(text), "{english}: {text}");
        assert!(!english.contains("}{"), "what stands in the braces of {english} cannot be told apart");
        assert!(!text.trim().is_empty(), "{english}");
    }
}

#[test]
fn a_text_is_looked_up_and_filled() {
    assert_eq!((t!("Train"), t!("nowhere in the file")), ("Train", "nowhere in the file"));
    let step = || t!("The run goes on from step {step}.", step = "1,200");
    assert_eq!(step(), "The run goes on from step 1,200.");
    assert_eq!(in_german(|| t!("Train").to_owned()), "Trainieren");
    assert_eq!(in_german(step), "Der Lauf geht ab Schritt 1,200 weiter.");
    assert_eq!(in_german(|| text("as it is").to_owned()), "as it is");
}

#[test]
fn a_sentence_is_found_with_its_values_in_it() {
    let texts = r#"{"{name} is {value}: choose a number from {start} to {end}.": "Wähle {name} von {start} bis {end}, nicht {value}.",
        "{0} failed.": "{0} ging nicht.", "Batch": "Stapel", "from {a} on": "ab {a}"}"#;
    let catalogue = read(texts);
    let sentence = |english: &str| catalogue.sentence(english);
    let expected = "Wähle Stapel von 0.5 bis 1.5, nicht 2.5.";
    assert_eq!(sentence("Batch is 2.5: choose a number from 0.5 to 1.5.").as_deref(), Some(expected));
    assert_eq!(sentence("Batch failed.").as_deref(), Some("Stapel ging nicht."));
    assert_eq!(sentence("from Batch on").as_deref(), Some("ab Stapel"));
    assert_eq!(sentence("Nobody knows this."), None);
}

#[test]
fn no_sentence_makes_it_panic() {
    use proptest::prelude::*;
    let catalogue = german();
    proptest!(ProptestConfig::with_cases(2_000), |(text in "\\PC{0,80}", template in "[a{}: ]{0,20}")| {
        catalogue.sentence(&text);
        Catalogue::new(vec![(template, text.clone())]).sentence(&text);
    });
}
