//! The panel's rows: a name, a control, the key of the configuration and where its value came from.

use std::time::Duration;

use bevy_egui::egui::{Align, FontId, Label, Layout, RichText, ScrollArea, Separator, Ui};

use super::model::{Origins, Values};
use crate::cache::By;
use crate::globe::actions::Action;
use crate::globe::camera::Projection;
use crate::globe::colouring::ColourBy;
use crate::globe::hud::text;
use crate::globe::hud::theme::{self, Icon};
use crate::globe::inks::{Theme, inks};
use crate::globe::layers::LAYERS;
use crate::globe::scale::RateShift;
use crate::globe::timeline::TimeScale;
use crate::globe::wall::TourKind;

/// Lengths of the window that are offered, in seconds.
const WINDOWS: [u64; 6] = [10, 30, 60, 120, 300, 600];
/// Widths of names and of keys, in points.
const NAME: f32 = 92.0;
const KEY: f32 = 116.0;
/// Letter height in pixels at a scale of 1, of a pixel in mm, and how high letters are per metre of distance, in mm.
const LETTER: [f32; 3] = [9.3, 0.634, 5.8];

/// What the panel shows.
#[derive(Clone, Debug)]
pub(crate) struct SettingsModel {
    /// What is in force.
    pub(crate) now: Values,
    /// Keys that were changed, with their values.
    pub(crate) changed: Vec<(&'static str, String)>,
    /// Where the values of the start came from.
    pub(crate) origins: Origins,
    /// Whether there is a file to save into.
    pub(crate) keeps: bool,
}

/// Draws the panel, as high as there is room in points; the action is a change or a click on a button.
pub(crate) fn settings_ui(ui: &mut Ui, model: &SettingsModel, room: f32) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        ui.label(theme::heading("Settings"));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if theme::icon_button(ui, Icon::Close, "close (Esc)").clicked() {
                action = Some(Action::Settings);
            }
        });
    });
    ScrollArea::vertical().max_height(room.max(80.0)).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 3.0;
        look_rows(ui, model, &mut action);
        content_rows(ui, model, &mut action);
    });
    ui.add_space(4.0);
    footer_ui(ui, model).or(action)
}

/// How things look.
fn look_rows(ui: &mut Ui, model: &SettingsModel, done: &mut Option<Action>) {
    let now = &model.now;
    row(
        ui,
        model,
        "Theme",
        "theme",
        |ui| {
            let own = Some(now.theme).filter(|t| !Theme::all().any(|known| known == *t));
            choose(ui, Theme::all().chain(own).map(|t| (t.title(), t, now.theme == t)), Action::Theme)
        },
        done,
    );
    row(ui, model, "Size", "ui-scale", |ui| size_ui(ui, now.ui_scale), done);
    let zones = [("UTC", false), ("local", true)];
    row(ui, model, "Clock", "local-time", |ui| switch(ui, zones, now.local_time, Action::LocalTime), done);
    let moves = [("all", false), ("reduced", true)];
    row(ui, model, "Motion", "reduced-motion", |ui| switch(ui, moves, now.reduced_motion, Action::ReducedMotion), done);
    let qualities = [("by the machine", false), ("always full", true)];
    row(ui, model, "Quality", "quality", |ui| switch(ui, qualities, now.full, Action::FullQuality), done);
}

/// What is shown.
fn content_rows(ui: &mut Ui, model: &SettingsModel, done: &mut Option<Action>) {
    let now = &model.now;
    row(
        ui,
        model,
        "Earth",
        "projection",
        |ui| {
            let both = [("globe", Projection::Globe), ("flat map", Projection::Flat)];
            let other = choose(ui, both.map(|(face, p)| (face, p, now.projection == p)), |p| p);
            other.filter(|p| *p != now.projection).map(|_| Action::Projection)
        },
        done,
    );
    row(
        ui,
        model,
        "A pin is",
        "level",
        |ui| choose(ui, By::ALL.map(|by| (by.word(), by, now.level == by)), Action::Level),
        done,
    );
    row(ui, model, "Pins say", "colour", |ui| colours_ui(ui, &now.colour), done);
    row(
        ui,
        model,
        "Rates",
        "rate-scale",
        |ui| choose(ui, RateShift::ALL.map(|s| (factor(s), s, now.rate_shift == s)), Action::RateShift),
        done,
    );
    row(
        ui,
        model,
        "Time line",
        "time-scale",
        |ui| {
            let scales = [("root", TimeScale::Root), ("linear", TimeScale::Linear), ("log", TimeScale::Log)];
            choose(ui, scales.map(|(face, s)| (face, s, now.time_scale == s)), Action::TimeScale)
        },
        done,
    );
    row(ui, model, "Window", "window", |ui| windows_ui(ui, now.window), done);
    row(
        ui,
        model,
        "Wall tour",
        "tour",
        |ui| {
            let names: Vec<(String, TourKind)> = TourKind::all().map(|kind| (kind.to_string(), kind)).collect();
            choose(ui, names.iter().map(|(name, kind)| (name.as_str(), *kind, now.tour.kind == *kind)), Action::Tour)
        },
        done,
    );
    row(
        ui,
        model,
        "Layers",
        "layers",
        |ui| {
            let layers = LAYERS.iter().map(|l| (l.name, l.id, now.layers.is_on(l.id)));
            choose(ui, layers, Action::Toggle)
        },
        done,
    );
}

