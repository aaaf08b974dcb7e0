//! The card of what is under the pointer. It stands where it appeared and stays while the pointer is on it, so that a
//! click can pin it.

use bevy::prelude::Window;
use bevy_egui::egui::{Align2, Context, CursorIcon, Order, Pos2, Rect, Sense, Stroke, StrokeKind, pos2, vec2};

use super::Hud;
use super::layout::{Seen, card};
use super::theme;
use crate::globe::actions::Action;
use crate::globe::clusters::cluster_card;
use crate::globe::inks::inks;
use crate::globe::inspector::{HoverModel, hover_ui};
use crate::globe::selection::{Picked, find_host, find_path};

/// Seconds the pointer rests on a pin before its card appears.
const DELAY: f64 = 0.12;
/// Seconds that a card waits for a pointer which has left the pin, for the way to the card.
const GRACE: f64 = 0.35;
/// Room that a card needs beside the pointer, in points.
const ROOM: [f32; 2] = [340.0, 170.0];

/// What a card can be about.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Thing {
    One(Picked),
    /// A cluster, by its number in this frame.
    Cluster(usize),
}

/// The card on the screen.
#[derive(Clone, Copy, Debug)]
struct Shown {
    thing: Thing,
    /// Where the pointer was when it appeared.
    at: Pos2,
    /// Where it was drawn last.
    rect: Option<Rect>,
    /// When the pointer was on its pin or on itself last, in seconds of the scene's clock.
    seen: f64,
}

/// What is under the pointer, and the card of it.
#[derive(Default)]
pub(super) struct Hover {
    /// What is under the pointer, and since when anything is.
    under: Option<(Thing, f64)>,
    shown: Option<Shown>,
}

impl Hover {
    /// Takes over what is under the pointer in this frame, `now` in seconds of the scene's clock, with the pointer at
    /// `at`. From pin to pin a card moves at once; from nothing it waits a moment; from a pin to its card it stays.
    fn follow(&mut self, under: Option<Thing>, at: Option<Pos2>, now: f64) {
        self.under = under.map(|thing| (thing, self.under.map_or(now, |(_, since)| since)));
        let on_card = at.zip(self.shown.and_then(|s| s.rect)).is_some_and(|(at, rect)| rect.contains(at));
        match (self.under, &mut self.shown) {
            (Some((thing, _)), Some(shown)) if shown.thing == thing => shown.seen = now,
            // A path is looked for when the pointer rests: it needs no more waiting.
            (Some((thing, since)), shown) => {
                let ready = shown.is_some() || now - since >= DELAY || matches!(thing, Thing::One(Picked::Path(..)));
                *shown = at.filter(|_| ready).map(|at| Shown { thing, at, rect: None, seen: now });
            }
            (None, Some(shown)) if on_card && matches!(shown.thing, Thing::One(_)) => shown.seen = now,
            (None, Some(shown)) => {
                let waits = matches!(shown.thing, Thing::One(_)) && now - shown.seen < GRACE;
                if !waits {
                    self.shown = None;
                }
            }
            (None, None) => {}
        }
    }
}

/// The card beside the pointer.
pub(super) fn hover_card(ctx: &Context, seen: &Seen, (hover, hud): (&mut Hover, &mut Hud), done: &mut Vec<Action>) {
    let now = seen.clock.elapsed;
    let zoom = ctx.zoom_factor();
    let at = seen.windows.iter().next().and_then(Window::cursor_position).map(|p| pos2(p.x / zoom, p.y / zoom));
    hud.hovered_card = None;
    hover.follow(under(seen), at, now);
    let model = hover.shown.and_then(|shown| model_of(seen, hud, shown.thing));
    let (Some(model), Some(shown)) = (model, &mut hover.shown) else {
        // Where another card says the same there is none, and none that waits.
        hover.shown = None;
        return;
    };
    let pinnable = match shown.thing {
        Thing::One(thing) => Some(thing),
        Thing::Cluster(_) => None,
    };
    // Below and right of the pointer where there is room, else on the other side.
    let (at, screen) = (shown.at, ctx.viewport_rect());
    let (right, down) = (at.x + ROOM[0] < screen.right(), at.y + ROOM[1] < screen.bottom());
    let pivot = match (right, down) {
        (true, true) => Align2::LEFT_TOP,
        (true, false) => Align2::LEFT_BOTTOM,
        (false, true) => Align2::RIGHT_TOP,
        (false, false) => Align2::RIGHT_BOTTOM,
    };
    let by = vec2(if right { 16.0 } else { -12.0 }, if down { 14.0 } else { -10.0 });
    let area = card("hover", pivot, at + by).order(Order::Tooltip);
    let area = if pinnable.is_some() { area.sense(Sense::click()) } else { area.interactable(false) };
    let hint = if pinnable.is_some() { "Enter pins" } else { "" };
    let drawn = area.show(ctx, |ui| {
        theme::card_frame().show(ui, |ui| hover_ui(ui, &model, hint));
    });
    shown.rect = Some(drawn.response.rect);
    let Some(thing) = pinnable.filter(|_| shown.seen >= now) else { return };
    hud.hovered_card = Some((thing, drawn.response.rect.min));
    if drawn.response.hovered() {
        ctx.set_cursor_icon(CursorIcon::PointingHand);
        let painter = ctx.layer_painter(drawn.response.layer_id);
        painter.rect_stroke(drawn.response.rect, 6.0, Stroke::new(1.0, inks().accent), StrokeKind::Inside);
    }
    if drawn.response.clicked() {
        done.push(Action::PinCard);
    }
}

