//! What links say, and what they do not.

use proptest::prelude::*;

use super::{paths::differences, *};
use crate::{
    decode,
    experiment::{Corpus, DecodeConfig, DeviceChoice, OptimiserConfig, Positions, TokeniserKind, validate},
    objective,
    optim::{self, Method},
    schedule::{FAMILY, Shape},
};

#[test]
fn the_default_link_is_only_the_preset() {
    assert_eq!(to_link(&Experiment::default()), "?preset=gpt-nano");
}

#[test]
fn a_link_holds_only_what_differs() {
    let mut experiment = Experiment::default();
    experiment.model.layers = 2;
    experiment.device = DeviceChoice::Cpu;
    assert_eq!(to_link(&experiment), "?preset=gpt-nano#v=1&model.layers=2&device=cpu");
}

#[test]
fn unknown_and_bad_parts_are_named_and_the_rest_holds() {
    let (experiment, errors) = from_link(
        "https://example.org/lab/?preset=none#v=9&model.layers=2&model.heads=two&model.colour=red&text.corpus=bible&model=3",
    );
    assert_eq!(experiment.model.layers, 2);
    assert_eq!(experiment.model.heads, 3);
    assert_eq!(
        errors,
        [
            LinkError::Preset("none".into()),
            LinkError::Newer(9),
            LinkError::Value { path: "model.heads".into(), value: "two".into() },
            LinkError::Path("model.colour".into()),
            LinkError::Value { path: "text.corpus".into(), value: "bible".into() },
            LinkError::Path("model".into()),
        ]
    );
}

#[test]
fn knobs_of_a_schedule_are_set_beside_its_shape_in_any_order() {
    for link in ["#v=1&schedule.shape=rex&schedule.depth=0.9", "#schedule.depth=0.9&v=1&schedule.shape=rex"] {
        let (experiment, errors) = from_link(link);
        assert_eq!((experiment.schedule.shape.id(), errors), ("rex", vec![]));
        assert_eq!(to_link(&experiment), "?preset=gpt-nano#v=1&schedule.shape=rex&schedule.depth=0.9");
    }
    let (mut experiment, _) = from_link("#v=1&schedule.shape=drawn");
    experiment.schedule.points = "0:0.5,1:0".parse().expect("a curve");
    assert_eq!(to_link(&experiment), "?preset=gpt-nano#v=1&schedule.shape=drawn&schedule.points=0:0.5,1:0");
}

#[test]
fn links_made_before_schedules_had_knobs_stay_valid() {
    for shape in ["constant", "linear", "cosine"] {
        let link = format!("#v=1&schedule.shape={shape}&schedule.peak=0.002&schedule.floor=0.3&schedule.warmup=7");
        let (Experiment { schedule, .. }, errors) = from_link(&link);
        assert_eq!((schedule.shape.id(), schedule.peak, schedule.floor, schedule.warmup), (shape, 0.002, 0.3, 7));
        assert_eq!(errors, []);
    }
}

#[test]
fn a_second_text_and_none_are_names_in_the_link() {
    let link = "?preset=gpt-nano#v=1&text.then=state-of-the-union&text.switch=0.4&text.replay=0.05";
    let (Experiment { text, .. }, errors) = from_link(link);
    assert_eq!((text.then, text.switch, text.replay, errors), (Some(Corpus::StateOfTheUnion), 0.4, 0.05, vec![]));
    let (comparison, _) = comparison_from_link(&format!("{link}&b.text.then=none"));
    assert_eq!(comparison.experiment(1).text.then, None);
    let (_, errors) = from_link("#v=1&text.then=bible&text.switch=late");
    let value = |path: &str, value: &str| LinkError::Value { path: path.into(), value: value.into() };
    assert_eq!(errors, [value("text.then", "bible"), value("text.switch", "late")]);
}

#[test]
fn an_optimiser_and_its_knobs_are_in_the_link_and_older_links_stay_valid() {
    let link = "?preset=gpt-nano#v=1&optimiser.method=muon&optimiser.auxiliary=0.1&optimiser.momentum=0.9";
    let (experiment, errors) = from_link(link);
    assert_eq!((experiment.optimiser.method.id(), errors), ("muon", vec![]));
    assert_eq!(to_link(&experiment), link);
    let old = "#v=1&optimiser.beta1=0.8&optimiser.beta2=0.9&optimiser.epsilon=0.001&optimiser.weight_decay=0.2&optimiser.clip=0";
    let (Experiment { optimiser, .. }, errors) = from_link(old);
    let OptimiserConfig { method, beta1, beta2, epsilon, weight_decay, clip, .. } = optimiser;
    assert_eq!((method.id(), errors), ("adamw", vec![]));
    assert_eq!([beta1, beta2, epsilon, weight_decay, clip], [0.8, 0.9, 0.001, 0.2, 0.0]);
    let (_, errors) = from_link("#v=1&optimiser.method=adagrad&optimiser.momentum=0.9");
    assert_eq!(
        errors,
        [
            LinkError::Value { path: "optimiser.method".into(), value: "adagrad".into() },
            LinkError::Path("optimiser.momentum".into()),
        ]
    );
}

