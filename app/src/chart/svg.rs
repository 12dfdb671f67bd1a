//! A chart as an SVG document, for export and for snapshot tests.

use std::fmt::Write;

use super::{
    ink::Ink,
    mark::{Outline, Shape, Weight},
    palette::Palette,
    scene::{Anchor, Item, Scene},
};

/// The chart as a document of its own. `title` and `link` let a saved figure say what it shows and where it is from.
pub fn document(scene: &Scene, palette: &Palette, title: &str, link: Option<&str>) -> String {
    let (width, height) = (round(scene.width), round(scene.height));
    let mut out = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\" font-family=\"{}\">\n<title>{}</title>\n",
        escape(&palette.font),
        escape(title),
    );
    if let Some(link) = link {
        let _ = writeln!(out, "<desc>{}</desc>", escape(link));
    }
    let surface = palette.colour(Ink::Surface);
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"{surface}\"/>");
    for item in &scene.items {
        write_item(&mut out, item, palette);
    }
    out.push_str("</svg>\n");
    out
}

// Writing into a String cannot fail, so the results of `write!` below carry no information.
fn write_item(out: &mut String, item: &Item, palette: &Palette) {
    match item {
        Item::Path { points, stroke } => {
            let _ = write!(out, "<path d=\"{}\" fill=\"none\" stroke=\"{}\"", path(points), palette.colour(stroke.ink));
            let _ = write!(out, " stroke-width=\"{}\" stroke-linejoin=\"round\"", stroke.width);
            if !stroke.dash.is_empty() {
                let dash: Vec<String> = stroke.dash.iter().map(f64::to_string).collect();
                let _ = write!(out, " stroke-dasharray=\"{}\"", dash.join(" "));
            }
            fade(out, palette, stroke.weight);
            out.push_str("/>\n");
        }
        Item::Area { points, ink, weight } => {
            let _ = write!(out, "<path d=\"{}Z\" fill=\"{}\"", path(points), palette.colour(*ink));
            fade(out, palette, *weight);
            out.push_str("/>\n");
        }
        Item::Marker { shape, at, radius, ink, hollow } => {
            write_marker(out, palette, (*shape, *at, *radius), *ink, *hollow || *shape == Shape::Ring);
        }
        Item::Box { at: (x, y), size: (width, height), radius, ink, weight } => {
            let _ = write!(
                out,
                "<rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"",
                round(*x),
                round(*y),
                round(*width),
                round(*height),
            );
            if *radius > 0.0 {
                let _ = write!(out, " rx=\"{radius}\"");
            }
            let _ = write!(out, " fill=\"{}\"", palette.colour(*ink));
            fade(out, palette, *weight);
            out.push_str("/>\n");
        }
        Item::Label { text, at: (x, y), anchor, ink, size, strong, halo } => {
            let anchor = match anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let _ = write!(
                out,
                "<text x=\"{}\" y=\"{}\" text-anchor=\"{anchor}\" font-size=\"{size}\" fill=\"{}\"",
                round(*x),
                round(*y),
                palette.colour(*ink),
            );
            if *strong {
                out.push_str(" font-weight=\"600\"");
            }
            if *halo {
                let surface = palette.colour(Ink::Surface);
                let _ = write!(out, " paint-order=\"stroke\" stroke=\"{surface}\" stroke-width=\"4\"");
            }
            let _ = writeln!(out, ">{}</text>", escape(text));
        }
    }
}

