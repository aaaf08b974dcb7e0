//! How the panels look: colours, fonts, type scale, spacing, and the few small marks that all of them share.
//!
//! One place for every colour. Dark, translucent, hairline borders, one accent; categories are Okabe–Ito, and
//! red-orange belongs to alerts alone. Text keeps a contrast of 4.5:1 on the panel (checked below).

use std::sync::Arc;

use bevy_egui::egui::{
    self, Align2, Color32, CornerRadius, FontData, FontDefinitions, FontFamily, FontId, Frame, Margin, Response,
    RichText, Sense, Shadow, Stroke, TextStyle, Ui, Vec2, vec2,
};

/// Ground of panels, opaque.
pub const GROUND: Color32 = Color32::from_rgb(9, 13, 19);
/// Ground of panels as drawn: the globe shines through.
pub const PANEL: Color32 = Color32::from_rgba_premultiplied(8, 12, 18, 246);
/// Ground of cards. Opaque: text behind a card would shine through any less.
pub const CARD: Color32 = Color32::from_rgb(10, 15, 22);
/// Laid over everything behind the help.
pub const SHADE: Color32 = Color32::from_black_alpha(170);
/// Ground of fields and of the histogram.
pub const WELL: Color32 = Color32::from_rgb(4, 7, 11);
/// Hairlines.
pub const LINE: Color32 = Color32::from_rgb(33, 42, 53);
/// Text of the first rank.
pub const TEXT: Color32 = Color32::from_rgb(226, 233, 240);
/// Text of the second rank: labels of values.
pub const DIM: Color32 = Color32::from_rgb(146, 160, 174);
/// Text of the third rank: hints.
pub const FAINT: Color32 = Color32::from_rgb(120, 134, 149);
/// The one accent: selected, active, playhead (Okabe–Ito sky blue).
pub const ACCENT: Color32 = Color32::from_rgb(86, 180, 233);
/// Ground of something selected or active.
pub const ACCENT_GROUND: Color32 = Color32::from_rgb(20, 49, 68);
/// Running well (Okabe–Ito bluish green, lightened for text).
pub const GOOD: Color32 = Color32::from_rgb(56, 189, 150);
/// Deserves attention (Okabe–Ito orange).
pub const WARN: Color32 = Color32::from_rgb(230, 159, 0);
/// Alerts and failures only (Okabe–Ito vermilion, lightened for text).
pub const ALERT: Color32 = Color32::from_rgb(240, 110, 40);

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
    ctx.set_theme(egui::Theme::Dark);
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
    v.dark_mode = true;
    v.override_text_color = None;
    v.window_fill = CARD;
    v.panel_fill = PANEL;
    v.window_stroke = Stroke::new(1.0, LINE);
    v.window_corner_radius = CornerRadius::same(RADIUS);
    v.menu_corner_radius = CornerRadius::same(RADIUS);
    v.window_shadow = Shadow::NONE;
    v.popup_shadow = Shadow::NONE;
    v.extreme_bg_color = WELL;
    v.faint_bg_color = Color32::from_rgb(13, 19, 27);
    v.hyperlink_color = ACCENT;
    v.warn_fg_color = WARN;
    v.error_fg_color = ALERT;
    v.selection.bg_fill = ACCENT_GROUND;
    v.selection.stroke = Stroke::new(1.0, ACCENT);
    v.weak_text_color = Some(DIM);
    let set = |w: &mut egui::style::WidgetVisuals, fill: Color32, line: Color32, text: Color32| {
        w.bg_fill = fill;
        w.weak_bg_fill = fill;
        w.bg_stroke = Stroke::new(1.0, line);
        w.fg_stroke = Stroke::new(1.0, text);
        w.corner_radius = CornerRadius::same(4);
        w.expansion = 0.0;
    };
    set(&mut v.widgets.noninteractive, GROUND, LINE, TEXT);
    set(&mut v.widgets.inactive, Color32::from_rgb(20, 27, 36), LINE, TEXT);
    set(&mut v.widgets.hovered, Color32::from_rgb(31, 41, 53), Color32::from_rgb(62, 78, 96), Color32::WHITE);
    set(&mut v.widgets.active, ACCENT_GROUND, ACCENT, Color32::WHITE);
    set(&mut v.widgets.open, Color32::from_rgb(20, 27, 36), LINE, TEXT);
}

