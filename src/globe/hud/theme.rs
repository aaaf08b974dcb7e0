//! How the panels look: fonts, type scale, spacing, and the few small marks that all of them share. Translucent ground,
//! hairline borders, one accent. The colours are the theme's, in [`inks`](crate::globe::inks).

use std::sync::Arc;

use bevy_egui::egui::{
    self, Align2, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Frame, Margin, Response,
    RichText, Sense, Shadow, Stroke, TextStyle, Ui, Vec2, vec2,
};

use crate::globe::inks::inks;

/// Points of small labels.
pub const SMALL: f32 = 11.0;
/// Points of running text.
pub const BODY: f32 = 13.0;
/// Points of table cells and other fixed-width text.
pub const MONO: f32 = 12.0;
/// Points of headings.
pub const HEADING: f32 = 16.0;
/// Points of the clock.
pub const CLOCK: f32 = 22.0;

/// Distance between neighbours; all other distances are multiples of it.
pub const GAP: f32 = 8.0;
/// Corner radius of panels and cards.
const RADIUS: u8 = 6;

/// The fonts, compiled in: Noto Sans for text, JetBrains Mono for figures in columns. Each falls back on the other.
#[must_use]
pub fn fonts() -> FontDefinitions {
    let mut fonts = FontDefinitions::default();
    let sans: &[u8] = include_bytes!("../../../assets/fonts/NotoSans-Regular.ttf");
    let mono: &[u8] = include_bytes!("../../../assets/fonts/JetBrainsMono-Regular.ttf");
    fonts.font_data.insert("sans".into(), Arc::new(FontData::from_static(sans)));
    fonts.font_data.insert("mono".into(), Arc::new(FontData::from_static(mono)));
    for (family, first, second) in [(FontFamily::Proportional, "sans", "mono"), (FontFamily::Monospace, "mono", "sans")]
    {
        let list = fonts.families.entry(family).or_default();
        list.insert(0, first.into());
        list.insert(1, second.into());
    }
    fonts
}

/// Puts fonts, sizes and colours into an egui context. Once per context.
pub fn apply(ctx: &egui::Context) {
    ctx.set_fonts(fonts());
    ctx.set_theme(if inks().is_dark { egui::Theme::Dark } else { egui::Theme::Light });
    ctx.all_styles_mut(|style| {
        style.text_styles = [
            (TextStyle::Small, FontId::proportional(SMALL)),
            (TextStyle::Body, FontId::proportional(BODY)),
            (TextStyle::Button, FontId::proportional(BODY)),
            (TextStyle::Monospace, FontId::monospace(MONO)),
            (TextStyle::Heading, FontId::proportional(HEADING)),
        ]
        .into();
        style.animation_time = 0.08;
        let spacing = &mut style.spacing;
        spacing.item_spacing = vec2(GAP, 4.0);
        spacing.button_padding = vec2(8.0, 3.0);
        spacing.interact_size = vec2(24.0, 22.0);
        spacing.window_margin = Margin::same(12);
        spacing.scroll.floating = true;
        spacing.scroll.bar_width = 8.0;
        spacing.scroll.floating_width = 4.0;
        colours(&mut style.visuals);
    });
}

fn colours(v: &mut egui::Visuals) {
    v.dark_mode = inks().is_dark;
    v.override_text_color = None;
    v.window_fill = inks().card;
    v.panel_fill = inks().panel;
    v.window_stroke = Stroke::new(1.0, inks().line);
    v.window_corner_radius = CornerRadius::same(RADIUS);
    v.menu_corner_radius = CornerRadius::same(RADIUS);
    v.window_shadow = Shadow::NONE;
    v.popup_shadow = Shadow::NONE;
    v.extreme_bg_color = inks().well;
    v.faint_bg_color = inks().stripe;
    v.hyperlink_color = inks().accent;
    v.warn_fg_color = inks().warn;
    v.error_fg_color = inks().alert;
    v.selection.bg_fill = inks().accent_ground;
    v.selection.stroke = Stroke::new(1.0, inks().accent);
    v.weak_text_color = Some(inks().dim);
    let set = |w: &mut egui::style::WidgetVisuals, fill: Color32, line: Color32, text: Color32| {
        w.bg_fill = fill;
        w.weak_bg_fill = fill;
        w.bg_stroke = Stroke::new(1.0, line);
        w.fg_stroke = Stroke::new(1.0, text);
        w.corner_radius = CornerRadius::same(4);
        w.expansion = 0.0;
    };
    set(&mut v.widgets.noninteractive, inks().ground, inks().line, inks().text);
    set(&mut v.widgets.inactive, inks().button[0], inks().line, inks().text);
    set(&mut v.widgets.hovered, inks().button[1], inks().button[2], inks().strong);
    set(&mut v.widgets.active, inks().accent_ground, inks().accent, inks().strong);
    set(&mut v.widgets.open, inks().button[0], inks().line, inks().text);
}

