//! Named model sizes.

use super::ModelConfig;

/// A named model size of minGPT (Karpathy 2020, `mingpt/model.py`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModelPreset {
    /// 3 layers, 3 heads, 48 wide.
    Nano,
    /// 4 layers, 4 heads, 128 wide.
    Micro,
    /// 6 layers, 6 heads, 192 wide.
    Mini,
}

impl ModelPreset {
    /// All sizes, smallest first.
    pub const ALL: [Self; 3] = [Self::Nano, Self::Micro, Self::Mini];

    /// The name that the field uses.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nano => "gpt-nano",
            Self::Micro => "gpt-micro",
            Self::Mini => "gpt-mini",
        }
    }

    /// Layers, heads and width.
    pub fn size(self) -> (usize, usize, usize) {
        match self {
            Self::Nano => (3, 3, 48),
            Self::Micro => (4, 4, 128),
            Self::Mini => (6, 6, 192),
        }
    }

    /// Sets layers, heads and width; everything else stays.
    pub fn apply(self, model: &mut ModelConfig) {
        (model.layers, model.heads, model.width) = self.size();
    }

    /// The size that a configuration has, if it has a name.
    pub fn matching(model: &ModelConfig) -> Option<Self> {
        Self::ALL.into_iter().find(|preset| preset.size() == (model.layers, model.heads, model.width))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_model_size_is_recognised_by_its_numbers() {
        let mut model = ModelConfig::default();
        for preset in ModelPreset::ALL {
            preset.apply(&mut model);
            assert_eq!(ModelPreset::matching(&model), Some(preset));
        }
        model.width += 1;
        assert_eq!(ModelPreset::matching(&model), None);
    }
}
