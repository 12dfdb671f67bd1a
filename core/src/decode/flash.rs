//! Attention over two sets of keys from the attention over each (FlashBlock; Milakov and Gimelshein 2018,
//! arXiv:1805.02867).

/// A row of attention: its output, and the logarithm of its normaliser.
#[derive(Clone, Debug, PartialEq)]
pub struct Attention {
    /// `sum_k softmax_k v_k`.
    pub output: Vec<f64>,
    /// `ln sum_k exp(score_k)`; minus infinity over no keys.
    pub normaliser: f64,
}

/// The attention over both sets of keys: each output weighs as its normaliser. It is exact where both have one query.
pub fn merge(outer: &Attention, inner: &Attention) -> Attention {
    let top = outer.normaliser.max(inner.normaliser);
    let (outer_weight, inner_weight) = ((outer.normaliser - top).exp(), (inner.normaliser - top).exp());
    let sum = outer_weight + inner_weight;
    let of = |(outer, inner): (&f64, &f64)| (outer * outer_weight + inner * inner_weight) / sum;
    Attention { output: outer.output.iter().zip(&inner.output).map(of).collect(), normaliser: top + sum.ln() }
}

#[cfg(test)]
mod tests {
    use super::{super::golden::*, *};

    fn attention(query: &[f64], keys: &[Vec<f64>], values: &[Vec<f64>]) -> Attention {
        let dot = |key: &Vec<f64>| key.iter().zip(query).map(|(k, q)| k * q).sum::<f64>() / (query.len() as f64).sqrt();
        let weights: Vec<f64> = keys.iter().map(|key| dot(key).exp()).collect();
        let sum: f64 = weights.iter().sum();
        let output = (0..query.len()).map(|i| weights.iter().zip(values).map(|(w, v)| w * v[i]).sum::<f64>() / sum);
        Attention { output: output.collect(), normaliser: sum.ln() }
    }

    #[test]
    fn two_parts_merge_to_the_golden_whole() {
        let golden = &golden()["other"]["flashblock_lse_merge"];
        let rows = |name: &str| list(&golden[name]).iter().map(numbers).collect::<Vec<_>>();
        let (query, keys, values) = (numbers(&golden["q"]), rows("k"), rows("v"));
        let outer = number(&golden["outer_keys"]) as usize;
        let part = |name: &str, normaliser: &str| Attention {
            output: numbers(&golden[name]),
            normaliser: number(&golden[normaliser]),
        };
        let near = |found: &Attention, expected: &Attention| {
            let all = found.output.iter().zip(&expected.output).all(|(a, b)| (a - b).abs() < 1e-9);
            assert!(all && (found.normaliser - expected.normaliser).abs() < 1e-9, "{found:?}");
        };
        near(&attention(&query, &keys[..outer], &values[..outer]), &part("outer", "outer_lse"));
        near(&attention(&query, &keys[outer..], &values[outer..]), &part("inner", "inner_lse"));
        let merged = merge(&part("outer", "outer_lse"), &part("inner", "inner_lse"));
        near(&merged, &part("merged", "full_lse"));
        near(&attention(&query, &keys, &values), &merged);
    }

    #[test]
    fn no_keys_weigh_nothing() {
        let some = Attention { output: vec![1.0, -2.0], normaliser: 700.0 };
        let none = Attention { output: vec![0.0, 0.0], normaliser: f64::NEG_INFINITY };
        assert_eq!(merge(&none, &some), some);
        assert_eq!(merge(&some, &none), some);
    }
}