#[test]
fn shapes_and_knobs_that_do_not_exist_are_named() {
    let (experiment, errors) = from_link("#v=1&schedule.shape=zigzag&schedule.decay=0.3&schedule.colour=1");
    assert_eq!(experiment, Experiment::default());
    assert_eq!(
        errors,
        [
            LinkError::Value { path: "schedule.shape".into(), value: "zigzag".into() },
            LinkError::Path("schedule.decay".into()),
            LinkError::Path("schedule.colour".into()),
        ]
    );
    let (_, errors) = from_link("#v=1&schedule.shape=wsd&schedule.decay=much");
    assert_eq!(errors, [LinkError::Value { path: "schedule.decay".into(), value: "much".into() }]);
}

#[test]
fn the_link_from_one_schedule_to_another_holds_what_differs() {
    let shaped = |shape: &str, decay| {
        let mut experiment = Experiment::default();
        experiment.schedule.choose(Shape::find(shape).expect(shape));
        if let Some(decay) = decay {
            experiment.schedule.knobs.0.insert("decay".into(), decay);
        }
        experiment
    };
    let all = [shaped("wsd", None), shaped("wsd", Some(0.3)), shaped("wsd-sqrt", Some(0.3)), shaped("rex", None)];
    for base in &all {
        for other in &all {
            let mut found = base.clone();
            for (path, value) in differences(base, other) {
                found.set(&path, &value).expect("a setting");
            }
            assert_eq!(found, *other);
        }
    }
    assert_eq!(differences(&all[1], &all[2]), [("schedule.shape".to_owned(), "wsd-sqrt".to_owned())]);
    assert_eq!(differences(&all[1], &all[0]), [("schedule.decay".to_owned(), "0.2".to_owned())]);
}

#[test]
fn every_objective_and_each_of_its_knobs_survives_the_link_and_is_checked_at_its_path() {
    for method in objective::Method::all() {
        let mut all = Experiment::default();
        all.objective.choose(method);
        for knob in method.description().knobs {
            let value = knob.range.start() + 0.375 * (knob.range.end() - knob.range.start());
            let value = if knob.is_whole { value.ceil() } else { value };
            let ends = [value, *knob.range.start(), *knob.range.end()];
            let value = ends.into_iter().find(|value| *value != knob.default).expect("a range has two ends");
            all.objective.set(knob, value);
            let path = format!("objective.{}", knob.id);
            let mut one = Experiment::default();
            one.objective.choose(method);
            one.objective.set(knob, value);
            assert_eq!(from_link(&to_link(&one)), (one.clone(), vec![]), "{} {path}", method.id());
            assert!(to_link(&one).contains(&format!("&{path}=")), "{} {path}", method.id());
            one.objective.set(knob, knob.range.end() + 1.0);
            let fields: Vec<String> = validate(&one).into_iter().map(|invalid| invalid.field).collect();
            assert_eq!(fields, [path], "{}", method.id());
        }
        assert_eq!(from_link(&to_link(&all)), (all, vec![]), "{}", method.id());
    }
}

#[test]
fn an_objective_and_its_knobs_are_in_the_link_in_any_order_and_in_arms() {
    let link = "#objective.block=8&v=1&objective.method=masked&b.objective.block=2&b.objective.method=mask-and-edit";
    let (comparison, errors) = comparison_from_link(link);
    let blocks = [0, 1].map(|arm| comparison.experiment(arm).value_at("objective.block"));
    assert_eq!((blocks, errors), ([Some("8".to_owned()), Some("2".to_owned())], vec![]));
    let (_, errors) = from_link("#v=1&objective.method=guess&objective.block=8");
    let method = LinkError::Value { path: "objective.method".into(), value: "guess".into() };
    assert_eq!(errors, [method, LinkError::Path("objective.block".into())]);
}

