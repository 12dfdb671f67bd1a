//! A chart on a 2-D canvas, sharp on every screen.

use js_sys::Array;
use wasm_bindgen::{JsCast, JsValue};
use web_sys::{CanvasRenderingContext2d, HtmlCanvasElement};

use super::{
    palette::Palette,
    scene::{Anchor, Item, Scene, Shape, Weight},
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
            if stroke.weight == Weight::Ghost {
                context.set_global_alpha(palette.ghost.trim().parse().unwrap_or(0.3));
            }
            context.begin_path();
            // A hairline between two pixels would cover both, in half its strength.
            let hair = |v: f64| if stroke.width == 1.0 && points.len() == 2 { v.round() + 0.5 } else { v };
            for (i, (x, y)) in points.iter().enumerate() {
                if i == 0 { context.move_to(hair(*x), hair(*y)) } else { context.line_to(hair(*x), hair(*y)) }
            }
            context.stroke();
            context.set_global_alpha(1.0);
        }
        Item::Marker { shape: Shape::Disc, at: (x, y), radius, ink } => {
            for (radius, ink) in [(radius + 1.2, super::scene::Ink::Surface), (*radius, *ink)] {
                context.begin_path();
                context.arc(*x, *y, radius, 0.0, std::f64::consts::TAU)?;
                context.set_fill_style_str(palette.colour(ink));
                context.fill();
            }
        }
        Item::Marker { shape: Shape::Cross, at: (x, y), radius: r, ink } => {
            context.set_line_dash(&Array::new())?;
            context.set_stroke_style_str(palette.colour(*ink));
            context.set_line_width(2.0);
            context.begin_path();
            context.move_to(x - r, y - r);
            context.line_to(x + r, y + r);
            context.move_to(x + r, y - r);
            context.line_to(x - r, y + r);
            context.stroke();
        }
        Item::Box { at: (x, y), size: (width, height), radius, ink } => {
            context.begin_path();
            context.round_rect_with_f64(*x, *y, *width, *height, *radius)?;
            context.set_fill_style_str(palette.colour(*ink));
            context.fill();
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
                context.set_stroke_style_str(palette.colour(super::scene::Ink::Surface));
                context.set_line_width(4.0);
                context.stroke_text(text, *x, *y)?;
            }
            context.set_fill_style_str(palette.colour(*ink));
            context.fill_text(text, *x, *y)?;
        }
    }
    Ok(())
}
