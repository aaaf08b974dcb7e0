//! Pinned cards: what is known of a few things, side by side, each where the user put it, until it is closed.

use bevy_egui::egui::{Pos2, Rect, Vec2, vec2};

use super::model::{DetailModel, HoverModel};
use crate::cache::Snapshot;
use crate::globe::selection::{Picked, Pins, find_host, find_path};

/// Most cards at once; the oldest makes room.
pub const MOST_CARDS: usize = 8;
/// Size that a card has before it was drawn, in points.
pub const CARD: Vec2 = vec2(300.0, 214.0);
/// Distance between cards, and from one to the next where there is no free place, in points.
const APART: f32 = 8.0;
const CASCADE: f32 = 28.0;

/// What a card says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct CardModel {
    /// The address or pair of addresses.
    pub title: String,
    /// What is known of it, a line each.
    pub lines: Vec<String>,
    /// Bits per second over the window, oldest first.
    pub course: Vec<f64>,
    /// The text that shows the same flows in the table; empty where there is none.
    pub filter: String,
    /// False when the thing has left the window.
    pub present: bool,
}

impl CardModel {
    /// Of a thing at the moment of a snapshot.
    #[must_use]
    pub fn new(snapshot: &Snapshot, thing: Picked) -> CardModel {
        let Some(detail) = DetailModel::new(snapshot, thing) else { return CardModel::default() };
        let hover = match thing {
            Picked::Host(addr) => find_host(snapshot, addr).map(|host| HoverModel::new(snapshot, host)),
            Picked::Path(a, b) => find_path(snapshot, a, b).and_then(|path| HoverModel::of_path(snapshot, path)),
            Picked::Flow(_) | Picked::Nothing => None,
        };
        let rows = || {
            let said = |name: &str| matches!(name, "stime" | "ltime" | "src" | "dst" | "trans");
            let rows = detail.rows.iter().filter(|(name, _)| said(name));
            let lines = rows.map(|(name, value)| format!("{name}  {value}"));
            std::iter::once(detail.subtitle.clone()).filter(|_| detail.present).chain(lines).collect()
        };
        CardModel {
            lines: hover.map_or_else(rows, |hover| hover.lines),
            title: detail.title,
            course: detail.course,
            filter: detail.filter,
            present: detail.present,
        }
    }
}

/// One pinned card.
#[derive(Clone, Debug, PartialEq)]
pub struct Card {
    /// Its number; no two have the same.
    pub id: u64,
    /// What it is about.
    pub thing: Picked,
    /// Where it stands: where it was put at first, and where it was drawn last.
    pub rect: Rect,
    /// What it says.
    pub model: CardModel,
    /// The picture that says so; 0 before the first.
    told: u64,
}

/// All pinned cards, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Cards {
    list: Vec<Card>,
    next: u64,
}

impl Cards {
    /// Pins a card about a thing. It stands at `at`, or as near to it as it lies within `area` on no other card and on
    /// nothing that is `taken`. What has a card already keeps it.
    pub fn pin(&mut self, thing: Picked, at: Pos2, area: Rect, taken: &[Rect]) {
        if thing == Picked::Nothing || self.has(thing) {
            return;
        }
        if self.list.len() >= MOST_CARDS {
            self.list.remove(0);
        }
        let taken: Vec<Rect> = self.rects().chain(taken.iter().copied()).collect();
        let rect = Rect::from_min_size(free_place(at, area, &taken), CARD);
        self.next += 1;
        self.list.push(Card { id: self.next, thing, rect, model: CardModel::default(), told: 0 });
    }

    /// Whether a thing has a card.
    #[must_use]
    pub fn has(&self, thing: Picked) -> bool {
        self.list.iter().any(|card| card.thing.is(&thing))
    }

    /// Takes a card away.
    pub fn close(&mut self, id: u64) {
        self.list.retain(|card| card.id != id);
    }

    /// Takes the newest card away; false where there is none.
    pub fn close_last(&mut self) -> bool {
        self.list.pop().is_some()
    }

