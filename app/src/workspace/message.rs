//! Sentences for the visitor: what happened, then what to do.

use leptos::prelude::*;

use crate::words;

/// How serious a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Something to know.
    Note,
    /// Something to know that may spoil the result.
    Warning,
    /// Something was refused or broke.
    Failure,
}

/// What a message offers to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Offer {
    /// Replace the page by a newer version of it.
    Update,
    /// Try something else in place of an arm that diverged.
    Remedies {
        /// The arm, counted from 0.
        arm: usize,
    },
}

/// One sentence for the visitor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its key in the list; given by [`Messages::push`].
    pub id: u32,
    /// How serious it is.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
    /// What its buttons do.
    pub offer: Option<Offer>,
}

impl Message {
    /// Something to know.
    pub fn note(text: impl Into<String>) -> Self {
        Self::new(Tone::Note, text)
    }

    /// Something that may spoil the result.
    pub fn warning(text: impl Into<String>) -> Self {
        Self::new(Tone::Warning, text)
    }

    /// Something was refused or broke.
    pub fn failure(text: impl Into<String>) -> Self {
        Self::new(Tone::Failure, text)
    }

    /// A sentence of the core is said in the visitor's language.
    fn new(tone: Tone, text: impl Into<String>) -> Self {
        Self { id: 0, tone, text: words::sentence(&text.into()), offer: None }
    }

    /// The message with its buttons.
    pub fn offering(self, offer: Offer) -> Self {
        Self { offer: Some(offer), ..self }
    }
}

/// The messages on the page, the newest first.
#[derive(Clone, Copy)]
pub struct Messages {
    list: RwSignal<Vec<Message>>,
    next: StoredValue<u32>,
}

impl Messages {
    /// More than this nobody reads; the oldest go.
    const MOST: usize = 6;

    /// No messages.
    pub fn new() -> Self {
        Self { list: RwSignal::new(Vec::new()), next: StoredValue::new(1) }
    }

    /// Shows a message; a sentence that is already shown moves to the top.
    pub fn push(&self, mut message: Message) {
        message.id = self.next.get_value();
        self.next.update_value(|next| *next += 1);
        self.list.update(|list| {
            list.retain(|known| known.text != message.text);
            list.insert(0, message);
            list.truncate(Self::MOST);
        });
    }

    /// Takes a message away.
    pub fn dismiss(&self, id: u32) {
        self.list.update(|list| list.retain(|message| message.id != id));
    }

    /// Takes away what an earlier attempt left: a new one begins. The offer of a newer page stays.
    pub fn clear(&self) {
        let stays = |message: &Message| message.offer == Some(Offer::Update);
        if self.list.with_untracked(|list| !list.iter().all(stays)) {
            self.list.update(|list| list.retain(stays));
        }
    }

    /// The messages, tracked.
    pub fn get(&self) -> Vec<Message> {
        self.list.get()
    }
}

impl Default for Messages {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_attempt_leaves_an_offer() {
        Owner::new().with(|| {
            let messages = Messages::new();
            messages.push(Message::note("newer").offering(Offer::Update));
            messages.push(Message::failure("broken"));
            messages.clear();
            let left: Vec<_> =
                untrack(|| messages.get()).into_iter().map(|message| (message.text, message.offer)).collect();
            assert_eq!(left, [("newer".to_owned(), Some(Offer::Update))]);
        });
    }
}