/// What can be done with what was changed.
fn footer_ui(ui: &mut Ui, model: &SettingsModel) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        let count = model.changed.len();
        ui.add_enabled_ui(count > 0, |ui| {
            let lines: Vec<String> = model.changed.iter().map(|(key, value)| format!("{key} = {value}")).collect();
            let tip = |what: &str| format!("{what}\n\n{}", lines.join("\n"));
            if model.keeps && ui.button("save").on_hover_text(tip("into the configuration file:")).clicked() {
                action = Some(Action::SaveSettings);
            }
            if ui.button("copy as TOML").on_hover_text(tip("for a configuration file:")).clicked() {
                action = Some(Action::CopySettings);
            }
        });
        ui.label(theme::hint(match count {
            0 => "nothing is unsaved".to_owned(),
            1 => "1 key was changed".to_owned(),
            n => format!("{n} keys were changed"),
        }));
    });
    action
}

/// One row; what its control asks for goes into `done`.
fn row(
    ui: &mut Ui,
    model: &SettingsModel,
    name: &str,
    key: &str,
    control: impl FnOnce(&mut Ui) -> Option<Action>,
    done: &mut Option<Action>,
) {
    let width = ui.available_width();
    let changed = model.changed.iter().any(|(k, _)| *k == key);
    ui.horizontal_top(|ui| {
        ui.spacing_mut().item_spacing.x = 6.0;
        let part = |ui: &mut Ui, width: f32, add: &mut dyn FnMut(&mut Ui)| {
            ui.vertical(|ui| {
                ui.set_width(width);
                add(ui);
            });
        };
        part(ui, NAME, &mut |ui| {
            ui.add_space(3.0);
            ui.label(theme::label(name).color(inks().text));
        });
        ui.vertical(|ui| {
            ui.set_width((width - NAME - KEY - 14.0).max(120.0));
            ui.horizontal_wrapped(|ui| {
                ui.spacing_mut().item_spacing = bevy_egui::egui::vec2(3.0, 3.0);
                *done = control(ui).or(done.take());
            });
        });
        part(ui, KEY, &mut |ui| {
            ui.spacing_mut().item_spacing.y = 0.0;
            let ink = if changed { inks().accent } else { inks().dim };
            ui.label(RichText::new(key).font(FontId::monospace(theme::SMALL)).color(ink));
            let origin = if changed { "changed here" } else { model.origins.of(key).words() };
            ui.label(theme::hint(origin));
        });
    });
    ui.add(Separator::default().spacing(4.0));
}

/// Values side by side; the action is a click on one.
fn choose<'a, T, A>(
    ui: &mut Ui,
    values: impl IntoIterator<Item = (&'a str, T, bool)>,
    make: impl Fn(T) -> A,
) -> Option<A> {
    let mut chosen = None;
    for (face, value, on) in values {
        if ui.selectable_label(on, RichText::new(face).size(12.0)).clicked() {
            chosen = Some(make(value));
        }
    }
    chosen
}

fn switch(ui: &mut Ui, faces: [(&str, bool); 2], on: bool, make: impl Fn(bool) -> Action) -> Option<Action> {
    choose(ui, faces.map(|(face, value)| (face, value, value == on)), make)
}

/// The size in steps: a size that follows the pointer would move what the pointer is on.
fn size_ui(ui: &mut Ui, scale: f32) -> Option<Action> {
    const STEP: f32 = 0.1;
    let mut action = None;
    for (face, by) in [("\u{2212}", -STEP), ("+", STEP)] {
        if ui.button(face).clicked() {
            action = Some(Action::UiScale(((scale + by) * 20.0).round() / 20.0));
        }
    }
    if ui.button("100 %").clicked() {
        action = Some(Action::UiScale(1.0));
    }
    let [letter, pixel, per_metre] = LETTER;
    let metres = scale * letter * pixel / per_metre;
    let told = theme::label(format!("{:.0} %, read from {metres:.1} m", scale * 100.0));
    ui.add(Label::new(told).extend()).on_hover_text("on a 55-inch screen of 1920 by 1080 pixels");
    action
}

