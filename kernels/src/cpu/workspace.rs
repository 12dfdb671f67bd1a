//! Memory that kernels use for the length of one call.

/// Scratch memory, kept from call to call: it grows to the largest request and is then never allocated again.
#[derive(Clone, Debug, Default)]
pub struct Workspace {
    lines: Vec<Line>,
    pub(super) spans: super::attention::Spans,
}

/// A cache line; the wider registers load fastest from whole ones.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

const LINE: usize = 16;

impl Workspace {
    /// An empty workspace.
    pub fn new() -> Self {
        Self::default()
    }

    /// A workspace full of NaN, for tests: a kernel that reads what it has not written gives NaN.
    #[cfg(test)]
    pub(super) fn dirty() -> Self {
        Self { lines: vec![Line([f32::NAN; LINE]); 1 << 14], ..Self::default() }
    }

    /// Bytes that it holds.
    pub fn bytes(&self) -> usize {
        self.lines.capacity() * size_of::<Line>() + self.spans.bytes()
    }

    /// Disjoint slices of the given lengths, each at the start of a cache line. They hold whatever they held before.
    pub(super) fn slices<const COUNT: usize>(&mut self, lengths: [usize; COUNT]) -> [&mut [f32]; COUNT] {
        carve(&mut self.lines, lengths)
    }

    /// [`Workspace::slices`] beside the spans of an attention mask.
    pub(super) fn slices_and_spans<const COUNT: usize>(
        &mut self,
        lengths: [usize; COUNT],
    ) -> ([&mut [f32]; COUNT], &mut super::attention::Spans) {
        (carve(&mut self.lines, lengths), &mut self.spans)
    }
}

fn carve<const COUNT: usize>(lines: &mut Vec<Line>, lengths: [usize; COUNT]) -> [&mut [f32]; COUNT] {
    let needed: usize = lengths.iter().map(|length| length.div_ceil(LINE)).sum();
    if lines.len() < needed {
        lines.resize(needed, Line([0.0; LINE]));
    }
    // SAFETY: `Line` is 16 f32 without padding, so its lines are that many f32 in a row.
    let mut rest = unsafe { std::slice::from_raw_parts_mut(lines.as_mut_ptr().cast::<f32>(), lines.len() * LINE) };
    lengths.map(|length| {
        let (whole, others) = std::mem::take(&mut rest).split_at_mut(length.next_multiple_of(LINE));
        rest = others;
        &mut whole[..length]
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_disjoint_aligned_and_reused() {
        let mut workspace = Workspace::new();
        let [a, b, c] = workspace.slices([3, 0, 17]);
        assert_eq!((a.len(), b.len(), c.len()), (3, 0, 17));
        assert_eq!(a.as_ptr() as usize % 64, 0);
        assert_eq!(c.as_ptr() as usize % 64, 0);
        a.fill(1.0);
        c.fill(2.0);
        assert_eq!(a, [1.0; 3]);
        let bytes = workspace.bytes();
        let [d] = workspace.slices([40]);
        assert_eq!(d.len(), 40);
        assert_eq!(workspace.bytes(), bytes);
    }
}
