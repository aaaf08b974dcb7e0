//! The legend's card.

use bevy_egui::egui::{self, Align2, Color32, FontId, Sense, Stroke, Ui, pos2, vec2};

use crate::base::units::grouped;
use crate::globe::heat::{SPREAD_KM, STOPS};
use crate::globe::hud::{text, theme};
use crate::globe::inks::inks;
use crate::globe::scale::{RATE_SCALE, RateShift};

/// One decade of the scale.
#[derive(Clone, Debug, PartialEq)]
pub struct LegendClass {
    /// `1–10 kbit/s`.
    pub label: String,
    /// Width of the line in logical pixels.
    pub width: f32,
    /// Speed of the dashes in arc lengths per second.
    pub dash_speed: f32,
}

/// One kind of pins.
#[derive(Clone, Debug, PartialEq)]
pub struct KindLine {
    /// Its colour, sRGB.
    pub rgb: [u8; 3],
    /// Its name.
    pub name: String,
    /// Pins of it.
    pub pins: u64,
}

/// What the legend shows.
#[derive(bevy::prelude::Resource, Clone, Debug, PartialEq)]
pub struct LegendModel {
    /// The decades, lowest first; none where there is room for the kinds only.
    pub classes: Vec<LegendClass>,
    /// By how much the scale is moved.
    pub shift: RateShift,
    /// Heading and kinds, where the colour of pins is not their rate.
    pub kinds: Option<(String, Vec<KindLine>)>,
    /// Whether the scale of the traffic on the ground is shown.
    pub heat: bool,
    /// What one pin stands for; empty before the first picture.
    pub pins: String,
    /// Said below the scale, for example that fewer arcs are drawn than there are.
    pub notes: Vec<String>,
}

impl Default for LegendModel {
    /// The fixed scale, nothing noted.
    fn default() -> LegendModel {
        LegendModel {
            classes: classes(RateShift::PLAIN),
            shift: RateShift::PLAIN,
            kinds: None,
            heat: false,
            pins: String::new(),
            notes: Vec::new(),
        }
    }
}

impl LegendModel {
    /// Says the rates of a moved scale.
    pub fn move_to(&mut self, shift: RateShift) {
        (self.classes, self.shift) = (classes(shift), shift);
    }
}

/// The decades of a scale with their true rates.
fn classes(shift: RateShift) -> Vec<LegendClass> {
    let rows = (0..).zip(&RATE_SCALE);
    rows.map(|(i, c)| LegendClass { label: shift.label(i), width: c.width, dash_speed: c.dash_speed }).collect()
}

/// Length of a sample line in points.
const SAMPLE: f32 = 64.0;
/// Width of the card in points; notes that are longer are wrapped.
const WIDTH: f32 = 240.0;

/// Draws the card. `time` moves the dashes, in seconds; a standing time shows them standing.
pub fn legend_ui(ui: &mut Ui, model: &LegendModel, time: f64) {
    ui.spacing_mut().item_spacing.y = 3.0;
    ui.set_max_width(WIDTH);
    if let Some((title, kinds)) = &model.kinds {
        kinds_ui(ui, title, kinds);
    }
    if !model.classes.is_empty() {
        title_ui(ui, model);
    }
    for (class, [r, g, b]) in model.classes.iter().zip(inks().rates).rev() {
        let colour = Color32::from_rgb(r, g, b);
        let (rect, _) = ui.allocate_exact_size(vec2(SAMPLE + 106.0, 16.0), Sense::hover());
        let y = rect.center().y;
        let (left, right) = (rect.left(), rect.left() + SAMPLE);
        let ground = Stroke::new(class.width, colour.gamma_multiply(0.35));
        ui.painter().line_segment([pos2(left, y), pos2(right, y)], ground);
        // Three dashes on the sample, running to the receiver at the speed of an arc.
        let period = SAMPLE / 3.0;
        let phase = (time * f64::from(class.dash_speed)).fract() as f32 * SAMPLE;
        let mut x = left - period + phase % period;
        while x < right {
            let (a, b) = (x.max(left), (x + period * 0.5).min(right));
            if b > a {
                ui.painter().line_segment([pos2(a, y), pos2(b, y)], Stroke::new(class.width, colour));
            }
            x += period;
        }
        let font = FontId::monospace(theme::SMALL);
        ui.painter().text(pos2(right + 12.0, y), Align2::LEFT_CENTER, &class.label, font, inks().dim);
    }
    ui.add_space(3.0);
    if !model.classes.is_empty() {
        ui.label(theme::hint("dashes run to the receiver, faster with the rate"));
    }
    if model.heat {
        heat_ui(ui);
    }
    if !model.pins.is_empty() {
        ui.label(theme::hint(model.pins.as_str()));
    }
    for note in &model.notes {
        ui.add(egui::Label::new(theme::label(note.as_str()).color(inks().warn)).wrap());
    }
}