fn colours_ui(ui: &mut Ui, now: &ColourBy) -> Option<Action> {
    let plain = [ColourBy::Rate, ColourBy::Country, ColourBy::System, ColourBy::Port, ColourBy::Sensor];
    let rule = Some(now.clone()).filter(|by| matches!(by, ColourBy::Rule(_)));
    let all: Vec<(String, ColourBy)> =
        plain.into_iter().chain(rule).map(|by| (text::shorten(&by.title(), 28), by)).collect();
    choose(ui, all.iter().map(|(face, by)| (face.as_str(), by.clone(), by == now)), Action::Colour)
}

fn windows_ui(ui: &mut Ui, now: Duration) -> Option<Action> {
    let mut all: Vec<Duration> = WINDOWS.map(Duration::from_secs).to_vec();
    if !all.contains(&now) {
        all.push(now);
        all.sort();
    }
    let faces: Vec<(String, Duration)> = all.into_iter().map(|d| (text::duration(d), d)).collect();
    choose(ui, faces.iter().map(|(face, d)| (face.as_str(), *d, *d == now)), Action::Window)
}

/// What the rates of the scale are multiplied by, in a few letters.
fn factor(shift: RateShift) -> &'static str {
    match shift.decades() {
        -3 => "1/1,000",
        -2 => "1/100",
        -1 => "1/10",
        1 => "\u{d7}10",
        2 => "\u{d7}100",
        3 => "\u{d7}1,000",
        _ => "fixed",
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::super::model::{Origin, changed, tests::values};
    use super::*;
    use crate::globe::hud::probe::Probe;
    use crate::globe::layers::LayerId;

    fn model(now: Values) -> SettingsModel {
        let origins = BTreeMap::from([("theme".to_owned(), Origin::File), ("window".to_owned(), Origin::CommandLine)]);
        SettingsModel { changed: changed(&values(), &now), now, origins: Origins(origins), keeps: true }
    }

    #[test]
    fn every_key_stands_beside_its_control_and_a_click_changes_it() {
        let model = model(values());
        for (face, expect) in [
            ("light", Action::Theme(Theme::Light)),
            ("+", Action::UiScale(1.1)),
            ("local", Action::LocalTime(true)),
            ("reduced", Action::ReducedMotion(true)),
            ("always full", Action::FullQuality(true)),
            ("flat map", Action::Projection),
            ("city", Action::Level(By::City)),
            ("port", Action::Colour(ColourBy::Port)),
            ("1/100", Action::RateShift(RateShift::of(-2).expect("two decades"))),
            ("linear", Action::TimeScale(TimeScale::Linear)),
            ("5 min", Action::Window(Duration::from_secs(300))),
            ("talkers", Action::Tour(TourKind::Talkers)),
            ("graticule", Action::Toggle(LayerId::Graticule)),
        ] {
            let mut probe = Probe::new(560.0, 720.0);
            let mut action = None;
            let mut draw = |ui: &mut Ui| action = settings_ui(ui, &model, 640.0).or(action.take());
            probe.frame(None, &mut draw);
            probe.frame(None, &mut draw);
            assert_eq!((probe.overlaps(), probe.clipped()), (vec![], vec![]));
            for (key, _) in model.now.pairs() {
                assert!(probe.find(key).is_some(), "{key} is missing");
            }
            assert!(probe.shows("configuration") && probe.shows("command line") && probe.shows("default"));
            let at = probe.find(face).unwrap_or_else(|| panic!("{face} is missing"));
            probe.frame(Some(at), &mut draw);
            assert_eq!(action, Some(expect));
        }
    }

    #[test]
    fn what_was_changed_can_be_saved_and_copied() {
        let now = Values { theme: Theme::Night, local_time: true, ..values() };
        for (model, count) in [(model(now), 2), (model(values()), 0)] {
            for (face, expect) in [("save", Action::SaveSettings), ("copy as TOML", Action::CopySettings)] {
                let mut probe = Probe::new(560.0, 720.0);
                let mut action = None;
                let mut draw = |ui: &mut Ui| action = settings_ui(ui, &model, 640.0).or(action.take());
                probe.frame(None, &mut draw);
                probe.frame(None, &mut draw);
                let lit = probe.texts().into_iter().filter(|t| *t == "changed here").count();
                assert_eq!(lit, count);
                let at = probe.find(face).expect("a button");
                probe.frame(Some(at), &mut draw);
                assert_eq!(action, (count > 0).then_some(expect));
            }
        }
    }
}
