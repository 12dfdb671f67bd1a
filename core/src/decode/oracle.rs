//! Networks for tests that are not trained: one that knows a joint distribution, and one whose answers are hashes.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use futures::{executor::block_on, future::LocalBoxFuture};

use super::{DecodeError, Logits, Method, Network, Query, Reuse, Row, Task, TraceEvent};
use crate::{
    objective::{Clean, Noise, Reading},
    policy::Settings,
};

/// A checkpoint of masked block diffusion.
pub fn reading(block: usize) -> Reading {
    Reading { noise: Noise::Mask, clean: Clean::Token, block, sizes: vec![1, block], is_shifted: false, edits: true }
}

/// The decoder of an id.
pub fn find(id: &str) -> Method {
    Method::find(id).expect("a member of the family")
}

/// Decodes to the end.
pub fn decode(
    method: Method,
    settings: &Settings,
    task: &Task,
    network: &mut dyn Network,
) -> (Result<Vec<u32>, DecodeError>, Vec<TraceEvent>) {
    let mut trace = Vec::new();
    let result = block_on(method.decode(settings, task.clone(), network, &mut |event| trace.push(event)));
    (result, trace)
}

/// A network of two layers whose attention is a hash of all that a row attends. What a cached row knows is what it
/// attended when it was kept, as with keys and values.
pub struct Hashed {
    pub reading: Reading,
    pub vocabulary: usize,
    pub context: usize,
    /// The largest logit.
    pub scale: f32,
    pub committed: Vec<u32>,
    pub cache: Vec<Cached>,
    /// Whether what is kept is computed anew for every forward, each token given those before it.
    pub recomputes: bool,
    external: Vec<(usize, u64)>,
}

/// What is kept of a row: its position, and what each layer shows to others.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cached {
    pub position: usize,
    pub layers: [u64; 2],
}

fn hash(parts: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    parts.hash(&mut hasher);
    hasher.finish()
}

/// A hash of a set, whatever its order.
fn set(parts: impl Iterator<Item = u64>) -> u64 {
    parts.fold(0, |sum, part| sum.wrapping_add(hash(&[part])))
}

impl Hashed {
    pub fn new(reading: Reading, vocabulary: usize, context: usize) -> Self {
        let (committed, cache, external) = (vec![], vec![], vec![]);
        Self { reading, vocabulary, context, scale: 4.0, committed, cache, recomputes: false, external }
    }

    /// What each layer of rows shows, behind a cache, and what their heads read.
    fn states(cache: &[Cached], rows: &[Row], allowed: &[bool]) -> Vec<([u64; 2], u64)> {
        let count = rows.len();
        let first: Vec<u64> = rows.iter().map(|row| hash(&[u64::from(row.token), row.position as u64])).collect();
        let read = |row: usize, own: &[u64], layer: usize| {
            let inner = (0..count).filter(|key| allowed[row * count + key]).map(|key| own[key]);
            set(cache.iter().map(|cached| cached.layers[layer])).wrapping_add(set(inner))
        };
        let second: Vec<u64> = (0..count).map(|row| hash(&[first[row], read(row, &first, 0)])).collect();
        (0..count).map(|row| ([first[row], second[row]], hash(&[second[row], read(row, &second, 1)]))).collect()
    }

    /// The cache of one pass over a whole final text.
    pub fn fresh(tokens: &[u32], allows: impl Fn(usize, usize) -> bool) -> Vec<Cached> {
        let count = tokens.len();
        let rows: Vec<Row> =
            tokens.iter().enumerate().map(|(position, token)| Row { token: *token, position }).collect();
        let allowed: Vec<bool> = (0..count * count).map(|pair| allows(pair / count, pair % count)).collect();
        let states = Self::states(&[], &rows, &allowed);
        rows.iter().zip(states).map(|(row, (layers, _))| Cached { position: row.position, layers }).collect()
    }

    fn logits(&self, state: u64) -> impl Iterator<Item = f32> {
        let scale = self.scale;
        (0..self.vocabulary).map(move |token| {
            let share = (hash(&[state, token as u64]) >> 40) as f32 / (1u64 << 24) as f32;
            scale * (2.0 * share - 1.0)
        })
    }
}

impl Network for Hashed {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn context(&self) -> usize {
        self.context
    }

