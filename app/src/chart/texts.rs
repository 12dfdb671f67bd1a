//! Runs that learn one text and then another: where they switch, and the loss on the text that is not learned.

use tailblazer_core::{experiment::Corpus, session::Validation};

use super::{
    axis::Frame,
    ink::Ink,
    input::{Arm, Input},
    mark::{Shape, Stroke},
    scene::{Anchor, Scene, TEXT},
    ticks::Scale,
};
use crate::{
    t, words,
    workspace::{
        format::{fixed, integer},
        quantity,
        view::XAxis,
    },
};

/// Pixels from one row of words to the next.
const ROW: f64 = 13.0;

/// Pixels between a line and its words.
const GAP: f64 = 5.0;

/// The losses on a text while the other one is learned, as steps and losses, in order.
#[derive(Clone, Debug, PartialEq)]
pub struct Unlearned {
    /// The text.
    pub text: Corpus,
    /// The validations.
    pub points: Vec<(usize, f64)>,
    /// The last validation before them, or the first one after them, that the text was learned for.
    pub learned: Option<(usize, f64)>,
}

impl Unlearned {
    /// The points with the one that the text was learned for in its place.
    fn line(&self) -> Vec<(usize, f64)> {
        let mut line: Vec<_> = self.points.iter().copied().chain(self.learned).collect();
        line.sort_by_key(|(step, _)| *step);
        line
    }
}

/// The losses of an arm on texts that it did not learn then: on the second text before the switch, and on the first one
/// after it.
pub fn unlearned(arm: &Arm) -> Vec<Unlearned> {
    let (text, steps) = (&arm.experiment.text, arm.experiment.train.steps);
    let validations = &arm.record.validations;
    let (before, after) = validations.split_at(validations.partition_point(|v| !text.is_switched(steps, v.step)));
    let is_finite = |(_, loss): &(usize, f64)| loss.is_finite();
    let of = |(text, list, next): (Option<Corpus>, &[Validation], Option<&Validation>)| {
        let points: Vec<_> = list.iter().filter_map(|v| Some((v.step, v.other_loss?))).filter(is_finite).collect();
        let learned = next.map(|v| (v.step, v.loss)).filter(is_finite);
        text.filter(|_| !points.is_empty()).map(|text| Unlearned { text, points, learned })
    };
    let both = [(text.then, before, after.first()), (Some(text.corpus), after, before.last())];
    both.into_iter().filter_map(of).collect()
}

/// Draws the losses of an arm on the text that it does not learn: hollow markers, joined by a thin dotted line. `at`
/// gives the pixel of a loss after so many steps.
pub fn draw_unlearned(scene: &mut Scene, arm: &Arm, at: impl Fn(usize, f64) -> (f64, f64)) {
    let place = |points: Vec<(usize, f64)>| points.into_iter().map(|(step, loss)| at(step, loss)).collect::<Vec<_>>();
    for unlearned in unlearned(arm) {
        scene.path(place(unlearned.line()), Stroke::dotted(Ink::Arm(arm.index)));
        for point in place(unlearned.points) {
            scene.hollow(Shape::of_arm(arm.index), point, 2.8, Ink::Arm(arm.index));
        }
    }
}

/// The name of each text above the losses of an arm that does not learn it; of several arms above the first one's.
pub fn name_unlearned(scene: &mut Scene, input: &Input, frame: Frame, at: impl Fn(&Arm, usize, f64) -> (f64, f64)) {
    let mut named: Vec<(Corpus, bool)> = Vec::new();
    for arm in input.arms {
        for Unlearned { text, points, .. } in unlearned(arm) {
            let name = (text, arm.experiment.text.is_switched(arm.experiment.train.steps, points[0].0));
            if named.contains(&name) {
                continue;
            }
            named.push(name);
            let (step, loss) = points[(points.len() - 1) / 2];
            let (x, y) = at(arm, step, loss);
            let name = words::text(text.name());
            let half = width(name) / 2.0;
            let x = x.min(frame.right - half).max(frame.left + half);
            let y = if y - 9.0 < frame.top + TEXT { y + 9.0 + TEXT } else { y - 9.0 };
            scene.anchored(name, (x, y), Anchor::Middle, Ink::Second, false);
        }
    }
}

/// Draws a hairline where runs switch to their second text. Each text is named once, at the top of its first line or below
/// the key whose left and lower edge are given.
pub fn draw_switches(scene: &mut Scene, input: &Input, frame: Frame, key: (f64, f64), x: &Scale) {
    let mut switches: Vec<(f64, Corpus)> = Vec::new();
    for (at, then) in input.arms.iter().filter_map(|arm| switch(input, arm)) {
        if !switches.contains(&(at, then)) {
            switches.push((at, then));
        }
    }
    let mut named: Vec<Corpus> = Vec::new();
    for (x, then) in switches.into_iter().map(|(at, then)| (x.map(at), then)) {
        scene.line((x, frame.top), (x, frame.bottom), Stroke::solid(Ink::Edge, 1.0));
        if named.contains(&then) {
            continue;
        }
        let rows = [(key.0, frame.top), (frame.right, key.1)];
        let name = words::text(then.name());
        let fitting = |(right, top)| {
            let (words, left) = words_beside(x, name, (frame.left, right))?;
            Some((words, (left, top)))
        };
        let alone = || (name.to_owned(), (frame.left, key.1));
        let (words, (left, top)) = rows.into_iter().find_map(fitting).unwrap_or_else(alone);
        scene.words(words, (left, top + TEXT + ROW * named.len() as f64), Ink::Second, false);
        named.push(then);
    }
}