fn write_marker(
    out: &mut String,
    palette: &Palette,
    (shape, at, radius): (Shape, (f64, f64), f64),
    ink: Ink,
    hollow: bool,
) {
    let (colour, gap) = (palette.colour(ink), palette.colour(Ink::Surface));
    match shape.outline(at, radius) {
        Outline::Circle => {
            let (fill, edge, width) = if hollow { (gap, colour, 1.2) } else { (colour, gap, 1.4) };
            let _ = writeln!(
                out,
                "<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\" fill=\"{fill}\" stroke=\"{edge}\" stroke-width=\"{width}\"/>",
                round(at.0),
                round(at.1),
            );
        }
        Outline::Polygon(points) if hollow => {
            let path = path(&points);
            let _ = writeln!(out, "<path d=\"{path}Z\" fill=\"{gap}\" stroke=\"{colour}\" stroke-width=\"1.2\"/>");
        }
        Outline::Polygon(points) => {
            let _ = writeln!(
                out,
                "<path d=\"{}Z\" fill=\"{colour}\" stroke=\"{gap}\" stroke-width=\"2.4\" paint-order=\"stroke\"/>",
                path(&points),
            );
        }
        // Strokes have no inside: thin ones stand for it.
        Outline::Strokes([a, b]) => {
            let (a, b, width) = (path(&a), path(&b), if hollow { 1.0 } else { 2.0 });
            let _ = writeln!(out, "<path d=\"{a}{b}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"/>");
        }
    }
}

fn fade(out: &mut String, palette: &Palette, weight: Weight) {
    if let Some(opacity) = palette.opacity(weight) {
        let _ = write!(out, " opacity=\"{opacity}\"");
    }
}

/// The points as the data of a path.
pub fn path(points: &[(f64, f64)]) -> String {
    let mut out = String::with_capacity(points.len() * 12);
    for (i, (x, y)) in points.iter().enumerate() {
        let _ = write!(out, "{}{} {}", if i == 0 { 'M' } else { 'L' }, round(*x), round(*y));
    }
    out
}

/// A tenth of a pixel is finer than any screen shows.
fn round(value: f64) -> f64 {
    let rounded = (value * 10.0).round() / 10.0;
    // A negative zero would be written with its sign.
    if rounded == 0.0 { 0.0 } else { rounded }
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chart::mark::Stroke;

    #[test]
    fn words_are_escaped() {
        let mut scene = Scene::new(20.0, 10.0);
        scene.words("a < b & \"c\"", (1.0, 2.0), Ink::Ink, false);
        let svg = document(&scene, &Palette::variables(), "x > y", None);
        assert!(svg.contains("a &lt; b &amp; &quot;c&quot;"));
        assert!(svg.contains("<title>x &gt; y</title>"));
    }

    #[test]
    fn hollow_markers_have_the_card_inside() {
        let of = |shape: Shape, hollow: bool| {
            let mut scene = Scene::new(20.0, 10.0);
            if hollow {
                scene.hollow(shape, (5.0, 5.0), 3.0, Ink::Arm(0));
            } else {
                scene.marker(shape, (5.0, 5.0), 3.0, Ink::Arm(0));
            }
            document(&scene, &Palette::variables(), "t", None)
        };
        for shape in [Shape::Disc, Shape::Square, Shape::Triangle, Shape::Diamond, Shape::Star] {
            assert!(of(shape, false).contains("fill=\"var(--arm-1)\""), "{shape:?}");
            let hollow = of(shape, true);
            assert!(
                hollow.contains("stroke=\"var(--arm-1)\"") && !hollow.contains("fill=\"var(--arm-1)\""),
                "{hollow}"
            );
        }
        for shape in [Shape::Cross, Shape::Plus] {
            assert!(of(shape, true).contains("stroke-width=\"1\"") && of(shape, false).contains("stroke-width=\"2\""));
        }
        assert_eq!(of(Shape::Ring, false), of(Shape::Disc, true));
    }

    #[test]
    fn a_path_is_rounded_to_tenths() {
        let mut scene = Scene::new(20.0, 10.0);
        scene.line((0.04, -0.01), (9.96, 3.333), Stroke::plan(Ink::Arm(0)));
        let svg = document(&scene, &Palette::variables(), "t", Some("?a=1&b=2"));
        assert!(svg.contains("M0 0L10 3.3"), "{svg}");
        assert!(svg.contains("stroke-dasharray=\"1.5 2.5\""));
        assert!(svg.contains("<desc>?a=1&amp;b=2</desc>"));
    }
}