/// Frame of a docked panel.
pub fn panel_frame() -> Frame {
    Frame::new().fill(inks().panel).inner_margin(Margin::symmetric(12, 8))
}

/// Frame of a card over the globe.
pub fn card_frame() -> Frame {
    Frame::new()
        .fill(inks().card)
        .stroke(Stroke::new(1.0, inks().line))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::symmetric(12, 10))
}

/// The label of a value: small, second rank.
#[must_use]
pub fn label(text: impl Into<String>) -> RichText {
    RichText::new(text).size(SMALL).color(inks().dim)
}

/// A hint: small, third rank.
#[must_use]
pub fn hint(text: impl Into<String>) -> RichText {
    RichText::new(text).size(SMALL).color(inks().faint)
}

/// A value in fixed-width figures.
#[must_use]
pub fn figure(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::monospace(MONO)).color(inks().text)
}

/// A heading.
#[must_use]
pub fn heading(text: impl Into<String>) -> RichText {
    RichText::new(text).size(HEADING).color(inks().text)
}

/// A word on coloured ground, as wide as its text: a state.
pub fn badge(ui: &mut Ui, text: &str, colour: Color32) -> Response {
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::monospace(BODY), colour);
    let (rect, response) = ui.allocate_exact_size(galley.size() + vec2(16.0, 6.0), Sense::hover());
    ui.painter().rect(
        rect,
        CornerRadius::same(4),
        colour.gamma_multiply(0.16),
        Stroke::new(1.0, colour.gamma_multiply(0.7)),
        egui::StrokeKind::Inside,
    );
    ui.painter().galley(rect.center() - galley.size() * 0.5, galley, colour);
    response
}

/// A key as it is printed on a keyboard; lit when what it switches is on.
pub fn keycap(ui: &mut Ui, text: &str, lit: bool, sense: Sense) -> Response {
    let (ink, ground, line) =
        if lit { (inks().accent, inks().accent_ground, inks().accent) } else { (inks().dim, inks().well, inks().line) };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::monospace(MONO), ink);
    let size = vec2((galley.size().x + 12.0).max(22.0), 20.0);
    let (rect, response) = ui.allocate_exact_size(size, sense);
    let line = if response.hovered() && sense.senses_click() { inks().text } else { line.gamma_multiply(0.8) };
    ui.painter().rect(rect, CornerRadius::same(4), ground, Stroke::new(1.0, line), egui::StrokeKind::Inside);
    ui.painter().galley(rect.center() - galley.size() * 0.5, galley, ink);
    response
}

/// A value under its label, in a cell that never becomes narrower than `width`, so that neighbours stand still.
pub fn cell(ui: &mut Ui, name: &str, value: &str, width: f32, colour: Color32) -> Response {
    let name = ui.painter().layout_no_wrap(name.to_owned(), FontId::proportional(SMALL), inks().dim);
    let value = ui.painter().layout_no_wrap(value.to_owned(), FontId::monospace(BODY), colour);
    let size = vec2(name.size().x.max(value.size().x).max(width), name.size().y + value.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().galley(rect.left_top(), name, inks().dim);
    let at = rect.left_bottom() - vec2(0.0, value.size().y);
    ui.painter().galley(at, value, colour);
    response
}

/// A state as a mark whose shape tells it as well as its colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// Filled circle: well.
    Good,
    /// Ring: neutral.
    Idle,
    /// Triangle: deserves attention.
    Warn,
    /// Filled diamond: failed.
    Alert,
}

impl Mark {
    /// The colour that goes with it.
    #[must_use]
    pub fn colour(self) -> Color32 {
        match self {
            Mark::Good => inks().good,
            Mark::Idle => inks().dim,
            Mark::Warn => inks().warn,
            Mark::Alert => inks().alert,
        }
    }
}

