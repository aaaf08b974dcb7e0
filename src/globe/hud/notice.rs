//! Why the map is empty, and what to do about it: the first thing that fails is said first.

use bevy_egui::egui::{self, RichText, Ui, vec2};

use super::status::state_words;
use super::text;
use super::theme::{self, Mark};
use crate::base::units::grouped;
use crate::cache::{Snapshot, SourceState};
use crate::globe::actions::Action;
use crate::globe::inks::inks;
use crate::globe::palette::Sought;
use crate::pipeline::{PlayState, Playhead};

/// A card in the middle of the window.
#[derive(Clone, Debug, PartialEq)]
pub struct NoticeModel {
    /// What is the matter, in a few words.
    pub title: String,
    /// Whether it is a failure (and not only nothing yet).
    pub failed: bool,
    /// What was looked at, each with its mark.
    pub facts: Vec<(Mark, String)>,
    /// What to do, for the first that failed.
    pub advice: String,
}

impl NoticeModel {
    /// The card for a snapshot; `None` when there are pins to look at and no source has failed.
    #[must_use]
    pub fn new(snapshot: &Snapshot, playhead: &Playhead, filter: Option<&str>) -> Option<NoticeModel> {
        let health = &snapshot.health;
        let failed: Vec<_> = health.sources.iter().filter(|s| matches!(s.state, SourceState::Failed(_))).collect();
        if !snapshot.hosts.is_empty() && failed.is_empty() {
            return None;
        }
        // Pins of other sources are worth more than a card over them; the status line still names the failure.
        if !snapshot.hosts.is_empty() && failed.len() < health.sources.len() {
            return None;
        }
        let received: u64 = health.sources.iter().map(|s| s.records).sum();
        let facts = facts(snapshot, received, filter);
        let (title, advice) = verdict(snapshot, playhead, received, filter);
        Some(NoticeModel { title, failed: !failed.is_empty(), facts, advice })
    }
}

/// The chain from source to pin, link by link.
fn facts(s: &Snapshot, received: u64, filter: Option<&str>) -> Vec<(Mark, String)> {
    let mut facts: Vec<(Mark, String)> = s
        .health
        .sources
        .iter()
        .take(6)
        .map(|source| {
            let (words, mark) = state_words(source);
            // Reasons often begin with the name that already stands before them.
            let words = words.replacen(&format!("{}: ", source.name), "", 1);
            let kind = if source.kind.is_empty() { String::new() } else { format!(" ({})", source.kind) };
            (mark, format!("{}{kind}: {words}", text::shorten_left(&source.name, 44)))
        })
        .collect();
    if s.health.sources.is_empty() {
        facts.push((Mark::Warn, "no source was named".into()));
    }
    let good = |yes: bool| if yes { Mark::Good } else { Mark::Idle };
    facts.push((good(received > 0), format!("records received: {}", grouped(received))));
    if let Some(filter) = filter {
        let h = &s.health;
        let mark = if h.accepted == 0 && h.rejected > 0 { Mark::Warn } else { good(h.accepted > 0) };
        let of = h.accepted.saturating_add(h.rejected);
        let filter = text::shorten(filter, 30);
        facts.push((mark, format!("filter \u{201c}{filter}\u{201d}: {} of {} pass", grouped(h.accepted), grouped(of))));
    }
    facts.push((good(s.totals.records > 0), format!("records in the window: {}", grouped(s.totals.records))));
    let placed = s.hosts.len() as u64;
    let mark = if placed == 0 && s.totals.unplaced_hosts > 0 { Mark::Warn } else { good(placed > 0) };
    facts.push((
        mark,
        format!("addresses with a place: {}, without: {}", grouped(placed), grouped(s.totals.unplaced_hosts)),
    ));
    if s.health.databases.is_empty() {
        facts.push((Mark::Warn, "geolocation database: none".into()));
    } else {
        facts.push((Mark::Good, format!("geolocation database: {}", s.health.databases.join(", "))));
    }
    facts
}