/// The heading of the scale, and that it is another one than usual.
fn title_ui(ui: &mut Ui, model: &LegendModel) {
    ui.horizontal(|ui| {
        ui.label(theme::label("Rate, each direction").color(inks().text));
        if model.shift != RateShift::PLAIN {
            let tip = "moved by decades for this view (Shift+D); the rates beside the lines are the true ones";
            ui.label(theme::label(model.shift.words()).color(inks().warn)).on_hover_text(tip);
        }
    });
}

/// Draws the card for windows with little room: the scale as one strip.
pub fn strip_ui(ui: &mut Ui, model: &LegendModel) {
    /// Points of the strip for one class.
    const PART: f32 = 24.0;
    ui.spacing_mut().item_spacing.y = 2.0;
    ui.set_max_width(WIDTH);
    title_ui(ui, model);
    let size = vec2(PART * model.classes.len() as f32, 24.0);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let y = rect.top() + 6.0;
    for ((i, class), [r, g, b]) in model.classes.iter().enumerate().zip(inks().rates) {
        let left = rect.left() + PART * i as f32;
        let line = [pos2(left + 1.0, y), pos2(left + PART - 1.0, y)];
        ui.painter().line_segment(line, Stroke::new(class.width, Color32::from_rgb(r, g, b)));
        // Every other decade is named: there is no room for more.
        if i % 2 == 1 {
            let at = pos2(left, rect.bottom());
            let font = FontId::monospace(theme::SMALL - 1.0);
            ui.painter().text(at, Align2::CENTER_BOTTOM, model.shift.tick(i), font, inks().dim);
        }
    }
    response.on_hover_text("bit/s in each direction; dashes run to the receiver, faster with the rate");
    for note in &model.notes {
        ui.add(egui::Label::new(theme::label(note.as_str()).color(inks().warn)).wrap());
    }
}

/// The scale of the density of traffic: its colours, and what some of them mean.
fn heat_ui(ui: &mut Ui) {
    const BAR: f32 = 9.0;
    ui.add_space(3.0);
    ui.label(theme::label("Traffic density, per 1,000 km\u{b2}").color(inks().text));
    let (rect, response) = ui.allocate_exact_size(vec2(WIDTH, BAR + 15.0), Sense::hover());
    let part = rect.width() / (STOPS - 1) as f32;
    let mut mesh = egui::Mesh::default();
    for (i, [r, g, b]) in (0_u32..).zip(inks().heat) {
        let (x, colour) = (rect.left() + part * i as f32, Color32::from_rgb(r, g, b));
        mesh.colored_vertex(pos2(x, rect.top()), colour);
        mesh.colored_vertex(pos2(x, rect.top() + BAR), colour);
        if i > 0 {
            mesh.add_triangle(2 * i - 2, 2 * i - 1, 2 * i);
            mesh.add_triangle(2 * i - 1, 2 * i, 2 * i + 1);
        }
    }
    ui.painter().add(mesh);
    let ticks =
        [(Align2::LEFT_BOTTOM, "10 bit/s"), (Align2::CENTER_BOTTOM, "10 kbit/s"), (Align2::RIGHT_BOTTOM, "10 Mbit/s")];
    for ((align, text), x) in ticks.into_iter().zip([rect.left(), rect.center().x, rect.right()]) {
        ui.painter().text(pos2(x, rect.bottom()), align, text, FontId::monospace(theme::SMALL - 1.0), inks().dim);
    }
    response.on_hover_text(format!(
        "sent and received, mean of the window, spread over {SPREAD_KM} km around each address"
    ));
}