#[test]
fn decoders_have_numbers_and_share_what_begins_with_decode() {
    let link = "?preset=gpt-nano#v=1&arms=2&decode.prompt=12%2B30&decode.length=16&decode.block=8&decode.arm=b\
                &1.method=static&2.method=threshold&2.threshold=0.5&2.temperature=0.8";
    let (comparison, errors) = comparison_from_link(link);
    let Decoding { arm, common, decoders } = &comparison.decoding;
    assert_eq!((*arm, common.prompt.as_str(), common.length, common.block, errors), (1, "12+30", 16, Some(8), vec![]));
    let ids: Vec<_> = decoders.iter().map(|config| (config.decoder.method().id(), config.temperature)).collect();
    assert_eq!(ids, [("static", None), ("threshold", Some(0.8))]);
    assert_eq!(comparison_to_link(&comparison), link);
    let (shuffled, _) =
        comparison_from_link("#2.threshold=0.5&decode.block=8&2.method=threshold&decode.block=null&v=1");
    assert_eq!((shuffled.decoding.decoders[1].clone(), shuffled.decoding.common.block), {
        let mut second = decoders[1].clone();
        second.temperature = None;
        (second, None)
    });
}

#[test]
fn what_is_wrong_with_decoders_is_named_and_the_arms_hold() {
    let (comparison, errors) = comparison_from_link(
        "#v=1&b.train.steps=9&7.method=static&0.method=static&decode.colour=1&decode.arm=z&decode.length=x&decode.block=x\
         &1.method=guess&1.threshold=0.5&2.method=static&2.steps=two&decoders=7",
    );
    let value = |path: &str, value: &str| LinkError::Value { path: path.into(), value: value.into() };
    assert_eq!(
        errors,
        [
            LinkError::Decoder("7.method".into()),
            LinkError::Decoder("0.method".into()),
            LinkError::Path("decode.colour".into()),
            value("decode.arm", "z"),
            value("decode.length", "x"),
            value("decode.block", "x"),
            value("1.method", "guess"),
            LinkError::Path("1.threshold".into()),
            value("2.steps", "two"),
            value("decoders", "7"),
        ]
    );
    assert_eq!((comparison.arms.len(), comparison.decoding.decoders.len()), (2, 2));
}

/// Links that were shared once, of every version there has been.
#[test]
fn links_of_every_earlier_version_open_as_they_did() {
    for links in [include_str!("../../../../tests/golden/links_v1.txt")] {
        let links = links.lines().filter(|line| !line.starts_with("# "));
        for (link, written) in links.map(|line| line.split_once('\t').unwrap_or((line, line))) {
            let (comparison, errors) = comparison_from_link(link);
            assert_eq!((comparison_to_link(&comparison).as_str(), errors), (written, vec![]), "{link}");
        }
    }
}

fn decodings() -> impl Strategy<Value = Decoding> {
    let common = (any::<String>(), any::<u16>(), 0.0..10.0f64, prop::option::of(1usize..512));
    let decoder = (any::<prop::sample::Index>(), 0.0..1.0f64, prop::option::of(0.0..2.0f64));
    (0..ARMS, common, prop::collection::vec(decoder, 0..=DECODERS)).prop_map(|(arm, common, decoders)| {
        let (prompt, length, temperature, block) = common;
        let methods: Vec<_> = decode::Method::all().collect();
        let config = |(index, value, temperature): (prop::sample::Index, f64, Option<f64>)| {
            let method = methods[index.index(methods.len())];
            let mut config = DecoderConfig { temperature, ..DecoderConfig::new(method) };
            method.description().knobs.iter().for_each(|knob| config.decoder.set(knob, value));
            config
        };
        Decoding {
            arm,
            common: DecodeConfig { prompt, length: length.into(), temperature, block },
            decoders: decoders.into_iter().map(config).collect(),
        }
    })
}