/// Draws a state mark of the height of a line.
pub fn mark(ui: &mut Ui, mark: Mark) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(12.0), Sense::hover());
    let (c, ink) = (rect.center(), mark.colour());
    match mark {
        Mark::Good => _ = ui.painter().circle_filled(c, 4.0, ink),
        Mark::Idle => _ = ui.painter().circle_stroke(c, 3.5, Stroke::new(1.5, ink)),
        Mark::Warn => {
            let points = vec![c + vec2(0.0, -4.5), c + vec2(5.0, 4.0), c + vec2(-5.0, 4.0)];
            _ = ui.painter().add(egui::Shape::convex_polygon(points, ink, Stroke::NONE));
        }
        Mark::Alert => {
            let points = vec![c + vec2(0.0, -5.0), c + vec2(5.0, 0.0), c + vec2(0.0, 5.0), c + vec2(-5.0, 0.0)];
            _ = ui.painter().add(egui::Shape::convex_polygon(points, ink, Stroke::NONE));
        }
    }
    response
}

/// A symbol drawn with lines, so that it is crisp at every scale and needs no symbol font.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Icon {
    /// Triangle pointing right.
    Play,
    /// Two bars.
    Pause,
    /// Two triangles pointing left.
    Slower,
    /// Two triangles pointing right.
    Faster,
    /// Bar and triangle pointing left.
    First,
    /// Triangle pointing right and bar.
    Last,
    /// Diagonal cross.
    Close,
    /// Push-pin.
    Pin,
}

/// A square button with a drawn symbol.
pub fn icon_button(ui: &mut Ui, icon: Icon, tip: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(26.0), Sense::click());
    let look = ui.style().interact(&response);
    if !matches!(icon, Icon::Close | Icon::Pin) || response.hovered() {
        ui.painter().rect(rect, look.corner_radius, look.bg_fill, look.bg_stroke, egui::StrokeKind::Inside);
    }
    paint_icon(ui.painter(), rect.center(), icon, look.fg_stroke.color);
    response.widget_info(|| egui::WidgetInfo::labeled(egui::WidgetType::Button, true, tip));
    response.on_hover_text(tip)
}

fn paint_icon(painter: &egui::Painter, c: egui::Pos2, icon: Icon, ink: Color32) {
    let triangle = |at: egui::Pos2, w: f32| {
        let points = vec![at + vec2(-w * 0.5, -5.0), at + vec2(w * 0.5, 0.0), at + vec2(-w * 0.5, 5.0)];
        painter.add(egui::Shape::convex_polygon(points, ink, Stroke::NONE));
    };
    let bar = |x: f32| {
        painter.rect_filled(egui::Rect::from_center_size(c + vec2(x, 0.0), vec2(2.5, 10.0)), 0.5, ink);
    };
    match icon {
        Icon::Play => triangle(c + vec2(1.0, 0.0), 9.0),
        Icon::Pause => {
            bar(-2.5);
            bar(2.5);
        }
        Icon::Slower => {
            triangle(c - vec2(3.0, 0.0), -6.0);
            triangle(c + vec2(3.0, 0.0), -6.0);
        }
        Icon::Faster => {
            triangle(c - vec2(3.0, 0.0), 6.0);
            triangle(c + vec2(3.0, 0.0), 6.0);
        }
        Icon::First => {
            bar(-4.5);
            triangle(c + vec2(2.0, 0.0), -8.0);
        }
        Icon::Last => {
            triangle(c - vec2(2.0, 0.0), 8.0);
            bar(4.5);
        }
        Icon::Close => {
            let stroke = Stroke::new(1.5, ink);
            painter.line_segment([c + vec2(-4.0, -4.0), c + vec2(4.0, 4.0)], stroke);
            painter.line_segment([c + vec2(-4.0, 4.0), c + vec2(4.0, -4.0)], stroke);
        }
        Icon::Pin => {
            let stroke = Stroke::new(1.5, ink);
            painter.circle(c + vec2(0.0, -2.5), 3.0, Color32::TRANSPARENT, stroke);
            painter.line_segment([c + vec2(0.0, 0.5), c + vec2(0.0, 6.0)], stroke);
        }
    }
}

/// Text painted at a point, with an anchor; gives back the rectangle it covers.
pub fn paint_text(ui: &Ui, at: egui::Pos2, anchor: Align2, text: &str, font: FontId, ink: Color32) -> egui::Rect {
    ui.painter().text(at, anchor, text, font, ink)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn embedded_fonts_have_every_sign_the_panels_use() {
        let ctx = egui::Context::default();
        apply(&ctx);
        let output = ctx.run_ui(egui::RawInput::default(), |ui| {
            ui.label("x");
        });
        output.drop_without_applying_deltas();
        for sign in "ABCxyz0189→←↔↑↓·–−…×°≥?<>".chars() {
            for font in [FontId::proportional(BODY), FontId::monospace(MONO)] {
                assert!(ctx.fonts_mut(|f| f.has_glyph(&font, sign)), "{sign:?} is missing in {font:?}");
            }
        }
    }
}
