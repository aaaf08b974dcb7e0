//! From hosts to the density of traffic on the ground: plain arithmetic.

use crate::cache::{By, HostPin, Snapshot};
use crate::geo::{EARTH_RADIUS_KM, LatLon, Origin};

/// Cells of the grid from west to east.
pub const COLUMNS: usize = 720;
/// Cells of the grid from north to south.
pub const ROWS: usize = 360;
/// Kilometres, through the earth, over which the traffic of a place is spread.
pub const SPREAD_KM: f64 = 700.0;
/// Colours of the scale: one for each decade from 10 bit/s to 10 Mbit/s per 1,000 km².
pub const STOPS: usize = 7;
/// Cells of the grid in one tile, each way.
const TILE: usize = 10;
/// Tiles from west to east; the same number is in `heat.wgsl`.
pub(super) const TILE_COLUMNS: usize = COLUMNS / TILE;
/// Exponent of the kernel.
const KERNEL: i32 = 4;

/// Density of traffic on the whole earth, in bit/s per 1,000 km², row by row from the north-west.
#[derive(Clone, Debug, PartialEq)]
pub struct Density {
    cells: Vec<f32>,
}

/// Latitude and longitude of a cell's middle, in radians.
fn middle(column: usize, row: usize) -> [f64; 2] {
    let lat = std::f64::consts::PI * (0.5 - (row as f64 + 0.5) / ROWS as f64);
    let lon = std::f64::consts::TAU * ((column as f64 + 0.5) / COLUMNS as f64 - 0.5);
    [lat, lon]
}

/// The cell that holds a point.
fn cell_of(at: LatLon) -> usize {
    let across = (at.lon / 360.0 + 0.5).rem_euclid(1.0) * COLUMNS as f64;
    let down = (0.5 - at.lat / 180.0) * ROWS as f64;
    (down.max(0.0) as usize).min(ROWS - 1) * COLUMNS + (across as usize).min(COLUMNS - 1)
}

/// What one bit/s in a cell of a row adds to the rows around it: for each row its number and the values of the columns
/// from the middle to the east; to the west they are the same.
fn footprint(row: usize) -> Vec<(usize, Vec<f32>)> {
    let reach = SPREAD_KM / EARTH_RADIUS_KM;
    let (sin, cos) = middle(0, row)[0].sin_cos();
    let rows_each_way = (2.0 * (reach / 2.0).asin() / std::f64::consts::PI * ROWS as f64) as usize + 1;
    let step = std::f64::consts::TAU / COLUMNS as f64;
    let mut rows = Vec::new();
    let mut total = 0.0;
    for other in row.saturating_sub(rows_each_way)..(row + rows_each_way + 1).min(ROWS) {
        let (sin_other, cos_other) = middle(0, other)[0].sin_cos();
        let mut values = Vec::new();
        for east in 0..=COLUMNS / 2 {
            let apart = 2.0 - 2.0 * (sin * sin_other + cos * cos_other * (step * east as f64).cos());
            let left = 1.0 - apart.max(0.0) / (reach * reach);
            if left <= 0.0 {
                break;
            }
            let value = left.powi(KERNEL);
            // The middle and the farthest column are there once, all others on both sides.
            let times = if east == 0 || east == COLUMNS / 2 { 1.0 } else { 2.0 };
            total += times * value * area(other);
            values.push(value as f32);
        }
        if !values.is_empty() {
            rows.push((other, values));
        }
    }
    // Cells are finite: what was lost or won by that is made good, so that nothing is added to the traffic.
    let factor = if total > 0.0 { 1.0 / total } else { 0.0 };
    for value in rows.iter_mut().flat_map(|(_, values)| values) {
        *value = (f64::from(*value) * factor) as f32;
    }
    rows
}

/// Area of a cell of a row, in 1,000 km².
fn area(row: usize) -> f64 {
    let edge = |r: usize| (std::f64::consts::PI * (0.5 - r as f64 / ROWS as f64)).sin();
    let zone = edge(row) - edge(row + 1);
    zone * std::f64::consts::TAU / COLUMNS as f64 * EARTH_RADIUS_KM * EARTH_RADIUS_KM / 1000.0
}

