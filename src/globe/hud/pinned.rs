//! Pinned cards: each a small panel that can be dragged, with a line to its pin.

use bevy_egui::egui::{Area, Context, Id, Order, Painter, Pos2, Rect, Sense, Stroke, Vec2, pos2, vec2};

use super::Hud;
use super::layout::Seen;
use super::theme;
use crate::globe::actions::Action;
use crate::globe::inks::inks;
use crate::globe::inspector::{CARD, card_ui};
use crate::globe::selection::Picked;

/// Radius of the ring around a pin that has a card, in points.
const RING: f32 = 10.0;

/// Largest size of a card, in points.
const MOST: Vec2 = vec2(CARD.x + 2.0, 320.0);

/// Draws the pinned cards within `room`.
pub(super) fn pinned_cards(ctx: &Context, room: Rect, seen: &Seen, hud: &mut Hud, done: &mut Vec<Action>) {
    hud.room = room;
    if hud.cards.is_empty() {
        return;
    }
    hud.cards.update(&seen.feed.snapshot, seen.feed.generation);
    let covered: Vec<Rect> = hud.cards.all_mut().map(|card| card.rect).collect();
    for card in hud.cards.all_mut() {
        let area = Area::new(Id::new(("pinned", card.id))).order(Order::Middle).fade_in(false);
        // The window may have become smaller.
        let corner = card.rect.min.clamp(room.min, (room.max - card.rect.size()).max(room.min));
        let area = area.fixed_pos(corner).constrain(false).sense(Sense::click_and_drag());
        let drawn = area.show(ctx, |ui| {
            theme::card_frame().show(ui, |ui| {
                ui.set_width(CARD.x - 24.0);
                done.extend(card_ui(ui, card));
            });
        });
        // In its first frame an area is larger than what is in it.
        card.rect = Rect::from_min_size(corner, drawn.response.rect.size().min(MOST));
        let by = drawn.response.drag_delta();
        if by != Vec2::ZERO {
            card.rect = card.rect.translate(by);
        }
        let painter = ctx.layer_painter(drawn.response.layer_id).with_clip_rect(room.expand(10.0));
        let heads = heads(seen, card.thing, ctx.zoom_factor());
        // What lies under a card is not pointed at.
        for head in heads.into_iter().filter(|head| !covered.iter().any(|rect| rect.contains(*head))) {
            leader(&painter, card.rect, head);
        }
    }
}

/// Where the pins of a thing are on the screen, in points; those in a cluster where the cluster is.
fn heads(seen: &Seen, thing: Picked, zoom: f32) -> Vec<Pos2> {
    let (Some(picker), snapshot) = (&seen.picker, &seen.feed.snapshot) else { return Vec::new() };
    let head = |addr| {
        let host = u32::try_from(snapshot.find_pin(addr)?).ok()?;
        if let Some(at) = picker.hosts().iter().position(|h| *h == host) {
            return picker.head(at);
        }
        seen.clusters.as_ref()?.place_of(picker.view()?, host)
    };
    thing.ends().into_iter().flatten().filter_map(head).map(|[x, y]| pos2(x / zoom, y / zoom)).collect()
}

/// A line from a card to a pin beside it, and a ring around the pin.
fn leader(painter: &Painter, card: Rect, head: Pos2) {
    let from = head.clamp(card.min, card.max);
    let way = from - head;
    // On a dark edge, so that it is seen on bright ground as well.
    for stroke in [Stroke::new(3.5, inks().name_edge), Stroke::new(1.5, inks().accent)] {
        if way.length() > RING {
            painter.line_segment([head + way.normalized() * RING, from], stroke);
        }
        painter.circle_stroke(head, RING, stroke);
    }
}
