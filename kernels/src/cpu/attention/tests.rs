//! Attention against an f64 reference and its finite differences.

use proptest::prelude::*;

use super::{super::testing::*, *};

struct Case {
    shape: AttentionShape,
    tensors: [Vec<f32>; 3],
    dy: Vec<f32>,
    tables: Option<[RopeTable; 2]>,
    allowed: Vec<bool>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Full,
    Causal,
    Random,
}

impl Case {
    fn new(shape: AttentionShape, kind: Kind, rope: bool, seed: u64) -> Self {
        let mut random = Random::new(seed);
        let AttentionShape { batch, queries, keys, .. } = shape;
        let tensors = [queries, keys, keys].map(|time| random.normal(batch * time * shape.width()));
        let dy = random.normal(batch * queries * shape.width());
        let mut positions = |count: usize| (0..count).map(|_| random.below(100)).collect::<Vec<_>>();
        let tables = rope.then(|| [queries, keys].map(|count| RopeTable::new(shape.channels, positions(count))));
        let allowed = (0..queries * keys)
            .map(|pair| match kind {
                Kind::Full => true,
                Kind::Causal => pair % keys + queries <= pair / keys + keys,
                // Every third row is forbidden altogether.
                Kind::Random => (pair / keys) % 3 != 1 && random.uniform() < 0.3,
            })
            .collect();
        Self { shape, tensors, dy, tables, allowed }
    }

    fn rotation(&self) -> Option<Rotation<'_>> {
        self.tables.as_ref().map(|[queries, keys]| Rotation { queries, keys })
    }

    fn turned(&self, which: usize, row: &[f64], index: usize) -> Vec<f64> {
        let Some(tables) = &self.tables else { return row.to_vec() };
        let half = row.len() / 2;
        let (cosines, sines) = tables[which].row(index);
        (0..row.len())
            .map(|channel| {
                let other = if channel < half { -row[channel + half] } else { row[channel - half] };
                row[channel] * f64::from(cosines[channel % half]) + other * f64::from(sines[channel % half])
            })
            .collect()
    }

    fn reference(&self, tensors: [&[f64]; 3]) -> Vec<f64> {
        let AttentionShape { batch, heads, channels, queries, keys } = self.shape;
        let width = heads * channels;
        let mut out = vec![0.0; batch * queries * width];
        for sequence in 0..batch {
            for head in 0..heads {
                let row = |which: usize, index: usize, time: usize| {
                    &tensors[which][(sequence * time + index) * width + head * channels..][..channels]
                };
                for query in 0..queries {
                    let turned = self.turned(0, row(QUERY, query, queries), query);
                    let attended: Vec<usize> = (0..keys).filter(|key| self.allowed[query * keys + key]).collect();
                    let scores: Vec<f64> = attended
                        .iter()
                        .map(|key| {
                            let key = self.turned(1, row(KEY, *key, keys), *key);
                            turned.iter().zip(key).map(|(q, k)| q * k).sum::<f64>() / (channels as f64).sqrt()
                        })
                        .collect();
                    let most = scores.iter().fold(f64::MIN, |most, score| most.max(*score));
                    let sum: f64 = scores.iter().map(|score| (score - most).exp()).sum();
                    for (key, score) in attended.iter().zip(&scores) {
                        for (channel, value) in row(VALUE, *key, keys).iter().enumerate() {
                            let share = (score - most).exp() / sum;
                            out[(sequence * queries + query) * width + head * channels + channel] += share * value;
                        }
                    }
                }
            }
        }
        out
    }

    fn forward(&self, inputs: AttentionInputs<'_>, mask: AttentionMask<'_>) -> (Vec<f32>, Vec<f32>) {
        let (mut out, mut kept) = (vec![9.0; self.dy.len()], vec![9.0; self.shape.kept()]);
        attention(self.shape, inputs, self.rotation(), mask, &mut out, &mut kept, &mut Workspace::dirty());
        (out, kept)
    }

    fn backward(&self, inputs: AttentionInputs<'_>, mask: AttentionMask<'_>, kept: &[f32]) -> [Vec<f32>; 3] {
        let mut gradients = self.tensors.each_ref().map(|tensor| vec![9.0; tensor.len()]);
        let targets = AttentionGradients::Separate(gradients.each_mut().map(|gradient| &mut gradient[..]));
        let workspace = &mut Workspace::dirty();
        attention_backward(self.shape, inputs, self.rotation(), mask, kept, &self.dy, targets, workspace);
        gradients
    }

    fn check(&self, kind: Kind, differences: bool) {
        let masks = match kind {
            Kind::Full => vec![AttentionMask::Full, AttentionMask::Data(&self.allowed)],
            Kind::Causal => vec![AttentionMask::Causal, AttentionMask::Data(&self.allowed)],
            Kind::Random => vec![AttentionMask::Data(&self.allowed)],
        };
        let wides = self.tensors.each_ref().map(|tensor| wide(tensor));
        let expected = self.reference(wides.each_ref().map(|tensor| &tensor[..]));
        let inputs = AttentionInputs::Separate(self.tensors.each_ref().map(|tensor| &tensor[..]));
        for mask in masks {
            let (out, kept) = self.forward(inputs, mask);
            assert_close(&out, &expected, 1e-5);
            let gradients = self.backward(inputs, mask, &kept);
            assert_eq!(gradients, self.backward(inputs, mask, &kept));
            if differences {
                for which in 0..3 {
                    let slopes = slopes(&wides[which], |changed| {
                        let mut tensors = wides.each_ref().map(|tensor| &tensor[..]);
                        tensors[which] = changed;
                        dot(&self.reference(tensors), &self.dy)
                    });
                    assert_close(&gradients[which], &slopes, 1e-5);
                }
            }
            if self.shape.queries == self.shape.keys {
                self.check_together(mask, &out, &kept, &gradients);
            }
        }
    }

    /// One tensor gives what three give.
    fn check_together(&self, mask: AttentionMask<'_>, out: &[f32], kept: &[f32], gradients: &[Vec<f32>; 3]) {
        let width = self.shape.width().max(1);
        let join = |tensors: &[Vec<f32>; 3]| -> Vec<f32> {
            let rows = 0..tensors[0].len() / width;
            rows.flat_map(|row| tensors.iter().flat_map(move |tensor| &tensor[row * width..][..width]))
                .copied()
                .collect()
        };
        let joined = join(&self.tensors);
        let (found, also) = self.forward(AttentionInputs::Together(&joined), mask);
        assert_eq!((&found[..], &also[..]), (out, kept));
        let mut gradient = vec![9.0; joined.len()];
        let (inputs, target) = (AttentionInputs::Together(&joined), AttentionGradients::Together(&mut gradient));
        let workspace = &mut Workspace::dirty();
        attention_backward(self.shape, inputs, self.rotation(), mask, kept, &self.dy, target, workspace);
        assert_eq!(gradient, join(gradients));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]
    #[test]
    fn value_and_gradients_agree_with_f64(
        [batch, heads, queries, keys] in [0usize..3, 0usize..3, 0usize..6, 0usize..6],
        half in 0usize..4,
        same: bool,
        rope: bool,
        kind in prop::sample::select(vec![Kind::Full, Kind::Causal, Kind::Random]),
        seed: u64,
    ) {
        let keys = if same { queries } else { keys };
        let shape = AttentionShape { batch, heads, channels: 2 * half, queries, keys };
        Case::new(shape, kind, rope, seed).check(kind, true);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn several_tiles_agree_with_f64(
        [queries, keys] in [20usize..40, 20usize..70],
        rope: bool,
        kind in prop::sample::select(vec![Kind::Full, Kind::Causal, Kind::Random]),
        seed: u64,
    ) {
        let shape = AttentionShape { batch: 1, heads: 2, channels: 4, queries, keys };
        Case::new(shape, kind, rope, seed).check(kind, true);
    }
}

