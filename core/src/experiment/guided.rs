//! The guided experiments of the lab: one question each, with a control wherever an answer could deceive.

use super::{
    Preset,
    preset::{Chapter, Guide},
};

/// The arms of a comparison on addition, all of them small models that see the same problems.
macro_rules! addition {
    ($arms:literal) => {
        concat!(
            "text.corpus=addition&text.task_size=2&model.layers=4&model.heads=4&model.width=64&schedule.peak=0.002",
            "&schedule.warmup=50&layerwise.watch=0&train.batch=32&train.steps=1000&train.eval_every=100",
            "&sample.every=200&sample.length=48&sample.temperature=0&sample.prompt=%0A&seeds=4",
            $arms
        )
    };
}

/// The arms and the decoders of a comparison on sorting six letters, which a small model learns in two thousand steps.
macro_rules! sorting {
    ($steps:literal, $arms:literal) => {
        concat!(
            "text.corpus=sort&text.task_size=6&layerwise.watch=0&train.steps=",
            $steps,
            "&train.eval_every=200&sample.every=500&sample.length=48&sample.temperature=0&sample.prompt=%0A&seeds=4",
            "&decode.length=32",
            $arms
        )
    };
}

/// The experiments, in the order of the lab.
pub(super) const GUIDED: [Preset; 15] = [
    // The settings of the study in public/studies.
    Preset {
        name: "one-rate",
        title: "Does one learning rate fit all layers?",
        guide: Some(Guide {
            chapter: Chapter::Layers,
            text: "Three models read the same batches: one rate for every matrix, rates that follow the heavy tails of \
                   the weight spectra, and the control that speeds up the embedding alone.",
            look: &[
                "Alpha: do all matrices become heavy-tailed, and in which order?",
                "Learning rate: B fans out where alphas differ; its multipliers stay after the first fifth of the run.",
                "The strip below the loss: is B − A outside its band, and is C − A the same?",
                "Then halve and double the peak under Base. An answer that turns with the rate is about the rate.",
            ],
        }),
        settings: "model.layers=4&model.heads=4&model.width=128&train.batch=12&train.steps=300&train.eval_every=50\
                   &train.eval_windows=256&schedule.peak=0.002&schedule.warmup=30&layerwise.watch=25&seeds=4\
                   &b.layerwise.method=llr&b.layerwise.every=15&b.layerwise.ramp=7&c.layerwise.method=ends",
    },
    Preset {
        name: "tails-or-embedding",
        title: "Is it the tails, or only the embedding?",
        guide: Some(Guide {
            chapter: Chapter::Layers,
            text: "Heavy-tail rates against three controls that know nothing of the tails: a faster embedding alone, one \
                   fixed multiplier per type of matrix, and the same multipliers given to the wrong matrices.",
            look: &[
                "A is LLR here, so every difference is a control minus LLR: above 0 speaks for the tails.",
                "D has LLR's own multipliers, shuffled. If D does as well as A, the spectra do not matter.",
                "Learning rate: A and D share their fan; only the matrices behind its lines differ.",
            ],
        }),
        settings: "model.layers=4&model.heads=4&model.width=128&train.batch=12&train.steps=300&train.eval_every=50\
                   &train.eval_windows=256&schedule.peak=0.002&schedule.warmup=30&layerwise.watch=25&seeds=4\
                   &a.layerwise.method=llr&a.layerwise.every=15&a.layerwise.ramp=7&b.layerwise.method=ends\
                   &c.layerwise.method=by-type&d.layerwise.method=llr-permuted&d.layerwise.every=15&d.layerwise.ramp=7",
    },
    Preset {
        name: "wider",
        title: "How large a rate survives a wider model?",
        guide: Some(Guide {
            chapter: Chapter::Layers,
            text: "The same large rate for models 48, 96 and 192 wide, and once more for the widest with rates that \
                   shrink with the width as muP asks.",
            look: &[
                "Loss: which width suffers most from this rate, and does D mend it?",
                "Gradient norm: spikes are updates that went too far.",
                "Then lower the peak under Base until the widest model wins, and raise it until the first one ends in a \
                 cross.",
            ],
        }),
        settings: "train.steps=300&train.eval_every=50&train.batch=8&schedule.peak=0.03&schedule.warmup=30&seeds=4&layerwise.watch=0&sample.every=0&b.model.width=96&c.model.width=192&d.model.width=192\
                   &d.layerwise.method=width",
    },
    Preset {
        name: "wsd",
        title: "Why does the loss fall when WSD decays?",
        guide: Some(Guide {
            chapter: Chapter::Time,
            text: "Hold the rate and never let go, let it fall over the last fifth, or over the last half. The loss bends \
                   where the rate does.",
            look: &[
                "Loss and learning rate under one crosshair: where does each arm's loss leave A's?",
                "Before the decay A and B are the same run, batch for batch: their difference is exactly 0.",
                "Law, above the loss: fitted to A and B it predicts C before you look.",
                "Does the longer decay pay for the steps that it takes away from the high rate?",
            ],
        }),
        settings: "train.steps=800&train.eval_every=20&schedule.floor=0&seeds=4&layerwise.watch=0&sample.every=200\
                   &a.schedule.shape=constant&b.schedule.shape=wsd&c.schedule.shape=wsd&c.schedule.decay=0.5",
    },
    Preset {
        name: "linear-or-cosine",
        title: "Linear or cosine?",
        guide: Some(Guide {
            chapter: Chapter::Time,
            text: "Same peak, same steps, same batches. Is the gap between two ways down larger than the spread of the \
                   seeds?",
            look: &[
                "The verdict after four seeds, and how many more would tell.",
                "C never falls. Is B − A small beside C − A, so that falling at all matters more than how?",
                "Half way the two are furthest apart in rate. Does the order of the losses there hold at the end?",
            ],
        }),
        settings: "train.steps=600&train.eval_every=50&schedule.floor=0&seeds=4&layerwise.watch=0&sample.every=200\
                   &a.schedule.shape=linear&c.schedule.shape=constant",
    },
    Preset {
        name: "rewarm",
        title: "What does re-warming cost?",
        guide: Some(Guide {
            chapter: Chapter::Time,
            text: "Half a run learns Moby-Dick, the other half the State of the Union. From there A stays at the floor, B \
                   climbs back to half the peak and C to all of it; D does as C, with a twentieth of its sequences still \
                   from Moby-Dick.",
            look: &[
                "Loss: full markers are the text that is learned, hollow ones the other. Until the switch all arms are \
                 one run, batch for batch.",
                "Right of the switch, C against A: what does the higher rate gain on the new text, and what does it lose \
                 on the old one?",
                "D against C on Moby-Dick: how much does a twentieth of replay keep, and what does the new text pay?",
                "Then choose Moby-Dick as the second text under Base: what still rises is the optimiser's doing.",
            ],
        }),
        settings: "text.then=state-of-the-union&train.steps=800&train.eval_every=20&schedule.shape=rewarm&seeds=4&layerwise.watch=0&sample.every=200&a.schedule.again=0&b.schedule.again=0.5&d.text.replay=0.05",
    },
    Preset {
        name: "muon",
        title: "AdamW or Muon?",
        guide: Some(Guide {
            chapter: Chapter::Time,
            text: "Each optimiser at two peak rates, because a rate that suits one is far from what suits the other.",
            look: &[
                "Compare the better of A and B with the better of C and D, nothing else.",
                "Switch the x-axis to seconds: a step of Muon costs more. Who leads at equal time?",
                "ESD: Muon's updates have singular values near 1. Do its spectra spread as AdamW's do?",
            ],
        }),
        settings: "train.steps=600&train.eval_every=50&seeds=4&layerwise.watch=100&sample.every=200\
                   &b.schedule.peak=0.008&c.schedule.peak=0.02&c.optimiser.method=muon&d.schedule.peak=0.04\
                   &d.optimiser.method=muon",
    },
    Preset {
        name: "blocks",
        title: "What does a block buy?",
        guide: Some(Guide {
            chapter: Chapter::Blocks,
            text: "The same small model learns to add: token by token, and by filling masked blocks of 1, 4, 16 and 64 \
                   tokens. A larger block can be written in fewer forwards; the question is what it costs.",
            look: &[
                "B has blocks of one token, all masked: the likelihood of A, computed in another way. Do they agree?",
                "The losses of C to E are bounds: a worse bound does not show a worse model.",
                "Answered exactly: the figure that means the same for every arm.",
                "Denoising, beside the samples: what does a block of C settle first, at step 200 and at the end?",
            ],
        }),
        settings: addition!(
            "&b.objective.method=masked&b.objective.block=1&c.objective.method=masked&c.objective.block=4\
             &d.objective.method=masked&d.objective.block=16&e.objective.method=masked\
             &e.objective.block=64"
        ),
    },
    Preset {
        name: "clipped",
        title: "Does the weight 1/t hurt, and does clipping mend it?",
        guide: Some(Guide {
            chapter: Chapter::Blocks,
            text: "With few masks in a block each weighs 1/t, up to a thousand. A is next-token prediction; B and C have \
                   blocks of one token, with all levels of noise and all masked; D and E have blocks of four, with all \
                   levels and with levels from 0.45 to 0.95.",
            look: &[
                "Blocks of one token are next-token prediction, so the validations of A, B and C are likelihoods. Is what \
                 parts B from C more than the spread of the seeds?",
                "Gradient norm: how often does an arm with all levels meet the clip, and how often E?",
                "E is trained on a masked cross-entropy, which has no place beside the others: compare its validations \
                 with those of D.",
            ],
        }),
        settings: addition!(
            "&b.objective.method=masked&b.objective.block=1&b.objective.all=0&c.objective.method=masked\
             &c.objective.block=1&d.objective.method=masked&e.objective.method=masked\
             &e.objective.low=0.45&e.objective.high=0.95"
        ),
    },
    Preset {
        name: "noise",
        title: "Masked or uniform noise?",
        guide: Some(Guide {
            chapter: Chapter::Blocks,
            text: "A mask says where to write; another token in its place does not. The same blocks of four, masked in A \
                   and replaced by random tokens in B.",
            look: &[
                "Both losses are bounds of the same likelihood, with bars of two standard errors.",
                "Denoising, beside the samples: B may change a token again, A never does. Where does B change its mind?",
                "Answered exactly, at the end: does freedom to change pay for not being told where?",
            ],
        }),
        settings: addition!("&a.objective.method=masked&b.objective.method=uniform"),
    },
    Preset {
        name: "eraser",
        title: "What does a pencil learn from an eraser?",
        guide: Some(Guide {
            chapter: Chapter::Blocks,
            text: "Three models learn to sort six letters. A restores masked tokens and must live with what it wrote. B also \
                   corrects wrong tokens, one in seven of those in sight, so that a decoder may edit; C corrects one in two.",
            look: &[
                "The bounds of all arms are for masks alone: what do B and C pay for learning a second thing?",
                "Decode B with edits (4 and 5): how many of them mend an answer, and how many break one?",
                "Decode A with edits too. It was never shown a wrong token; does it notice one?",
            ],
        }),
        settings: sorting!(
            "2000",
            "&a.objective.method=masked&a.objective.block=8&b.objective.method=mask-and-edit&b.objective.block=8\
             &c.objective.method=mask-and-edit&c.objective.block=8&c.objective.share=0.5&decode.arm=b\
             &1.method=static&2.method=threshold&3.method=threshold&3.threshold=0.5&4.method=edit&5.method=edit\
             &5.threshold=0.5&6.method=remask"
        ),
    },
    Preset {
        name: "parallel",
        title: "When does parallel decoding break?",
        guide: Some(Guide {
            chapter: Chapter::Blocks,
            text: "Tokens that are written in one forward do not know of each other. Three models learn to sort six letters \
                   by filling blocks of 4, 8 and 16 tokens; decoders write whatever they are sure enough of, from one \
                   token per forward to all above a third. Train first, then decode.",
            look: &[
                "Measure on the Decode screen: tokens per forward against exact answers. Where along the thresholds do \
                 wrong answers begin, if they do?",
                "Larger blocks can be written in fewer forwards, and are harder to learn. At equal steps, which arm is \
                 the fastest that is still right?",
                "Forwards that only keep keys and values are counted apart. How much of the gain is left with them?",
            ],
        }),
        settings: sorting!(
            "2000",
            "&a.objective.method=async-noise&b.objective.method=async-noise&b.objective.block=8\
             &c.objective.method=async-noise&c.objective.block=16&decode.arm=b&1.method=static&2.method=threshold\
             &2.threshold=0.99&3.method=threshold&4.method=threshold&4.threshold=0.7&5.method=threshold\
             &5.threshold=0.5&6.method=threshold&6.threshold=0.3"
        ),
    },
    Preset {
        name: "draft-verify",
        title: "Can one model draft and verify?",
        guide: Some(Guide {
            chapter: Chapter::Blocks,
            text: "One network that has learned blocks of 1, 4 and 16 tokens can draft a block at once and check it token \
                   by token. A learns next tokens alone, B blocks of 16 alone, C the mixture, all on sorting six letters. \
                   Train first, then decode.",
            look: &[
                "Decode C with drafts and verification (5 and 6): how long is the prefix that it accepts, and what do the \
                 forwards of the verification cost?",
                "Count all forwards. Is there anything left of the gain over writing token by token?",
                "The loss of C is measured at blocks of 16: compare it with B, not with A.",
            ],
        }),
        settings: sorting!(
            "3000",
            "&b.objective.method=masked&b.objective.block=16&c.objective.method=mixture&decode.arm=c\
             &1.method=autoregressive&2.method=static&3.method=threshold&4.method=threshold&4.threshold=0.5\
             &5.method=s2d2&6.method=s2d2-exact"
        ),
    },
    Preset {
        name: "coarse-fine",
        title: "Think coarse, then fine?",
        guide: Some(Guide {
            chapter: Chapter::Blocks,
            text: "A decoder may sketch a long block and refine it in short ones, if the network knows both. A learns \
                   blocks of 16, B blocks of 4, C the mixture, all on sorting six letters. Train first, then decode.",
            look: &[
                "Decode C from coarse to fine (4), and with either size alone: which tokens does the refinement change?",
                "C shares its updates among its sizes. What does it lose against A at 16, the size that its bound is for?",
                "Answered exactly against all forwards: is the detour shorter?",
            ],
        }),
        settings: sorting!(
            "3000",
            "&a.objective.method=masked&a.objective.block=16&b.objective.method=masked&c.objective.method=mixture\
             &decode.arm=c&1.method=static&2.method=threshold&3.method=bacd&4.method=tccf"
        ),
    },
    Preset {
        name: "null",
        title: "Is LLR at ×1 exactly nothing?",
        guide: Some(Guide {
            chapter: Chapter::Evidence,
            text: "With a largest multiplier of 1 every loss must equal that of one rate, bit for bit. Check it before you \
                   believe any other difference.",
            look: &[
                "The strip below the loss: a line at 0, not near it.",
                "B measures spectra and A does not, so B takes a little longer: the meters say how much.",
            ],
        }),
        settings: "train.steps=300&train.eval_every=50&seeds=4&layerwise.watch=0&sample.every=100\
                   &b.layerwise.method=llr&b.layerwise.s2=1&b.layerwise.every=15&b.layerwise.ramp=7",
    },
];