impl Density {
    /// Spreads rates in bit/s over the ground around their places, each over [`SPREAD_KM`]. A rate that is no number, or
    /// negative, counts as nothing.
    ///
    /// # Source
    /// Kernel density estimate with the kernel (1 − d²/h²)⁴, d the chord to the place; on a sphere the area within a chord
    /// is π d² (Archimedes), so the kernel's integral is π h²/5 everywhere.
    #[must_use]
    pub fn of(rates: impl IntoIterator<Item = (LatLon, f64)>) -> Density {
        let mut sources = vec![0.0_f64; COLUMNS * ROWS];
        for (at, bps) in rates {
            if bps > 0.0 && bps.is_finite() {
                sources[cell_of(at)] += bps;
            }
        }
        let mut cells = vec![0.0_f32; COLUMNS * ROWS];
        for (row, line) in sources.chunks_exact(COLUMNS).enumerate() {
            if line.iter().all(|v| *v == 0.0) {
                continue;
            }
            let footprint = footprint(row);
            for (column, bps) in line.iter().enumerate().filter(|(_, v)| **v > 0.0) {
                for (other, values) in &footprint {
                    add(&mut cells[other * COLUMNS..(other + 1) * COLUMNS], column, values, *bps as f32);
                }
            }
        }
        Density { cells }
    }

    /// The density at a point: that of the cell it lies in.
    #[must_use]
    pub fn at(&self, at: LatLon) -> f64 {
        self.cells.get(cell_of(at)).map_or(0.0, |v| f64::from(*v))
    }

    /// One byte per cell: the decades above 1 bit/s per 1,000 km², of [`STOPS`] that are 255.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let byte = |v: &f32| (v.max(1.0).log10() / STOPS as f32 * 255.0).round() as u8;
        self.cells.iter().map(byte).collect()
    }
}

/// Adds a row of a footprint around a column, across the date line where it reaches that far.
fn add(line: &mut [f32], column: usize, values: &[f32], bps: f32) {
    if column >= values.len() && column + values.len() <= line.len() {
        for (cell, value) in line[column..].iter_mut().zip(values) {
            *cell += value * bps;
        }
        for (cell, value) in line[..column].iter_mut().rev().zip(&values[1..]) {
            *cell += value * bps;
        }
        return;
    }
    for (east, value) in values.iter().enumerate() {
        line[(column + east) % COLUMNS] += value * bps;
        if east > 0 && east < COLUMNS / 2 {
            line[(column + COLUMNS - east) % COLUMNS] += value * bps;
        }
    }
}

/// Numbers of the tiles in which there is anything, in order; each is row × 72 + column.
#[must_use]
pub fn tiles(bytes: &[u8]) -> Vec<u32> {
    let mut warm = vec![false; TILE_COLUMNS * ROWS / TILE];
    let mut mark = |row: usize, column: usize| {
        if let Some(tile) = warm.get_mut(row / TILE * TILE_COLUMNS + column % COLUMNS / TILE) {
            *tile = true;
        }
    };
    for (row, line) in bytes.chunks_exact(COLUMNS).enumerate() {
        for (column, _) in line.iter().enumerate().filter(|(_, v)| **v > 0) {
            // A cell's colour reaches half a cell beyond it.
            mark(row, column);
            mark(row, column + 1);
            mark(row, column + COLUMNS - 1);
            mark(row + 1, column);
            mark(row.saturating_sub(1), column);
        }
    }
    (0..).zip(&warm).filter(|(_, warm)| **warm).map(|(tile, _)| tile).collect()
}