/// What to call it and what to do about the first link that fails.
fn verdict(s: &Snapshot, playhead: &Playhead, received: u64, filter: Option<&str>) -> (String, String) {
    let h = &s.health;
    if let Some((name, why)) = h.sources.iter().find_map(|x| match &x.state {
        SourceState::Failed(why) => Some((&x.name, why)),
        _ => None,
    }) {
        let name = text::shorten_left(name, 44);
        return (format!("Cannot read {name}"), remedy(why));
    }
    if h.sources.is_empty() {
        return (
            "No traffic to show".into(),
            "Drop a file here, press Ctrl+O, or start with -r FILE (argus or packet file), -S HOST:PORT (argus stream) or \
             -i INTERFACE (live capture)."
                .into(),
        );
    }
    if received == 0 {
        let waiting = h.sources.iter().any(|x| !matches!(x.state, SourceState::Ended));
        return if waiting {
            (
                "Waiting for records".into(),
                "The picture begins with the first record. Status records of idle links can take a minute.".into(),
            )
        } else {
            ("Nothing was recorded".into(), "The source was read to its end and held no flow records.".into())
        };
    }
    if filter.is_some() && h.accepted == 0 && h.rejected > 0 {
        return ("Nothing passes the filter".into(), "Start with a wider filter, or with none.".into());
    }
    if s.totals.records == 0 {
        let how = match playhead.state {
            PlayState::Paused => "Drag the playhead, or press Home for the first record.",
            PlayState::Live | PlayState::Replay { .. } => "Press Home for the first record, End for the last.",
        };
        return ("No traffic in this window".into(), how.into());
    }
    if s.totals.hosts == 0 {
        return (
            "No IP addresses".into(),
            "The records in the window are between layer 2 addresses only (ARP and the like).".into(),
        );
    }
    (
        "No address has a place".into(),
        "Private and special addresses have none. Give them one with --home LAT,LON, or press I for the list.".into(),
    )
}

/// What to do about a source that failed, by the words of its reason.
fn remedy(why: &str) -> String {
    let why = why.to_lowercase();
    let has = |words: &[&str]| words.iter().any(|w| why.contains(w));
    if has(&["no such file", "not found", "does not exist"]) {
        "Check the name and the directory the program was started in.".into()
    } else if has(&["permission", "not permitted"]) {
        "Run it as a user who may read it; for live capture: sudo setcap cap_net_raw,cap_net_admin=eip argus-globe."
            .into()
    } else if has(&["refused", "unreachable", "timed out", "resolve"]) {
        "Check that the sensor runs, and its host and port.".into()
    } else {
        "Argus files, argus streams, pcap and pcapng files and live interfaces can be read.".into()
    }
}

/// The three ways to other data, for who sees the bundled sample.
pub const WAYS: [(&str, &str); 3] = [
    ("a file", "drop it here, Ctrl+O, or argus-globe -r FILE: packets or flow records"),
    ("a sensor", "Ctrl+Shift+O, or argus-globe -S HOST:PORT: a running argus or radium"),
    ("this machine", "Ctrl+Shift+O, or argus-globe -i INTERFACE: its own traffic, live"),
];

/// Draws what is said about the sample; the action opens something else or closes the card.
pub fn sample_ui(ui: &mut Ui) -> Option<Action> {
    let mut action = None;
    ui.set_max_width(430.0);
    ui.horizontal(|ui| {
        ui.label(theme::heading("The bundled sample"));
        ui.with_layout(egui::Layout::right_to_left(egui::Align::Center), |ui| {
            if theme::icon_button(ui, theme::Icon::Close, "close (Esc)").clicked() {
                action = Some(Action::Escape);
            }
        });
    });
    ui.label(theme::label("Invented traffic, to look around in. Your own comes from"));
    ui.add_space(4.0);
    for (from, how) in WAYS {
        ui.horizontal(|ui| {
            let (rect, _) = ui.allocate_exact_size(vec2(82.0, 18.0), egui::Sense::hover());
            let font = egui::FontId::proportional(theme::BODY);
            theme::paint_text(ui, rect.left_center(), egui::Align2::LEFT_CENTER, from, font, inks().accent);
            ui.add(egui::Label::new(RichText::new(how).size(12.0)).wrap());
        });
    }
    ui.add_space(4.0);
    ui.horizontal(|ui| {
        if ui.button("open files\u{2026}").on_hover_text("packets or flow records (Ctrl+O)").clicked() {
            action = Some(Action::Browse);
        }
        if ui.button("sensor or interface\u{2026}").on_hover_text("by name (Ctrl+Shift+O)").clicked() {
            action = Some(Action::Palette(Sought::Sources));
        }
    });
    action
}

