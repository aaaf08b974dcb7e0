//! Several selected things: a line for each, and the filters that only their traffic passes.

use bevy_egui::egui::{Align, Layout, ScrollArea, Ui};

use super::flow::table_words;
use super::model::{host_argus, host_filter};
use super::ui::{filter_ui, line_ui};
use crate::base::units::si;
use crate::cache::{By, Snapshot};
use crate::globe::actions::Action;
use crate::globe::hud::theme::{self, Icon};
use crate::globe::selection::{Picked, Selection, find_host, find_path};
use crate::globe::table::FlowId;

/// Height of the lines before they scroll, in points.
const LINES: f32 = 96.0;

/// What is said of all selected things together.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SeveralModel {
    /// Each thing, its name, and its rate both ways; an empty rate for what is not in the window.
    pub lines: Vec<(Picked, String, String)>,
    /// The one that the details are about.
    pub current: Picked,
    /// The filter of everything shown that only these pass; empty where there is none.
    pub argus: String,
    /// The text that shows their flows in the table.
    pub filter: String,
}

impl SeveralModel {
    /// Of a selection; `None` where fewer than two things are selected.
    #[must_use]
    pub fn new(snapshot: &Snapshot, selection: &Selection) -> Option<SeveralModel> {
        if selection.count() < 2 {
            return None;
        }
        let told: Vec<Told> = selection.all().map(|thing| tell(snapshot, thing)).collect();
        let argus = told.iter().map(|t| t.argus.as_deref()).collect::<Option<Vec<&str>>>().unwrap_or_default();
        let argus: Vec<String> = argus.into_iter().map(bracketed).collect();
        let filter: Vec<&str> = told.iter().map(|t| t.filter.as_str()).filter(|f| !f.is_empty()).collect();
        Some(SeveralModel {
            argus: argus.join(" or "),
            filter: filter.join(" or "),
            current: selection.picked,
            lines: selection.all().zip(told).map(|(thing, t)| (thing, t.name, t.rate)).collect(),
        })
    }
}

/// A filter of several words as one.
fn bracketed(filter: &str) -> String {
    if filter.contains(" and ") { format!("({filter})") } else { filter.to_owned() }
}

/// What is said of one thing.
struct Told {
    name: String,
    rate: String,
    /// None: no filter says just this, or none that others can be joined to.
    argus: Option<String>,
    filter: String,
}

fn tell(s: &Snapshot, thing: Picked) -> Told {
    let name = |addr: std::net::IpAddr| s.name_of(addr.into());
    let load = |bps: f64| si(bps, "bit/s");
    // Words for places stand before a filter and know no "or".
    let joins = matches!(s.level.by, By::Address | By::Network);
    match thing {
        Picked::Host(addr) => match find_host(s, addr) {
            Some(host) => Told {
                name: host.name().into_owned(),
                rate: load(host.load_in + host.load_out),
                argus: joins.then(|| host_argus(s, host)),
                filter: host_filter(host),
            },
            None => Told {
                name: name(addr),
                rate: String::new(),
                argus: joins.then(|| format!("host {addr}")),
                filter: format!("host={addr}"),
            },
        },
        Picked::Path(a, b) => {
            let ends = find_host(s, a).zip(find_host(s, b));
            let rate = find_path(s, a, b).map_or_else(String::new, |p| load(p.load_ab + p.load_ba));
            let (argus, filter) = match ends {
                Some((x, y)) => (
                    Some(format!("{} and {}", host_argus(s, x), host_argus(s, y))),
                    format!("{} {}", host_filter(x), host_filter(y)),
                ),
                None => (Some(format!("host {a} and host {b}")), format!("host={a} host={b}")),
            };
            let argus = argus.filter(|_| s.level.by == By::Address);
            Told { name: format!("{} \u{2194} {}", name(a), name(b)), rate, argus, filter }
        }
        Picked::Flow(id) => {
            let row = s.flows.iter().find(|row| FlowId::of(row) == id);
            let key = id.key;
            Told {
                name: format!("{} \u{2194} {} port {}", s.name_of(key.saddr), s.name_of(key.daddr), key.dport),
                rate: row.map_or_else(String::new, |r| load(r.load_src + r.load_dst)),
                argus: row.map(super::flow::argus).filter(|text| joins && !text.is_empty()),
                filter: table_words(&key),
            }
        }
        Picked::Nothing => Told { name: String::new(), rate: String::new(), argus: None, filter: String::new() },
    }
}

