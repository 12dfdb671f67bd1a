use proptest::prelude::*;

use super::*;
use crate::chart::{
    palette::Palette,
    scene::Item,
    svg,
    testing::{Runs, assert_finite, spectrum, tail},
};

fn with_spectra(arms: usize, values: &[f32]) -> Runs {
    let mut runs = Runs::measured(arms, 200);
    runs.matrix = Some(8);
    for frame in runs.arms.iter_mut().flat_map(|run| &mut run.record.layers) {
        frame.spectra[8] = values.to_vec();
        frame.tails[8] = tail(values);
    }
    runs
}

#[test]
fn two_arms_and_the_start() {
    let mut runs = with_spectra(2, &spectrum(2.4, 128));
    for (run, alpha) in runs.arms.iter_mut().zip([2.9, 2.5]) {
        let values = spectrum(alpha, 128);
        run.record.layers[0].spectra[8] = spectrum(3.4, 128);
        run.record.layers[0].tails[8] = tail(&spectrum(3.4, 128));
        run.record.layers[1].tails[8] = tail(&values);
        run.record.layers[1].spectra[8] = values;
    }
    runs.crosshair = Some(110);
    runs.with(|input| {
        let (scene, title) = (scene(input, None, 460.0, 220.0), summary(input, None));
        assert!(title.contains("L0.up, 16 × 64") && title.contains("B at step 100") && title.contains("64 of 128"));
        insta::assert_snapshot!(svg::document(&scene, &Palette::variables(), &title, None));
    });
}

#[test]
fn the_line_has_the_slope_of_its_alpha() {
    let runs = with_spectra(1, &spectrum(2.5, 256));
    runs.with(|input| {
        let scene = scene(input, None, 460.0, 400.0);
        let line = scene.items.iter().find_map(|item| match item {
            Item::Path { points, stroke } if stroke.width == 2.2 => Some(points.clone()),
            _ => None,
        });
        let [from, to] = line.expect("a tail")[..] else { panic!("two ends") };
        let list = densities(&input, None);
        let frame = Frame { right: 448.0, ..input.frame(460.0, 400.0) };
        let (x, y) = scales(list.iter(), frame).expect("bins");
        let slope = (y.invert(to.1) / y.invert(from.1)).ln() / (x.invert(to.0) / x.invert(from.0)).ln();
        let alpha = list[0].tail.expect("a tail").alpha;
        assert!((slope + alpha).abs() < 1e-6, "{slope} for alpha {alpha}");
        assert!((alpha - 2.5).abs() < 0.1, "{alpha}");
    });
}

#[test]
fn rounding_errors_do_not_stretch_the_axis() {
    let mut values = vec![1e-20f32; 8];
    values.extend(spectrum(2.5, 120));
    with_spectra(1, &values).with(|input| {
        let list = densities(&input, None);
        assert!(list[0].esd.bins[0].low > 0.05 && list[0].esd.zeros == 8);
        assert_eq!(list[0].eigenvalues.len(), 128, "they count all the same");
    });
}

#[test]
fn a_line_is_cut_where_the_plot_ends() {
    assert_eq!(cut((0.0, 10.0), (10.0, 110.0), 0.0, 60.0), [(0.0, 10.0), (5.0, 60.0)]);
    assert_eq!(cut((0.0, -50.0), (10.0, 50.0), 0.0, 60.0), [(5.0, 0.0), (10.0, 50.0)]);
    assert!(cut((0.0, 70.0), (10.0, 90.0), 0.0, 60.0).is_empty());
}

#[test]
fn without_a_spectrum_the_chart_says_so() {
    for runs in [Runs::new(2, 40), with_spectra(1, &[]), with_spectra(1, &[0.0; 16])] {
        runs.with(|input| {
            let scene = scene(input, None, 460.0, 220.0);
            let is_note = |item: &Item| matches!(item, Item::Label { text, .. } if text == "no spectrum measured yet");
            assert!(scene.items.iter().any(is_note));
            assert!(summary(input, None).ends_with("No spectrum has been measured."));
        });
    }
}

proptest! {
    #[test]
    fn every_spectrum_has_finite_places(
        values in prop::collection::vec(prop_oneof![
            6 => 1e-9..1e9f32, 1 => Just(0.0), 1 => Just(f32::MIN_POSITIVE), 1 => Just(f32::MAX), 1 => Just(f32::NAN)], 0..90),
        (alpha, start) in (prop_oneof![1.0..40.0f64, Just(f64::INFINITY)], 0usize..99),
        (width, height) in (0.0..700.0f64, 0.0..400.0f64),
        arm in prop::option::of(0usize..3),
    ) {
        let mut values = values;
        values.sort_by(f32::total_cmp);
        let mut runs = with_spectra(2, &values);
        let xmin = f64::from(values.get(start).copied().unwrap_or(0.0));
        for frame in &mut runs.arms[1].record.layers {
            frame.tails[8] = Some(Tail { alpha, distance: 0.1, start, xmin });
        }
        runs.with(|input| {
            assert_finite(&scene(input, arm, width, height));
            let _ = summary(input, arm);
        });
    }
}