    fn forward<'a>(&'a mut self, query: Query) -> LocalBoxFuture<'a, Result<Logits, DecodeError>> {
        let count = query.rows.len();
        assert!(query.sees <= self.cache.len() && query.wanted.end <= count && query.keep <= count, "{query:?}");
        assert_eq!(query.allowed.len(), count * count);
        for row in 0..count {
            assert!(query.allowed[row * count + row] && query.rows[row].position < self.context);
        }
        if self.recomputes {
            self.cache = Self::fresh(&self.committed, |query, key| key <= query);
        }
        let states = Self::states(&self.cache[..query.sees], &query.rows, &query.allowed);
        let mut heads: Vec<u64> = states.iter().map(|(_, head)| *head).collect();
        // A stale answer is made visible: it depends on what the rows were when their outer attention was kept.
        if query.reuse == Reuse::BlockExternal {
            let inner = Self::states(&[], &query.rows, &query.allowed);
            for (index, row) in query.rows.iter().enumerate() {
                let outer = self.external.iter().find(|(position, _)| *position == row.position);
                heads[index] = hash(&[inner[index].1, outer.expect("it was kept").1]);
            }
        } else if query.reuse == Reuse::Remember {
            self.external = query.rows.iter().zip(&heads).map(|(row, head)| (row.position, *head)).collect();
        }
        if query.keep > 0 {
            self.cache.truncate(query.sees);
            self.committed.truncate(query.sees);
            for (row, (layers, _)) in query.rows.iter().zip(&states).take(query.keep) {
                self.cache.push(Cached { position: row.position, layers: *layers });
                self.committed.push(row.token);
            }
        }
        let values = query.wanted.clone().flat_map(|row| self.logits(heads[row]).collect::<Vec<_>>()).collect();
        Box::pin(async move { Ok(Logits { values, vocabulary: self.vocabulary }) })
    }
}

/// A network that knows a joint distribution over texts as long as its context, and says of each row what follows from
/// the tokens that the row attends.
pub struct Table {
    pub reading: Reading,
    pub vocabulary: usize,
    pub context: usize,
    /// The probability of each text, the last token fastest.
    pub joint: Vec<f64>,
    pub committed: Vec<u32>,
    /// Whether a row that has a token says what should stand there by the other rows alone.
    pub leaves_out_own: bool,
    /// A position, a token at another one, and the law that it has there in contradiction to the joint.
    pub bent: Option<(usize, (usize, u32), Vec<f64>)>,
    places: Vec<usize>,
}

impl Table {
    pub fn new(reading: Reading, vocabulary: usize, context: usize, joint: &[f64]) -> Self {
        assert_eq!(joint.len(), vocabulary.pow(context as u32));
        let leaves_out_own = reading.noise == Noise::Uniform;
        Self {
            reading,
            vocabulary,
            context,
            joint: joint.to_vec(),
            committed: vec![],
            leaves_out_own,
            bent: None,
            places: vec![],
        }
    }

    /// The token of a text at a position.
    pub fn token(&self, text: usize, position: usize) -> u32 {
        (text / self.vocabulary.pow((self.context - 1 - position) as u32) % self.vocabulary) as u32
    }

    /// The law of the token at a position, given tokens at others.
    pub fn conditional(&self, position: usize, known: &[(usize, u32)]) -> Vec<f64> {
        let mut law = vec![0.0; self.vocabulary];
        for (text, share) in self.joint.iter().enumerate() {
            if known.iter().all(|(at, token)| self.token(text, *at) == *token) {
                law[self.token(text, position) as usize] += share;
            }
        }
        let sum: f64 = law.iter().sum();
        law.iter().map(|share| share / sum).collect()
    }
}

impl Network for Table {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn vocabulary(&self) -> usize {
        self.vocabulary
    }

    fn context(&self) -> usize {
        self.context
    }

    fn forward<'a>(&'a mut self, query: Query) -> LocalBoxFuture<'a, Result<Logits, DecodeError>> {
        let (count, mask) = (query.rows.len(), self.vocabulary as u32);
        let mut values = Vec::new();
        for row in query.wanted.clone() {
            let place = query.rows[row].position;
            let cached = (0..query.sees).map(|index| (self.places[index], self.committed[index]));
            let inner = (0..count).filter(|key| query.allowed[row * count + key]);
            let inner = inner.map(|key| (query.rows[key].position, query.rows[key].token));
            let mut known: Vec<(usize, u32)> = cached.chain(inner).filter(|(_, token)| *token != mask).collect();
            let is_next = self.reading.noise == Noise::None || self.reading.is_shifted;
            let asked = if is_next { place + 1 } else { place };
            if self.leaves_out_own {
                known.retain(|(position, _)| *position != asked);
            }
            let law = match &self.bent {
                Some((at, given, law)) if *at == asked && known.contains(given) => law.clone(),
                _ if asked < self.context => self.conditional(asked, &known),
                _ => vec![1.0; self.vocabulary],
            };
            values.extend(law.iter().map(|share| share.ln() as f32));
        }
        if query.keep > 0 {
            self.committed.truncate(query.sees);
            self.places.truncate(query.sees);
            self.committed.extend(query.rows[..query.keep].iter().map(|row| row.token));
            self.places.extend(query.rows[..query.keep].iter().map(|row| row.position));
        }
        Box::pin(async move { Ok(Logits { values, vocabulary: self.vocabulary }) })
    }
}

/// A network whose answers are all the same row.
pub struct Constant {
    pub reading: Reading,
    pub context: usize,
    pub row: Vec<f32>,
}

impl Network for Constant {
    fn reading(&self) -> &Reading {
        &self.reading
    }

    fn vocabulary(&self) -> usize {
        self.row.len()
    }

    fn context(&self) -> usize {
        self.context
    }

    fn forward<'a>(&'a mut self, query: Query) -> LocalBoxFuture<'a, Result<Logits, DecodeError>> {
        let values = query.wanted.flat_map(|_| self.row.clone()).collect();
        Box::pin(async move { Ok(Logits { values, vocabulary: self.row.len() }) })
    }
}