    /// Takes all cards away.
    pub fn clear(&mut self) {
        self.list.clear();
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Where they stand.
    pub fn rects(&self) -> impl Iterator<Item = Rect> {
        self.list.iter().map(|card| card.rect)
    }

    /// All cards, the oldest first.
    pub fn all_mut(&mut self) -> impl Iterator<Item = &mut Card> {
        self.list.iter_mut()
    }

    /// Lets cards say what the picture with a number shows: new ones at once, one of the others in each frame, so that no
    /// frame waits for all of them.
    pub fn update(&mut self, snapshot: &Snapshot, generation: u64) {
        let stalest = self.list.iter().filter(|c| c.told != generation).min_by_key(|c| c.told).map(|c| c.id);
        for card in self.list.iter_mut().filter(|c| c.told == 0 || Some(c.id) == stalest) {
            card.model = CardModel::new(snapshot, card.thing);
            card.told = generation.max(1);
        }
    }

    /// Follows from a picture to one at another level, as the selection does: cards about merged flows go, and so does the
    /// newer one of two that would say the same.
    pub fn follow_level(&mut self, from: &Snapshot, to: &Snapshot) {
        let mut pins = Pins::default();
        self.list.retain_mut(|card| {
            let thing = pins.add(card.thing, (from, to));
            (card.thing, card.told) = (thing.unwrap_or_default(), 0);
            thing.is_some()
        });
    }
}

/// The place nearest to `at` where a card lies within `area` and on none that is `taken`; where there is none, beside the
/// corner of the one that lies there.
fn free_place(at: Pos2, area: Rect, taken: &[Rect]) -> Pos2 {
    /// Steps of the search, in points.
    const STEP: f32 = 16.0;
    let room = Rect::from_min_max(area.min, (area.max - CARD).max(area.min));
    let at = at.clamp(room.min, room.max);
    let is_free = |corner: &Pos2| {
        let rect = Rect::from_min_size(*corner, CARD).expand(APART * 0.5);
        taken.iter().all(|other| !rect.intersects(other.expand(APART * 0.5)))
    };
    let steps = |length: f32| 0..=(length / STEP) as usize;
    let grid = steps(room.height()).flat_map(|y| steps(room.width()).map(move |x| vec2(x as f32, y as f32) * STEP));
    // Ends of the grid as well, where the last step does not reach them.
    let corners = grid.map(|by| room.min + by).chain([room.right_top(), room.left_bottom(), room.max]).filter(is_free);
    let near = |p: &Pos2| (*p - at).length_sq();
    let found = Some(at).filter(is_free).or_else(|| corners.min_by(|p, q| near(p).total_cmp(&near(q))));
    found.unwrap_or_else(|| {
        let mut at = at;
        for _ in 0..MOST_CARDS {
            if taken.iter().all(|other| (other.min - at).length() >= CASCADE * 0.5) {
                break;
            }
            at += Vec2::splat(CASCADE);
        }
        at
    })
}

#[cfg(test)]
mod tests {
    use bevy_egui::egui::pos2;

    use super::*;
    use crate::globe::fixture;
    use crate::globe::table::FlowId;

    const AREA: Rect = Rect { min: pos2(0.0, 50.0), max: pos2(1280.0, 600.0) };

    fn host(i: u8) -> Picked {
        Picked::Host([10, 0, 0, i].into())
    }