/// Draws the card.
pub fn notice_ui(ui: &mut Ui, model: &NoticeModel) {
    ui.set_max_width(460.0);
    ui.horizontal(|ui| {
        theme::mark(ui, if model.failed { Mark::Alert } else { Mark::Idle });
        ui.label(theme::heading(model.title.as_str()).color(if model.failed { inks().alert } else { inks().text }));
    });
    ui.add_space(6.0);
    ui.spacing_mut().item_spacing = vec2(8.0, 5.0);
    for (mark, fact) in &model.facts {
        ui.horizontal_top(|ui| {
            ui.vertical(|ui| {
                ui.add_space(3.0);
                theme::mark(ui, *mark);
            });
            ui.add(egui::Label::new(RichText::new(fact).color(inks().dim)).wrap());
        });
    }
    ui.add_space(6.0);
    ui.add(egui::Label::new(RichText::new(&model.advice).color(inks().text)).wrap());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::globe::fixture;
    use crate::globe::hud::probe::Probe;

    fn playhead() -> Playhead {
        Playhead { now: fixture::now(), state: PlayState::Paused, speed: 1.0 }
    }

    fn empty(state: SourceState, records: u64) -> Snapshot {
        let mut source = fixture::source(state);
        source.records = records;
        let mut s = Snapshot::default();
        s.health.sources = vec![source];
        s
    }

    fn title(s: &Snapshot, filter: Option<&str>) -> Option<String> {
        NoticeModel::new(s, &playhead(), filter).map(|n| n.title)
    }

    #[test]
    fn the_first_link_that_fails_is_named() {
        assert_eq!(title(&fixture::snapshot(), None), None);
        assert_eq!(title(&Snapshot::default(), None).as_deref(), Some("No traffic to show"));
        assert_eq!(title(&empty(SourceState::Live, 0), None).as_deref(), Some("Waiting for records"));
        assert_eq!(title(&empty(SourceState::Ended, 0), None).as_deref(), Some("Nothing was recorded"));
        assert_eq!(title(&empty(SourceState::Ended, 5), None).as_deref(), Some("No traffic in this window"));
        let mut s = empty(SourceState::Ended, 5);
        s.health.rejected = 5;
        assert_eq!(title(&s, Some("udp")).as_deref(), Some("Nothing passes the filter"));
        s.health.rejected = 0;
        s.totals.records = 5;
        assert_eq!(title(&s, None).as_deref(), Some("No IP addresses"));
        s.totals.hosts = 2;
        s.totals.unplaced_hosts = 2;
        assert_eq!(title(&s, None).as_deref(), Some("No address has a place"));
    }

    #[test]
    fn a_failed_source_is_a_card_that_says_why_and_what_to_do() {
        let why = "opening \"captures/today.pcap\": No such file or directory (os error 2)";
        let s = empty(SourceState::Failed(why.into()), 0);
        let n = NoticeModel::new(&s, &playhead(), None).expect("a card");
        assert!(n.failed && n.title.contains("today.pcap") && n.advice.contains("Check the name"));
        assert!(n.facts.iter().any(|(m, f)| *m == Mark::Alert && f.contains("No such file")));
        let mut probe = Probe::new(520.0, 400.0);
        probe.frame(None, |ui| notice_ui(ui, &n));
        assert!(probe.shows("No such file or directory") && probe.overlaps().is_empty() && probe.clipped().is_empty());
    }

    #[test]
    fn the_sample_names_three_ways_to_other_data() {
        let mut probe = Probe::new(480.0, 260.0);
        probe.frame(None, |ui| _ = sample_ui(ui));
        for (from, how) in WAYS {
            let first: String = how.chars().take(20).collect();
            assert!(probe.shows(from) && probe.texts().iter().any(|t| t.contains(&first)), "{from}");
        }
        assert_eq!((probe.overlaps(), probe.clipped()), (vec![], vec![]));
        for (face, expect) in
            [("open files\u{2026}", Action::Browse), ("sensor or interface\u{2026}", Action::Palette(Sought::Sources))]
        {
            let mut action = None;
            let at = probe.find(face).expect("a button");
            probe.frame(Some(at), |ui| action = sample_ui(ui).or(action.take()));
            assert_eq!(action, Some(expect));
        }
    }

    #[test]
    fn pins_of_a_second_source_are_not_covered() {
        let mut s = fixture::snapshot();
        s.health.sources.push(fixture::source(SourceState::Failed("gone".into())));
        assert_eq!(title(&s, None), None);
        s.health.sources.remove(0);
        assert!(title(&s, None).is_some());
    }
}