#[test]
fn an_odd_number_of_channels_works_without_rotation() {
    let shape = AttentionShape { batch: 2, heads: 3, channels: 5, queries: 7, keys: 7 };
    Case::new(shape, Kind::Causal, false, 1).check(Kind::Causal, true);
}

#[test]
fn the_models_shapes_agree_with_f64() {
    for (heads, channels, time) in [(3, 16, 64), (4, 32, 64), (1, 64, 130)] {
        let shape = AttentionShape { batch: 2, heads, channels, queries: time, keys: time };
        for kind in [Kind::Full, Kind::Causal, Kind::Random] {
            Case::new(shape, kind, true, 5).check(kind, false);
        }
    }
}

#[test]
fn a_forbidden_row_gives_zeros_and_no_gradient() {
    let shape = AttentionShape { batch: 1, heads: 1, channels: 2, queries: 4, keys: 4 };
    let case = Case::new(shape, Kind::Random, true, 3);
    let inputs = AttentionInputs::Separate(case.tensors.each_ref().map(|tensor| &tensor[..]));
    for mask in [AttentionMask::Data(&case.allowed), AttentionMask::Data(&[false; 16])] {
        let (out, kept) = case.forward(inputs, mask);
        let [query, ..] = case.backward(inputs, mask, &kept);
        assert_eq!(out[2..4], [0.0; 2]);
        assert_eq!(query[2..4], [0.0; 2]);
    }
    let (out, kept) = case.forward(inputs, AttentionMask::Data(&[false; 16]));
    assert_eq!(out, [0.0; 8]);
    let gradients = case.backward(inputs, AttentionMask::Data(&[false; 16]), &kept);
    assert_eq!(gradients.concat(), [0.0; 24]);
}

/// After the first pass the workspace is large enough for all that follow.
#[test]
fn the_workspace_stops_growing() {
    let shape = AttentionShape { batch: 1, heads: 2, channels: 4, queries: 40, keys: 40 };
    let case = Case::new(shape, Kind::Random, true, 3);
    let inputs = AttentionInputs::Separate(case.tensors.each_ref().map(|tensor| &tensor[..]));
    let (mut out, mut kept) = (vec![0.0; case.dy.len()], vec![0.0; shape.kept()]);
    let mut gradients = case.tensors.clone();
    let mut workspace = Workspace::new();
    let mut bytes = Vec::new();
    for _ in 0..3 {
        let mask = AttentionMask::Data(&case.allowed);
        attention(shape, inputs, case.rotation(), mask, &mut out, &mut kept, &mut workspace);
        let targets = AttentionGradients::Separate(gradients.each_mut().map(|gradient| &mut gradient[..]));
        attention_backward(shape, inputs, case.rotation(), mask, &kept, &case.dy, targets, &mut workspace);
        bytes.push(workspace.bytes());
    }
    assert_eq!(bytes, [bytes[0]; 3]);
}

#[test]
fn huge_scores_stay_finite() {
    let shape = AttentionShape { batch: 1, heads: 1, channels: 2, queries: 3, keys: 3 };
    let mut case = Case::new(shape, Kind::Causal, false, 3);
    case.tensors[0] = vec![1e2, -1e2, 1e2, 1e2, -1e2, 1e2];
    case.tensors[1] = vec![1e2, 1e2, -1e2, 1e2, 1e2, -1e2];
    case.check(Kind::Causal, false);
}