/// What is under the pointer: a pin, else a cluster, else a path.
fn under(seen: &Seen) -> Option<Thing> {
    if let Some(addr) = seen.selection.hovered {
        return Some(Thing::One(Picked::Host(addr)));
    }
    if let Some(cluster) = seen.clusters.as_ref().and_then(|c| c.hovered) {
        return Some(Thing::Cluster(cluster));
    }
    seen.selection.hovered_path.map(|(a, b)| Thing::One(Picked::Path(a, b)))
}

/// What the card says; none where details or a pinned card say the same already.
fn model_of(seen: &Seen, hud: &Hud, thing: Thing) -> Option<HoverModel> {
    let snapshot = &seen.feed.snapshot;
    let thing = match thing {
        Thing::Cluster(index) => {
            return seen.clusters.as_ref().and_then(|c| c.marks.get(index)).map(|bunch| cluster_card(snapshot, bunch));
        }
        Thing::One(thing) => thing,
    };
    if hud.cards.has(thing) || (seen.selection.details && seen.selection.picked.is(&thing)) {
        return None;
    }
    match thing {
        Picked::Host(addr) => Some(HoverModel::new(snapshot, find_host(snapshot, addr)?)),
        Picked::Path(a, b) => HoverModel::of_path(snapshot, find_path(snapshot, a, b)?),
        Picked::Flow(_) | Picked::Nothing => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pin(i: u8) -> Option<Thing> {
        Some(Thing::One(Picked::Host([10, 0, 0, i].into())))
    }

    fn shown(hover: &Hover) -> Option<Thing> {
        hover.shown.map(|s| s.thing)
    }

    #[test]
    fn a_card_waits_a_moment_then_moves_from_pin_to_pin_at_once() {
        let mut hover = Hover::default();
        let at = Some(pos2(100.0, 100.0));
        hover.follow(pin(1), at, 1.0);
        assert_eq!(shown(&hover), None);
        hover.follow(pin(1), at, 1.05);
        assert_eq!(shown(&hover), None);
        hover.follow(pin(1), at, 1.13);
        assert_eq!(shown(&hover), pin(1));
        hover.follow(pin(2), at, 1.14);
        assert_eq!(shown(&hover), pin(2));
    }

    #[test]
    fn a_card_stays_while_the_pointer_goes_to_it_and_is_on_it() {
        let mut hover = Hover::default();
        let at = pos2(100.0, 100.0);
        hover.follow(pin(1), Some(at), 1.0);
        hover.follow(pin(1), Some(at), 1.2);
        hover.shown.as_mut().expect("a card").rect = Some(Rect::from_min_size(pos2(116.0, 114.0), vec2(200.0, 100.0)));
        hover.follow(None, Some(pos2(112.0, 110.0)), 1.3);
        assert_eq!(shown(&hover), pin(1), "on the way");
        for tenth in 0..30 {
            hover.follow(None, Some(pos2(150.0, 150.0)), 1.4 + f64::from(tenth) / 10.0);
            assert_eq!(shown(&hover), pin(1), "on the card");
        }
        hover.follow(None, Some(pos2(500.0, 500.0)), 4.5);
        assert_eq!(shown(&hover), pin(1));
        hover.follow(None, Some(pos2(500.0, 500.0)), 4.7);
        assert_eq!(shown(&hover), None, "the pointer has left it");
    }

    #[test]
    fn the_card_of_a_cluster_goes_with_the_pointer() {
        let mut hover = Hover::default();
        let cluster = Some(Thing::Cluster(3));
        hover.follow(cluster, Some(pos2(1.0, 1.0)), 1.0);
        hover.follow(cluster, Some(pos2(1.0, 1.0)), 1.2);
        assert_eq!(shown(&hover), cluster);
        hover.follow(None, Some(pos2(9.0, 1.0)), 1.21);
        assert_eq!(shown(&hover), None);
    }
}