    #[test]
    fn cards_do_not_lie_on_each_other_while_there_is_room() {
        let mut cards = Cards::default();
        for i in 0..6 {
            cards.pin(host(i), pos2(900.0, 300.0), AREA, &[]);
        }
        let rects: Vec<Rect> = cards.all_mut().map(|c| c.rect).collect();
        for (i, a) in rects.iter().enumerate() {
            assert!(AREA.contains_rect(*a), "{a:?}");
            assert!(rects[i + 1..].iter().all(|b| !a.intersects(*b)), "{rects:?}");
        }
        assert_eq!(rects[0].min, pos2(900.0, 300.0), "the first stands where it was");
        // What lies there already is kept clear of, too.
        let mut cards = Cards::default();
        let legend = Rect::from_min_max(pos2(850.0, 250.0), pos2(1280.0, 600.0));
        cards.pin(host(1), pos2(900.0, 300.0), AREA, &[legend]);
        assert!(cards.all_mut().all(|c| !c.rect.intersects(legend)));
        // Where no room is left they are at least seen one below the other.
        let small = Rect::from_min_size(pos2(0.0, 0.0), vec2(320.0, 240.0));
        let mut cards = Cards::default();
        (0..4).for_each(|i| cards.pin(host(i), pos2(10.0, 10.0), small, &[]));
        let corners: Vec<Pos2> = cards.all_mut().map(|c| c.rect.min).collect();
        for (i, a) in corners.iter().enumerate() {
            assert!(corners[i + 1..].iter().all(|b| (*a - *b).length() > 10.0), "{corners:?}");
        }
    }

    #[test]
    fn the_oldest_makes_room_and_the_newest_is_closed_first() {
        let mut cards = Cards::default();
        (0..9).for_each(|i| cards.pin(host(i), AREA.min, AREA, &[]));
        assert_eq!((cards.len(), cards.has(host(0)), cards.has(host(1))), (MOST_CARDS, false, true));
        cards.pin(host(3), AREA.min, AREA, &[]);
        assert_eq!(cards.len(), MOST_CARDS, "what has a card gets no second");
        assert!(cards.close_last() && !cards.has(host(8)) && cards.has(host(7)));
        let id = cards.all_mut().next().map(|c| c.id).expect("a card");
        cards.close(id);
        assert!(!cards.has(host(1)) && cards.len() == 6);
        (0..6).for_each(|_| assert!(cards.close_last()));
        assert!(!cards.close_last() && cards.is_empty());
        cards.pin(Picked::Nothing, AREA.min, AREA, &[]);
        assert!(cards.is_empty());
    }

    #[test]
    fn new_cards_speak_at_once_and_the_others_one_after_the_other() {
        let s = fixture::snapshot();
        let mut cards = Cards::default();
        let things = [
            Picked::Host(s.hosts[0].addr),
            Picked::Path(s.hosts[3].addr, s.hosts[0].addr),
            Picked::Flow(FlowId::of(&s.flows[1])),
            Picked::Host("9.9.9.9".parse().expect("an address")),
        ];
        things.iter().for_each(|thing| cards.pin(*thing, AREA.min, AREA, &[]));
        cards.update(&s, 3);
        let models: Vec<CardModel> = cards.all_mut().map(|c| c.model.clone()).collect();
        assert!(models[..3].iter().all(|m| m.present && m.lines.len() > 3), "{models:?}");
        assert!(models[2].lines[0].contains("tcp") && !models[2].filter.is_empty(), "{models:?}");
        assert!(!models[3].present && models[3].title == "9.9.9.9" && models[3].lines.is_empty());
        let told = |cards: &Cards| cards.list.iter().filter(|c| c.told == 4).count();
        for n in 1..=4 {
            cards.update(&s, 4);
            assert_eq!(told(&cards), n);
        }
    }

    #[test]
    fn cards_follow_to_another_level() {
        let s = fixture::snapshot();
        let level = crate::cache::Level { by: crate::cache::By::Country, ..Default::default() };
        let country = s.clone().at_level(level);
        let mut cards = Cards::default();
        cards.pin(Picked::Host(s.hosts[0].addr), AREA.min, AREA, &[]);
        cards.pin(Picked::Flow(FlowId::of(&s.flows[0])), AREA.min, AREA, &[]);
        cards.follow_level(&s, &country);
        cards.update(&country, 2);
        let titles: Vec<String> = cards.all_mut().map(|c| c.model.title.clone()).collect();
        assert_eq!(titles, ["Switzerland"]);
    }
}