fn experiments() -> impl Strategy<Value = Experiment> {
    let text = (
        prop::sample::select(vec![Corpus::MobyDick, Corpus::Own, Corpus::Addition, Corpus::Brackets]),
        any::<u16>(),
        prop::sample::select(vec![TokeniserKind::Char, TokeniserKind::Byte, TokeniserKind::Bpe]),
        prop::option::of(prop::sample::select(vec![Corpus::StateOfTheUnion, Corpus::FirstNames])),
        [0.0..=1.0f64, 0.0..=1.0f64],
    );
    let model = (any::<[u16; 4]>(), any::<[bool; 3]>(), 0.0..1.0f64);
    let rest =
        (any::<u32>(), any::<f64>().prop_filter("finite", |v| v.is_finite()), any::<[u32; 5]>(), any::<String>());
    let device = prop::sample::select(vec![DeviceChoice::Auto, DeviceChoice::Gpu, DeviceChoice::Cpu]);
    (text, model, rest, device).prop_map(|(text, model, rest, device)| {
        let mut experiment = Experiment::default();
        (experiment.text.corpus, experiment.text.task_size, experiment.text.tokeniser) =
            (text.0, text.1.into(), text.2);
        (experiment.text.then, [experiment.text.switch, experiment.text.replay]) = (text.3, text.4);
        let sizes = model.0.map(usize::from);
        [experiment.model.layers, experiment.model.heads, experiment.model.width, experiment.model.context] = sizes;
        experiment.model.positions = if model.1[0] { Positions::Rope } else { Positions::Learned };
        (experiment.model.bias, experiment.model.tied, experiment.model.dropout) = (model.1[1], model.1[2], model.2);
        experiment.seed = rest.0;
        experiment.schedule.peak = rest.1;
        experiment.schedule.choose(Shape::of(FAMILY[rest.0 as usize % FAMILY.len()]));
        for knob in experiment.schedule.shape.description().knobs {
            experiment.schedule.set_value(knob, model.2);
        }
        experiment.optimiser.choose(Method::of(optim::FAMILY[rest.0 as usize % optim::FAMILY.len()]));
        for knob in experiment.optimiser.method.description().knobs {
            experiment.optimiser.set_value(knob, model.2);
        }
        let objectives: Vec<_> = objective::Method::all().collect();
        experiment.objective.choose(objectives[rest.0 as usize % objectives.len()]);
        for knob in experiment.objective.method().description().knobs {
            experiment.objective.set(knob, model.2);
        }
        let counts = rest.2.map(|count| count as usize);
        let train = &mut experiment.train;
        [train.steps, train.batch, train.accumulation, train.eval_every, train.eval_windows] = counts;
        experiment.sample.prompt = rest.3;
        experiment.device = device;
        experiment
    })
}

/// A piece of a link that is right, wrong, or broken off.
fn pieces() -> impl Strategy<Value = String> {
    let path = proptest::sample::select(vec![
        "v",
        "seeds",
        "arms",
        "decoders",
        "made",
        "model.layers",
        "schedule.peak",
        "schedule.shape",
        "schedule.curve",
        "text.corpus",
        "objective.method",
        "objective.block",
        "b.model.width",
        "h.optimiser.method",
        "i.train.steps",
        "1.method",
        "6.threshold",
        "7.method",
        "decode.length",
        "decode.arm",
        "decode.block",
        "model",
        "",
        ".",
        "a.",
        "b..",
    ]);
    let value = proptest::sample::select(vec![
        "1",
        "0",
        "-1",
        "NaN",
        "inf",
        "1e999",
        "null",
        "true",
        "{}",
        "[1]",
        "18446744073709551616",
        "wsd",
        "own",
        "masked",
        "0,1;1,0",
        "%",
        "%F",
        "%00",
        "%ff%fe",
        "\u{202e}",
        "",
    ]);
    let known = (path, value).prop_map(|(path, value)| format!("{path}={value}"));
    prop_oneof![4 => known, 1 => "[a-h1-9]?[.]?[a-z_.]{0,12}={0,2}[-0-9a-zA-Z%&#?.]{0,12}", 1 => any::<String>()]
}

// Each of these reads and writes whole experiments: `PROPTEST_CASES=100000` takes an hour of them.
proptest! {
    #[test]
    fn no_pieces_make_the_parser_panic(pieces in proptest::collection::vec(pieces(), 0..8), query in any::<bool>()) {
        let link = format!("{}#{}", if query { "?preset=wsd&ui=compact" } else { "" }, pieces.join("&"));
        let (comparison, _) = comparison_from_link(&link);
        // Whatever was understood is a comparison that a link can hold.
        prop_assert_eq!(comparison_from_link(&comparison_to_link(&comparison)), (comparison, vec![]));
    }

    #[test]
    fn every_experiment_survives_its_link(experiment in experiments()) {
        prop_assert_eq!(from_link(&to_link(&experiment)), (experiment, vec![]));
    }

    #[test]
    fn every_decoding_survives_its_link(decoding in decodings()) {
        let comparison = Comparison { decoding, ..Comparison::default() };
        prop_assert_eq!(comparison_from_link(&comparison_to_link(&comparison)), (comparison, vec![]));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100_000))]

    #[test]
    fn no_text_makes_the_parser_panic(link in any::<String>()) {
        from_link(&link);
    }

    #[test]
    fn no_fragment_makes_the_parser_panic(path in "[a-z.]{0,20}", value in any::<String>()) {
        from_link(&format!("#v=1&{path}={value}&%&%4&%zz="));
    }
}