/// Mean rates of a snapshot's addresses within the window, sent and received, and where they are; and how many addresses
/// are left out because only their country is known.
#[must_use]
pub fn rates(snapshot: &Snapshot) -> (Vec<(LatLon, f64)>, u64) {
    let window = snapshot.window.as_secs_f64();
    let hosts = if snapshot.level.by == By::Address { &snapshot.hosts } else { &snapshot.members.hosts };
    let known = |h: &&HostPin| h.place.origin != Origin::CountryCentre;
    let rate = |h: &HostPin| {
        let bytes = h.sent.bytes.saturating_add(h.received.bytes);
        (h.place.at, if window > 0.0 { bytes as f64 * 8.0 / window } else { 0.0 })
    };
    let rates: Vec<(LatLon, f64)> = hosts.iter().filter(known).map(rate).collect();
    let left_out = hosts.len() - rates.len();
    (rates, left_out as u64)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(lat: f64, lon: f64) -> LatLon {
        LatLon { lat, lon }
    }

    fn sum(density: &Density) -> f64 {
        let lines = density.cells.chunks_exact(COLUMNS).enumerate();
        lines.map(|(row, line)| area(row) * line.iter().map(|v| f64::from(*v)).sum::<f64>()).sum()
    }

    #[test]
    fn cells_cover_the_earth_and_nothing_is_lost_or_added_anywhere() {
        let all: f64 = (0..ROWS).map(|row| area(row) * COLUMNS as f64).sum();
        assert!((all / 510_064.0 - 1.0).abs() < 1e-3, "{all} thousand km²");
        for (lat, lon) in [(0.0, 0.0), (52.5, 13.4), (10.0, 179.9), (-89.9, 30.0), (90.0, 0.0), (71.0, -179.6)] {
            let found = sum(&Density::of([(at(lat, lon), 1e6)]));
            assert!((found / 1e6 - 1.0).abs() < 1e-4, "at {lat} {lon}: {found}");
        }
    }

    #[test]
    fn a_place_has_the_density_of_the_kernel() {
        // (n + 1) / (π h²) of 1 Mbit/s.
        let peak = 5.0 / (std::f64::consts::PI * SPREAD_KM * SPREAD_KM / 1000.0) * 1e6;
        for (lat, lon) in [(0.25, 0.25), (60.25, 20.25)] {
            let d = Density::of([(at(lat, lon), 1e6)]);
            assert!((d.at(at(lat, lon)) / peak - 1.0).abs() < 0.02, "{} for {peak}", d.at(at(lat, lon)));
            // Half of it lies 0.4 h away, in each direction; nothing beyond h.
            let north = (0.4 * SPREAD_KM / 111.195, 0.0);
            let east = (0.0, 0.4 * SPREAD_KM / 111.195 / f64::to_radians(lat).cos());
            for (dlat, dlon) in [north, east] {
                let part = d.at(at(lat + dlat, lon + dlon)) / peak;
                assert!((0.42..0.58).contains(&part), "{part} at {dlat} {dlon}");
                let half = 1.3 / 0.4;
                assert_eq!(d.at(at(lat + half * dlat, lon + half * dlon)), 0.0);
            }
        }
    }

    #[test]
    fn it_goes_on_over_the_date_line() {
        let d = Density::of([(at(0.25, 179.75), 1e6)]);
        assert!((d.at(at(0.25, -178.25)) / d.at(at(0.25, 177.75)) - 1.0).abs() < 1e-6);
    }

    #[test]
    fn bytes_are_decades_and_tiles_hold_all_of_them() {
        assert_eq!(Density::of([(at(0.0, 0.0), f64::NAN), (at(0.0, 0.0), -1.0)]).bytes(), vec![0; COLUMNS * ROWS]);
        let weak = Density::of([(at(48.0, 11.0), 1e6)]).bytes();
        let strong = Density::of([(at(48.0, 11.0), 1e7)]).bytes();
        let here = cell_of(at(48.0, 11.0));
        assert!((i32::from(strong[here]) - i32::from(weak[here]) - 255 / 7).abs() <= 1, "ten times is one decade");
        assert_eq!(Density::of([(at(48.0, 11.0), 1e30)]).bytes()[here], 255);
        assert_eq!(tiles(&vec![0; COLUMNS * ROWS]), [] as [u32; 0]);
        let found = tiles(&weak);
        assert!((6..=16).contains(&found.len()), "{found:?}");
        for (i, _) in weak.iter().enumerate().filter(|(_, v)| **v > 0) {
            let tile = i / COLUMNS / TILE * TILE_COLUMNS + i % COLUMNS / TILE;
            assert!(found.contains(&(tile as u32)));
        }
        assert!(found.is_sorted());
    }

    #[test]
    fn rates_are_means_of_the_window_at_every_level_and_countries_are_left_out() {
        let mut addresses = crate::globe::fixture::snapshot();
        let (all, none) = rates(&addresses);
        assert_eq!((all.len(), none), (addresses.hosts.len(), 0));
        let first = &addresses.hosts[0];
        let bits = (first.sent.bytes + first.received.bytes) as f64 * 8.0;
        assert!((all[0].1 - bits / addresses.window.as_secs_f64()).abs() < 1e-9);
        let countries = addresses.clone().at_level(crate::cache::Level { by: By::Country, ..Default::default() });
        assert_eq!(rates(&countries), (all, 0));
        addresses.hosts[1].place.origin = Origin::CountryCentre;
        assert_eq!(rates(&addresses).1, 1);
    }
}
