//! A chart on a 2-D canvas, sharp on every screen.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::{
    ink::Ink,
    mark::{Outline, Shape, Weight},
    palette::Palette,
    scene::{Anchor, Item, Scene},
};

/// Draws the scene. The canvas gets as many pixels as the screen has under it.
pub fn draw(canvas: &HtmlCanvasElement, scene: &Scene, palette: &Palette, ratio: f64) -> Result<(), JsValue> {
    let (width, height) = ((scene.width * ratio).round() as u32, (scene.height * ratio).round() as u32);
    // Setting a size clears the canvas and drops its buffer: only when it changed.
    if canvas.width() != width || canvas.height() != height {
        canvas.set_width(width);
        canvas.set_height(height);
    }
    let Some(context) = canvas.get_context("2d")? else { return Ok(()) };
    let context = context.unchecked_into::<CanvasRenderingContext2d>();
    context.set_transform(ratio, 0.0, 0.0, ratio, 0.0, 0.0)?;
    context.clear_rect(0.0, 0.0, scene.width, scene.height);
    context.set_line_join("round");
    context.set_global_alpha(1.0);
    for item in &scene.items {
        draw_item(&context, item, palette)?;
    }
    Ok(())
}

fn draw_item(context: &CanvasRenderingContext2d, item: &Item, palette: &Palette) -> Result<(), JsValue> {
    match item {
        Item::Path { points, stroke } => {
            let dash: Array = stroke.dash.iter().map(|length| JsValue::from_f64(*length)).collect();
            context.set_line_dash(&dash)?;
            context.set_stroke_style_str(palette.colour(stroke.ink));
            context.set_line_width(stroke.width);
            // A hairline between two pixels would cover both, in half its strength.
            let hair = |v: f64| if stroke.width == 1.0 && points.len() == 2 { v.round() + 0.5 } else { v };
            faded(context, palette, stroke.weight, || {
                trace(context, points.iter().map(|(x, y)| (hair(*x), hair(*y))));
                context.stroke();
            });
        }
        Item::Area { points, ink, weight } => {
            context.set_fill_style_str(palette.colour(*ink));
            faded(context, palette, *weight, || {
                trace(context, points.iter().copied());
                context.fill();
            });
        }
        Item::Marker { shape, at, radius, ink, hollow } => {
            draw_marker(context, palette, (*shape, *at, *radius), *ink, *hollow || *shape == Shape::Ring)?;
        }
        Item::Box { at: (x, y), size: (width, height), radius, ink, weight } => {
            context.set_fill_style_str(palette.colour(*ink));
            if *radius > 0.0 {
                context.begin_path();
                context.round_rect_with_f64(*x, *y, *width, *height, *radius)?;
                context.fill();
            } else {
                faded(context, palette, *weight, || context.fill_rect(*x, *y, *width, *height));
            }
        }
        Item::Label { text, at: (x, y), anchor, ink, size, strong, halo } => {
            let weight = if *strong { "600 " } else { "" };
            context.set_font(&format!("{weight}{size}px {}", palette.font));
            context.set_text_align(match anchor {
                Anchor::Start => "left",
                Anchor::Middle => "center",
                Anchor::End => "right",
            });
            if *halo {
                context.set_line_dash(&Array::new())?;
                context.set_stroke_style_str(palette.colour(Ink::Surface));
                context.set_line_width(4.0);
                context.stroke_text(text, *x, *y)?;
            }
            context.set_fill_style_str(palette.colour(*ink));
            context.fill_text(text, *x, *y)?;
        }
    }
    Ok(())
}

/// A marker with a gap around it, so that it stands off the lines below.
fn draw_marker(
    context: &CanvasRenderingContext2d,
    palette: &Palette,
    (shape, at, radius): (Shape, (f64, f64), f64),
    ink: Ink,
    hollow: bool,
) -> Result<(), JsValue> {
    context.set_line_dash(&Array::new())?;
    match shape.outline(at, radius) {
        Outline::Circle => {
            let (inner, width) = if hollow { (Ink::Surface, 1.2) } else { (ink, 0.0) };
            for (radius, ink) in [(radius + 1.2, Ink::Surface), (radius, ink), (radius - width, inner)] {
                context.begin_path();
                context.arc(at.0, at.1, f64::max(radius, 0.0), 0.0, std::f64::consts::TAU)?;
                context.set_fill_style_str(palette.colour(ink));
                context.fill();
            }
        }
        Outline::Polygon(points) => {
            trace(context, points.into_iter());
            context.close_path();
            context.set_stroke_style_str(palette.colour(Ink::Surface));
            context.set_line_width(2.4);
            context.stroke();
            context.set_fill_style_str(palette.colour(if hollow { Ink::Surface } else { ink }));
            context.fill();
            if hollow {
                context.set_stroke_style_str(palette.colour(ink));
                context.set_line_width(1.2);
                context.stroke();
            }
        }
        // Strokes have no inside: thin ones stand for it.
        Outline::Strokes(strokes) => {
            context.set_stroke_style_str(palette.colour(ink));
            context.set_line_width(if hollow { 1.0 } else { 2.0 });
            for stroke in strokes {
                trace(context, stroke.into_iter());
                context.stroke();
            }
        }
    }
    Ok(())
}

fn trace(context: &CanvasRenderingContext2d, points: impl Iterator<Item = (f64, f64)>) {
    context.begin_path();
    for (i, (x, y)) in points.enumerate() {
        if i == 0 { context.move_to(x, y) } else { context.line_to(x, y) }
    }
}

fn faded(context: &CanvasRenderingContext2d, palette: &Palette, weight: Weight, draw: impl FnOnce()) {
    let Some(opacity) = palette.opacity(weight) else { return draw() };
    context.set_global_alpha(opacity.parse().unwrap_or(0.3));
    draw();
    context.set_global_alpha(1.0);
}