/// Kinds of pins: a head of their colour, their name, how many.
fn kinds_ui(ui: &mut Ui, title: &str, kinds: &[KindLine]) {
    ui.label(theme::label(text::shorten(title, 34)).color(inks().text)).on_hover_text(title);
    for kind in kinds {
        let (rect, response) = ui.allocate_exact_size(vec2(SAMPLE + 106.0, 16.0), Sense::hover());
        let [r, g, b] = kind.rgb;
        let head = pos2(rect.left() + 7.0, rect.center().y);
        ui.painter().circle(head, 4.5, Color32::from_rgb(r, g, b), Stroke::new(1.0, inks().line));
        let font = FontId::proportional(theme::SMALL);
        let count = grouped(kind.pins);
        let at = pos2(rect.left() + 18.0, rect.center().y);
        ui.painter().text(at, Align2::LEFT_CENTER, text::shorten(&kind.name, 22), font.clone(), inks().dim);
        ui.painter().text(rect.right_center(), Align2::RIGHT_CENTER, &count, font, inks().dim);
        response.on_hover_text(format!("{}: {count} pins", kind.name));
    }
    ui.add_space(3.0);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::hud::probe::Probe;

    #[test]
    fn each_class_has_a_line_and_a_label() {
        let class = |label: &str, width| LegendClass { label: label.into(), width, dash_speed: 0.1 };
        let model = LegendModel {
            classes: vec![class("< 1 kbit/s", 1.0), class("1\u{2013}10 kbit/s", 1.5)],
            kinds: Some((
                "Pins by AS".into(),
                vec![
                    KindLine { rgb: [200, 100, 0], name: "AS559 A network with a very long name".into(), pins: 1234 },
                    KindLine { rgb: [90, 90, 90], name: "others".into(), pins: 7 },
                ],
            )),
            heat: true,
            shift: RateShift::PLAIN,
            pins: "a pin is one country (12 for 431 addresses)".into(),
            notes: vec!["showing the 300 largest of 18 210 arcs".into()],
        };
        let mut probe = Probe::new(280.0, 330.0);
        probe.frame(None, |ui| legend_ui(ui, &model, 0.3));
        assert!(probe.shows("< 1 kbit/s") && probe.shows("10 kbit/s") && probe.shows("300 largest"));
        assert!(probe.shows("one country") && probe.shows("Pins by AS") && probe.shows("others"));
        assert!(probe.shows("Traffic density") && probe.shows("10 kbit/s"));
        assert_eq!(probe.overlaps(), []);
        assert_eq!(probe.clipped(), [] as [String; 0]);
    }

    #[test]
    fn a_moved_scale_says_so_with_its_true_rates_and_the_strip_names_decades() {
        let mut model = LegendModel::default();
        let draw = |model: &LegendModel, strip: bool| {
            let mut probe = Probe::new(280.0, if strip { 80.0 } else { 300.0 });
            probe.frame(None, |ui| if strip { strip_ui(ui, model) } else { legend_ui(ui, model, 0.0) });
            assert_eq!((probe.overlaps(), probe.clipped()), (vec![], vec![]));
            probe.texts().join("|")
        };
        assert!(!draw(&model, false).contains("scaled") && draw(&model, true).contains("1k|100k|10M|1G"));
        model.move_to(RateShift::of(3).expect("three decades"));
        let whole = draw(&model, false);
        assert!(whole.contains("scaled \u{d7}1,000") && whole.contains("10 Tbit/s and more"), "{whole}");
        let strip = draw(&model, true);
        assert!(strip.contains("scaled \u{d7}1,000") && strip.contains("1M|100M|10G|1T"), "{strip}");
    }
}