/// Draws the lines and what can be done with all of them; the action is a click.
pub fn several_ui(ui: &mut Ui, model: &SeveralModel, follows: bool) -> Option<Action> {
    let mut action = None;
    ui.horizontal(|ui| {
        ui.label(theme::heading(format!("{} selected", model.lines.len())));
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if theme::icon_button(ui, Icon::Close, "select nothing").clicked() {
                action = Some(Action::Deselect);
            }
            let tip = "show only their flows in the table";
            if !model.filter.is_empty() && ui.button("flows in table").on_hover_text(tip).clicked() {
                action = Some(Action::Filter(model.filter.clone()));
            }
        });
    });
    action = filter_ui(ui, &model.argus, ["only these", "hide these"], follows).or(action);
    ScrollArea::vertical().id_salt("several").max_height(LINES).auto_shrink([false, true]).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 1.0;
        for (thing, name, rate) in &model.lines {
            let lit = model.lines.len() > 1 && model.current.is(thing);
            let rate = if rate.is_empty() { "not in the window" } else { rate };
            let response = line_ui(ui, name, rate, lit);
            if response.on_hover_text("click: the details of this one; Ctrl+click takes it out").clicked() {
                let out = ui.input(|i| i.modifiers.ctrl);
                action = Some(if out { Action::AddOrRemove(*thing) } else { Action::TurnTo(*thing) });
            }
        }
    });
    ui.add_space(2.0);
    ui.separator();
    action
}

#[cfg(test)]
mod tests {
    use bevy_egui::egui;

    use super::*;
    use crate::cache::Level;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;
    use crate::globe::table::{View, Wish};
    use crate::pipeline::Show;

    fn several(s: &Snapshot) -> Selection {
        let mut selection = Selection::default();
        let (a, b) = (s.hosts[0].addr, s.hosts[3].addr);
        for thing in [Picked::Host(s.hosts[1].addr), Picked::Path(a, b), Picked::Flow(FlowId::of(&s.flows[2]))] {
            selection.add_or_remove(thing);
        }
        selection
    }

    #[test]
    fn the_filters_of_several_pass_the_flows_of_each_and_no_others() {
        let s = fixture::snapshot();
        let selection = several(&s);
        let m = SeveralModel::new(&s, &selection).expect("three");
        Show::parse(&m.argus).unwrap_or_else(|e| panic!("{}: {e}", m.argus));
        assert!(m.argus.starts_with("host ") && m.argus.matches(" or ").count() == 2, "{}", m.argus);
        let view = View::compute(std::sync::Arc::new(s.clone()), Wish { text: m.filter.clone(), sort: None });
        let alone = |thing: Picked| {
            let mut one = Selection::default();
            one.add_or_remove(thing);
            one
        };
        let wanted: Vec<u32> = (0..)
            .zip(s.flows.iter())
            .filter(|(_, f)| {
                let ends = (f.last.key.saddr.ip(), f.last.key.daddr.ip());
                let (Some(a), Some(b)) = ends else { return false };
                selection.all().any(|thing| match thing {
                    Picked::Flow(id) => id == FlowId::of(f),
                    other => alone(other).shows_path(a, b),
                })
            })
            .map(|(i, _)| i)
            .collect();
        assert!(!wanted.is_empty() && view.rows == wanted, "{}: {:?} {wanted:?}", m.filter, view.rows);
        let country = s.at_level(Level { by: By::Country, ..Level::default() });
        let m = SeveralModel::new(&country, &selection).expect("three");
        assert_eq!(m.argus, "", "words for places cannot be joined");
        assert_eq!(SeveralModel::new(&country, &Selection::default()), None);
    }

    #[test]
    fn a_line_turns_to_its_thing_and_with_ctrl_takes_it_out() {
        let s = fixture::snapshot();
        let selection = several(&s);
        let m = SeveralModel::new(&s, &selection).expect("three");
        for (modifiers, expect) in [
            (egui::Modifiers::NONE, Action::TurnTo(m.lines[0].0)),
            (egui::Modifiers::CTRL, Action::AddOrRemove(m.lines[0].0)),
        ] {
            let mut probe = Probe::new(330.0, 300.0);
            let mut action = None;
            let mut draw = |ui: &mut Ui| action = several_ui(ui, &m, false).or(action.take());
            probe.frame(None, &mut draw);
            assert!(probe.shows("3 selected") && probe.shows("only these"));
            assert_eq!((probe.overlaps(), probe.clipped()), (vec![], vec![]));
            let at = probe.find(&m.lines[0].1).expect("a line");
            probe.click(at, modifiers, &mut draw);
            assert_eq!(action, Some(expect));
        }
    }
}
