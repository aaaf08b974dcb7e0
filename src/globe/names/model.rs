//! Which names are shown where: plain arithmetic.

use crate::geo::{City, Country};
use crate::globe::camera::View;
use crate::globe::math::{V3, dot, sub, unit};

/// What a name belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LabelKind {
    /// A country; the name is centred on its point.
    Country,
    /// A city; the name stands to the right of its dot.
    City {
        /// Whether it is a national capital.
        capital: bool,
    },
}

/// A name.
#[derive(Clone, Debug, PartialEq)]
pub struct Label {
    /// The name.
    pub text: String,
    /// What it belongs to.
    pub kind: LabelKind,
    /// Unit vector to its place.
    pub at: V3,
    /// Height of the eye (radii) below which it is shown.
    below: f64,
}

/// Height below which a country of a rank is named.
fn country_below(rank: u8) -> f64 {
    match rank {
        0..=2 => 9.0,
        3 => 2.0,
        4 => 1.1,
        5 => 0.5,
        6 => 0.22,
        _ => 0.15,
    }
}

/// Height below which a city of a rank is named.
fn city_below(rank: u8, capital: bool) -> f64 {
    let below = match rank {
        0 => 1.0,
        1 => 0.75,
        2 => 0.55,
        3 => 0.40,
        4 => 0.26,
        5 => 0.18,
        _ => 0.12,
    };
    if capital { below * 1.25 } else { below }
}

/// All names, most important first; the order is the same in every run.
#[must_use]
pub fn labels(countries: &[Country], cities: &[City]) -> Vec<Label> {
    let mut all: Vec<(f64, u64, Label)> = Vec::with_capacity(countries.len() + cities.len());
    for c in countries {
        let below = country_below(c.rank);
        let label = Label { text: c.name.clone(), kind: LabelKind::Country, at: c.at.to_unit(), below };
        all.push((below, c.population, label));
    }
    for c in cities {
        let below = city_below(c.rank, c.capital);
        let kind = LabelKind::City { capital: c.capital };
        all.push((below, c.population, Label { text: c.name.clone(), kind, at: c.at.to_unit(), below }));
    }
    all.sort_by(|a, b| b.0.total_cmp(&a.0).then(b.1.cmp(&a.1)).then_with(|| a.2.text.cmp(&b.2.text)));
    all.into_iter().map(|(_, _, label)| label).collect()
}

/// Whether a name is shown at a height of the eye. Near by, names of big countries give way to cities.
#[must_use]
pub fn wanted(label: &Label, height: f64) -> bool {
    height < label.below && !(label.kind == LabelKind::Country && height < 0.06)
}

/// The pixel of a name's place and how strongly it is painted (0 to 1, less towards the rim); `None` when out of sight.
#[must_use]
pub(super) fn on_screen(label: &Label, view: &View) -> Option<([f64; 2], f32)> {
    let facing = if view.sheet.is_flat() { 1.0 } else { dot(unit(sub(view.eye, label.at)), label.at) };
    let strength = ((facing - 0.22) / 0.25).clamp(0.0, 1.0);
    if strength <= 0.25 {
        return None;
    }
    let (pixel, _) = view.project(label.at)?;
    let inside = (0.0..view.size[0]).contains(&pixel[0]) && (0.0..view.size[1]).contains(&pixel[1]);
    inside.then_some((pixel, strength as f32))
}

/// Keeps rectangles (left, top, right, bottom) apart.
#[derive(Clone, Debug, Default)]
pub struct Placer {
    taken: Vec<[f32; 4]>,
    /// Where they have to lie; none: anywhere.
    room: Option<[f32; 4]>,
}

impl Placer {
    /// Air around a name, in points.
    const MARGIN: f32 = 5.0;

    /// Of rectangles within one.
    #[must_use]
    pub fn within(room: Option<[f32; 4]>) -> Placer {
        Placer { taken: Vec::new(), room }
    }

    /// Whether a point lies within the room.
    #[must_use]
    pub fn holds(&self, [x, y]: [f32; 2]) -> bool {
        self.room.is_none_or(|r| x >= r[0] && y >= r[1] && x <= r[2] && y <= r[3])
    }

    /// Takes the rectangle if it lies within the room and nothing is there; false if not.
    pub fn place(&mut self, area: [f32; 4]) -> bool {
        let m = Self::MARGIN;
        let inside = |r: [f32; 4]| area[0] >= r[0] && area[1] >= r[1] && area[2] <= r[2] && area[3] <= r[3];
        if !self.room.is_none_or(inside) {
            return false;
        }
        let free = self.taken.iter().all(|t| {
            area[0] - m >= t[2] || area[2] + m <= t[0] || area[1] - m / 2.0 >= t[3] || area[3] + m / 2.0 <= t[1]
        });
        if free {
            self.taken.push(area);
        }
        free
    }

    /// Takes a rectangle, whatever is there.
    pub fn keep_free(&mut self, area: [f32; 4]) {
        self.taken.push(area);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::geo::LatLon;
    use crate::globe::camera::{Frame, Orbit};

    fn city(name: &str, rank: u8, lat: f64, lon: f64) -> City {
        City { name: name.into(), country: None, at: LatLon { lat, lon }, population: 1000, capital: false, rank }
    }

    #[test]
    fn more_names_come_with_nearness_and_the_important_come_first() {
        let all = labels(&[], &[city("Small", 5, 0.0, 0.0), city("Big", 0, 0.0, 1.0)]);
        assert_eq!(all[0].text, "Big");
        let count = |h: f64| all.iter().filter(|l| wanted(l, h)).count();
        assert_eq!((count(2.0), count(0.5), count(0.1)), (0, 1, 2));
    }

    #[test]
    fn names_on_the_far_side_are_not_shown() {
        let all = labels(&[], &[city("Here", 0, 0.0, 0.0), city("There", 0, 0.0, 180.0)]);
        let orbit = Orbit { target: LatLon { lat: 0.0, lon: 0.0 }, altitude: 1.0, heading: 0.0, tilt: 0.0 };
        let view = orbit.view(Frame::whole(800.0, 600.0));
        let seen: Vec<bool> = all.iter().map(|l| on_screen(l, &view).is_some()).collect();
        assert_eq!(seen, [true, false]);
    }

    #[test]
    fn rectangles_never_overlap() {
        let mut placer = Placer::default();
        assert!(placer.place([0.0, 0.0, 50.0, 12.0]));
        assert!(!placer.place([40.0, 5.0, 90.0, 17.0]));
        assert!(placer.place([60.0, 0.0, 90.0, 12.0]));
        placer.keep_free([100.0, 0.0, 110.0, 10.0]);
        assert!(!placer.place([105.0, 5.0, 150.0, 15.0]));
        // What would reach below a panel is left out.
        let mut placer = Placer::within(Some([0.0, 40.0, 200.0, 300.0]));
        assert!(!placer.place([10.0, 35.0, 60.0, 47.0]) && !placer.place([180.0, 50.0, 230.0, 62.0]));
        assert!(placer.place([10.0, 41.0, 60.0, 53.0]));
        assert!(placer.holds([10.0, 41.0]) && !placer.holds([10.0, 301.0]));
    }
}