/// What a line at `x` says, and where it begins: behind the line or before it, in full or as the name alone, whichever
/// comes first inside a range.
fn words_beside(x: f64, name: &str, (left, right): (f64, f64)) -> Option<(String, f64)> {
    let words = [t!("{name} from here", name), name.to_owned()];
    let places = words.into_iter().flat_map(|words| {
        let before = x - GAP - width(&words);
        [(words.clone(), x + GAP), (words, before)]
    });
    places.into_iter().find(|(words, at)| *at >= left && at + width(words) <= right)
}

/// Where on the horizontal axis an arm switches, and to what; none where it does not, or not yet on an axis of seconds.
fn switch(input: &Input, arm: &Arm) -> Option<(f64, Corpus)> {
    let (text, steps) = (&arm.experiment.text, arm.experiment.train.steps);
    let step = text.switch_step(steps).filter(|step| (1..steps).contains(step))?;
    let is_known = input.x_axis != XAxis::Seconds || arm.done() >= step;
    is_known.then_some((input.x_of_step(arm, step), text.then?))
}

/// About the pixels that words take.
fn width(words: &str) -> f64 {
    words.chars().count() as f64 * TEXT * 0.54
}

/// A validation in a sentence: ` Validation 2.310 at step 1,000.`, or the losses on both texts; of a bound the word and
/// two standard errors.
pub fn sentence(arm: &Arm, validation: &Validation) -> String {
    let (text, steps, step) = (&arm.experiment.text, arm.experiment.train.steps, validation.step);
    let loss = quantity::with_error(validation, 3);
    let is_bounded = quantity::is_bounded(arm.experiment);
    let (learned, other) = text.learned(steps, step);
    let step = integer(step);
    let Some((other, other_loss)) = other.zip(validation.other_loss) else {
        let sentence = match is_bounded {
            true => t!("Validation bound {loss} at step {step}.", loss, step),
            false => t!("Validation {loss} at step {step}.", loss, step),
        };
        return format!(" {sentence}");
    };
    let name = |corpus: Corpus| words::text(corpus.name());
    let (learned, other, other_loss) = (name(learned), name(other), fixed(other_loss, 3));
    let (then, switch) = (text.then.map_or("", name), integer(text.switch_step(steps).unwrap_or_default() + 1));
    let sentence = match is_bounded {
        true => t!(
            "Validation bound {loss} on {learned}, {other_loss} on {other} at step {step}; {then} from step {switch}.",
            loss,
            learned,
            other_loss,
            other,
            step,
            then,
            switch,
        ),
        false => t!(
            "Validation {loss} on {learned}, {other_loss} on {other} at step {step}; {then} from step {switch}.",
            loss,
            learned,
            other_loss,
            other,
            step,
            then,
            switch,
        ),
    };
    format!(" {sentence}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::{scene::Item, testing::Runs};

    const UNION: Corpus = Corpus::StateOfTheUnion;

    #[test]
    fn each_text_has_losses_while_the_other_is_learned() {
        Runs::of_two_texts(1, 60, 60).with(|input| {
            let [union, moby] = &unlearned(&input.arms[0])[..] else { panic!("two texts") };
            let steps = |of: &Unlearned| of.points.iter().map(|(step, _)| *step).collect::<Vec<_>>();
            assert_eq!((union.text, steps(union)), (UNION, vec![10, 20, 30]));
            assert_eq!((moby.text, steps(moby)), (Corpus::MobyDick, vec![40, 50, 60]));
            // Their lines meet the losses of the validations at which they were learned.
            let loss = |place: usize| input.arms[0].record.validations[place].loss;
            assert_eq!((union.line()[3], moby.line()[0]), ((40, loss(3)), (30, loss(2))));
        });
    }

    #[test]
    fn a_run_of_one_text_has_none() {
        Runs::new(1, 40).with(|input| {
            assert_eq!(unlearned(&input.arms[0]), []);
            let mut scene = Scene::new(480.0, 240.0);
            let frame = input.frame(480.0, 240.0);
            draw_switches(&mut scene, &input, frame, (frame.right, frame.top), &input.x_scale(frame));
            assert!(scene.items.is_empty());
        });
    }

    #[test]
    fn a_run_that_learns_the_second_text_alone_still_has_losses_on_the_first() {
        let mut runs = Runs::of_two_texts(1, 60, 60);
        runs.arms[0].experiment.text.switch = 0.0;
        runs.with(|input| {
            let [moby] = &unlearned(&input.arms[0])[..] else { panic!("one text") };
            assert_eq!((moby.text, moby.points.len(), moby.learned), (Corpus::MobyDick, 6, None));
            assert_eq!(switch(&input, &input.arms[0]), None, "it has no switch to show");
        });
    }

    #[test]
    fn losses_that_are_not_finite_have_no_marker() {
        let mut runs = Runs::of_two_texts(1, 60, 60);
        let validations = &mut runs.arms[0].record.validations;
        (validations[1].other_loss, validations[3].loss) = (Some(f64::INFINITY), f64::NAN);
        runs.with(|input| {
            let found = unlearned(&input.arms[0]);
            assert_eq!(found[0].points.iter().map(|(step, _)| *step).collect::<Vec<_>>(), [10, 30]);
            assert_eq!(found[0].learned, None);
        });
    }

    #[test]
    fn the_switch_is_known_on_an_axis_of_seconds_once_it_is_made() {
        for (done, is_known) in [(20, false), (30, true)] {
            let mut runs = Runs::of_two_texts(1, 60, done);
            runs.with(|input| assert_eq!(switch(&input, &input.arms[0]), Some((30.0, UNION))));
            runs.x_axis = XAxis::Seconds;
            runs.with(|input| assert_eq!(switch(&input, &input.arms[0]).is_some(), is_known, "{done} done"));
        }
    }

    #[test]
    fn arms_share_a_switch_and_a_text_is_named_once() {
        let mut runs = Runs::of_two_texts(3, 60, 0);
        let lines_and_words = |runs: &Runs| {
            runs.with(|input| {
                let mut scene = Scene::new(480.0, 240.0);
                let frame = input.frame(480.0, 240.0);
                draw_switches(&mut scene, &input, frame, (frame.right, frame.top), &input.x_scale(frame));
                let words = scene.items.iter().filter(|item| matches!(item, Item::Label { .. })).count();
                (scene.items.len() - words, words)
            })
        };
        assert_eq!(lines_and_words(&runs), (1, 1));
        runs.arms[1].experiment.text.switch = 0.25;
        assert_eq!(lines_and_words(&runs), (2, 1));
        runs.arms[2].experiment.text.then = Some(Corpus::FirstNames);
        assert_eq!(lines_and_words(&runs), (3, 2));
    }

    #[test]
    fn words_stay_inside_the_plot_and_off_the_key() {
        for (chart, key) in [(358.0, 200.0), (480.0, 270.0), (900.0, 650.0)] {
            for share in [0.02, 0.3, 0.5, 0.7, 0.98] {
                let mut runs = Runs::of_two_texts(1, 1000, 0);
                runs.arms[0].experiment.text.switch = share;
                runs.with(|input| {
                    let frame = input.frame(chart, 240.0);
                    let mut scene = Scene::new(chart, 240.0);
                    draw_switches(&mut scene, &input, frame, (key, 84.0), &input.x_scale(frame));
                    let [Item::Path { .. }, Item::Label { text, at, .. }] = &scene.items[..] else {
                        panic!("a line and its words: {:?}", scene.items);
                    };
                    let (left, right) = (at.0, at.0 + width(text));
                    assert!(left >= frame.left && right <= frame.right, "{chart} {share}: {left} to {right}");
                    assert!(right <= key || at.1 > 84.0, "{chart} {share}: {right} at {}", at.1);
                });
            }
        }
    }

    #[test]
    fn words_are_before_their_line_or_shortened_where_there_is_no_room_behind_it() {
        let name = "State of the Union";
        let [full, short] = [format!("{name} from here"), name.to_owned()];
        let behind = |x: f64, words: &String| Some((words.clone(), x + GAP));
        assert_eq!(words_beside(60.0, name, (46.0, 270.0)), behind(60.0, &full));
        assert_eq!(words_beside(150.0, name, (46.0, 270.0)), behind(150.0, &short));
        let before = 250.0 - GAP - width(&full);
        assert_eq!(words_beside(250.0, name, (46.0, 270.0)), Some((full, before)));
        assert_eq!(words_beside(120.0, name, (38.0, 200.0)), None);
        assert_eq!(words_beside(300.0, name, (46.0, 270.0)), None, "not beside a line that is elsewhere");
    }

    #[test]
    fn a_validation_in_a_sentence_names_both_texts() {
        let runs = Runs::of_two_texts(1, 60, 60);
        runs.with(|input| {
            let arm = &input.arms[0];
            let validation = Validation { step: 60, loss: 1.5, other_loss: Some(2.25), ..Validation::default() };
            let expected = " Validation 1.500 on State of the Union, 2.250 on Moby-Dick at step 60; State of the Union from \
                            step 31.";
            assert_eq!(sentence(arm, &validation), expected);
        });
        Runs::new(1, 60).with(|input| {
            let validation = Validation { step: 60, loss: 1.5, ..Validation::default() };
            assert_eq!(sentence(&input.arms[0], &validation), " Validation 1.500 at step 60.");
        });
    }
}