/// Frame of a docked panel.
pub fn panel_frame() -> Frame {
    Frame::new().fill(PANEL).inner_margin(Margin::symmetric(12, 8))
}

/// Frame of a card over the globe.
pub fn card_frame() -> Frame {
    Frame::new()
        .fill(CARD)
        .stroke(Stroke::new(1.0, LINE))
        .corner_radius(CornerRadius::same(RADIUS))
        .inner_margin(Margin::symmetric(12, 10))
}

/// The label of a value: small, second rank.
#[must_use]
pub fn label(text: impl Into<String>) -> RichText {
    RichText::new(text).size(SMALL).color(DIM)
}

/// A hint: small, third rank.
#[must_use]
pub fn hint(text: impl Into<String>) -> RichText {
    RichText::new(text).size(SMALL).color(FAINT)
}

/// A value in fixed-width figures.
#[must_use]
pub fn figure(text: impl Into<String>) -> RichText {
    RichText::new(text).font(FontId::monospace(MONO)).color(TEXT)
}

/// A heading.
#[must_use]
pub fn heading(text: impl Into<String>) -> RichText {
    RichText::new(text).size(HEADING).color(TEXT)
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
    let (ink, ground, line) = if lit { (ACCENT, ACCENT_GROUND, ACCENT) } else { (DIM, WELL, LINE) };
    let galley = ui.painter().layout_no_wrap(text.to_owned(), FontId::monospace(MONO), ink);
    let size = vec2((galley.size().x + 12.0).max(22.0), 20.0);
    let (rect, response) = ui.allocate_exact_size(size, sense);
    let line = if response.hovered() && sense.senses_click() { TEXT } else { line.gamma_multiply(0.8) };
    ui.painter().rect(rect, CornerRadius::same(4), ground, Stroke::new(1.0, line), egui::StrokeKind::Inside);
    ui.painter().galley(rect.center() - galley.size() * 0.5, galley, ink);
    response
}

/// A value under its label, in a cell that never becomes narrower than `width`, so that neighbours stand still.
pub fn cell(ui: &mut Ui, name: &str, value: &str, width: f32, colour: Color32) -> Response {
    let name = ui.painter().layout_no_wrap(name.to_owned(), FontId::proportional(SMALL), DIM);
    let value = ui.painter().layout_no_wrap(value.to_owned(), FontId::monospace(BODY), colour);
    let size = vec2(name.size().x.max(value.size().x).max(width), name.size().y + value.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().galley(rect.left_top(), name, DIM);
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
            Mark::Good => GOOD,
            Mark::Idle => DIM,
            Mark::Warn => WARN,
            Mark::Alert => ALERT,
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
}

/// A square button with a drawn symbol.
pub fn icon_button(ui: &mut Ui, icon: Icon, tip: &str) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::splat(26.0), Sense::click());
    let look = ui.style().interact(&response);
    if icon != Icon::Close || response.hovered() {
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
    }
}

/// Text painted at a point, with an anchor; gives back the rectangle it covers.
pub fn paint_text(ui: &Ui, at: egui::Pos2, anchor: Align2, text: &str, font: FontId, ink: Color32) -> egui::Rect {
    ui.painter().text(at, anchor, text, font, ink)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Relative luminance of an opaque sRGB colour (WCAG 2.1).
    fn luminance(c: Color32) -> f64 {
        let linear = |v: u8| {
            let v = f64::from(v) / 255.0;
            if v <= 0.04045 { v / 12.92 } else { ((v + 0.055) / 1.055).powf(2.4) }
        };
        0.2126 * linear(c.r()) + 0.7152 * linear(c.g()) + 0.0722 * linear(c.b())
    }

    fn contrast(a: Color32, b: Color32) -> f64 {
        let (a, b) = (luminance(a), luminance(b));
        (a.max(b) + 0.05) / (a.min(b) + 0.05)
    }

    #[test]
    fn text_can_be_read_on_every_ground() {
        for ink in [TEXT, DIM, FAINT, ACCENT, GOOD, WARN, ALERT] {
            for ground in [GROUND, WELL, Color32::from_rgb(20, 27, 36)] {
                let ratio = contrast(ink, ground);
                assert!(ratio >= 4.5, "{ink:?} on {ground:?}: {ratio:.2}");
            }
        }
        assert!(contrast(ACCENT, ACCENT_GROUND) >= 3.0);
    }

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
