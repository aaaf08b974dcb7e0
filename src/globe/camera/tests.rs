//! The camera's promises: there and back is the same pixel, the grabbed place stays under the pointer.

use proptest::prelude::*;

use super::*;

const FRAME: Frame = Frame { width: 1280.0, height: 720.0, free: [0.0, 0.0, 1000.0, 600.0], flat: 0.0 };
const MAP: Frame = Frame { flat: 1.0, ..FRAME };

fn orbit(lat: f64, lon: f64, altitude: f64, heading: f64, tilt: f64) -> Orbit {
    Orbit { target: LatLon { lat, lon }, altitude, heading, tilt }.clamped()
}

#[test]
fn north_is_up_and_east_is_right() {
    let view = orbit(0.0, 0.0, 2.0, 0.0, 0.0).view(FRAME);
    let [cx, cy] = view.centre;
    let north = view.place_on_screen(LatLon { lat: 10.0, lon: 0.0 }, 1.0).expect("seen");
    let east = view.place_on_screen(LatLon { lat: 0.0, lon: 10.0 }, 1.0).expect("seen");
    assert!((north[0] - cx).abs() < 1e-6 && north[1] < cy - 10.0, "{north:?}");
    assert!((east[1] - cy).abs() < 1e-6 && east[0] > cx + 10.0, "{east:?}");
    assert_eq!(view.place_on_screen(LatLon { lat: 0.0, lon: 120.0 }, 1.0), None);
}

#[test]
fn the_target_lies_in_the_middle_of_the_free_part() {
    let view = orbit(48.0, 11.0, 0.4, 0.7, 0.9).view(FRAME);
    let p = view.place_on_screen(LatLon { lat: 48.0, lon: 11.0 }, 1.0).expect("seen");
    assert!((p[0] - 500.0).abs() < 1e-6 && (p[1] - 300.0).abs() < 1e-6, "{p:?}");
}

#[test]
fn the_matrix_agrees_with_the_projection() {
    let view = orbit(20.0, 100.0, 1.0, 0.4, 0.5).view(FRAME);
    let p = mul(LatLon { lat: 25.0, lon: 95.0 }.to_unit(), 1.1);
    let (pixel, depth) = view.project(p).expect("before the eye");
    let m = view.clip_from_world();
    let clip: Vec<f64> =
        (0..4).map(|r| (0..3).map(|c| f64::from(m[c][r]) * p[c]).sum::<f64>() + f64::from(m[3][r])).collect();
    let x = (clip[0] / clip[3] + 1.0) / 2.0 * 1280.0;
    let y = (1.0 - clip[1] / clip[3]) / 2.0 * 720.0;
    assert!((x - pixel[0]).abs() < 1e-3 && (y - pixel[1]).abs() < 1e-3, "{x} {y} {pixel:?}");
    assert!((clip[3] - depth).abs() < 1e-5);
}

#[test]
fn points_high_above_the_rim_are_seen_past_the_horizon() {
    let view = orbit(0.0, 0.0, 2.0, 0.0, 0.0).view(FRAME);
    let rim = LatLon { lat: 0.0, lon: 80.0 };
    assert!(!view.sees(rim.to_unit()) && view.sees(mul(rim.to_unit(), 1.2)));
    assert!(view.sees(LatLon { lat: 0.0, lon: 60.0 }.to_unit()));
}

#[test]
fn the_globe_fits_the_free_part_at_home() {
    let view = Orbit::default().view(Frame::whole(1280.0, 720.0));
    let radius = view.focal / (length(view.eye).powi(2) - 1.0).sqrt();
    assert!(radius > 250.0 && radius < 345.0, "{radius}");
}

#[test]
fn a_flight_begins_and_ends_where_it_says() {
    let (a, b) = (orbit(50.0, 8.0, 0.1, 0.3, 0.4), orbit(-33.0, 151.0, 0.2, -3.0, 0.0));
    let mut flight = Flight::new(a, b);
    assert!((0.8..=2.5).contains(&flight.duration));
    assert!(flight.orbit().target.angle_to(a.target) < 1e-9);
    flight.elapsed = flight.duration / 2.0;
    assert!(flight.orbit().altitude > 0.2, "long ways rise");
    flight.elapsed = flight.duration;
    assert!(flight.is_over());
    assert_eq!(flight.orbit(), b);
}

#[test]
fn a_flight_to_the_antipode_stays_finite() {
    let mut flight = Flight::new(orbit(10.0, 20.0, 1.0, 0.0, 0.0), orbit(-10.0, -160.0, 1.0, 0.0, 0.0));
    for i in 0..=20 {
        flight.elapsed = flight.duration * f64::from(i) / 20.0;
        let o = flight.orbit();
        assert!(o.target.lat.is_finite() && o.target.lon.is_finite() && o.altitude.is_finite());
    }
}

#[test]
fn zooming_keeps_the_place_under_the_pointer() {
    let o = orbit(40.0, 10.0, 1.5, 0.0, 0.0);
    let at = [620.0, 250.0];
    let place = o.view(FRAME).hit(at).expect("on the globe");
    let next = o.zoomed(FRAME, at, 0.5);
    assert!((next.altitude - 0.75).abs() < 1e-12);
    let p = next.view(FRAME).place_on_screen(place, 1.0).expect("seen");
    assert!((p[0] - at[0]).hypot(p[1] - at[1]) < 0.5, "{p:?}");
}

#[test]
fn home_turns_towards_the_places() {
    let at = |lat, lon| LatLon { lat, lon };
    let asia = Orbit::over([at(39.9, 116.4), at(35.7, 139.7), at(1.3, 103.8)]);
    assert!((100.0..140.0).contains(&asia.target.lon) && asia.altitude == Orbit::default().altitude);
    assert_eq!(Orbit::over([at(0.0, 0.0), at(0.0, 180.0)]), Orbit::default());
    assert_eq!(Orbit::over([]), Orbit::default());
}

#[test]
fn nonsense_becomes_home() {
    let o = orbit(f64::NAN, f64::INFINITY, f64::NAN, f64::NAN, f64::NAN);
    assert_eq!(o, Orbit::default());
}

#[test]
fn the_map_has_north_up_and_touches_where_the_eye_looks() {
    let view = orbit(40.0, 170.0, 2.0, 0.0, 0.0).view(MAP);
    let pixel = |lat, lon| view.place_on_screen(LatLon { lat, lon }, 1.0).expect("a map shows all");
    let middle = pixel(40.0, 170.0);
    assert!((middle[0] - 500.0).abs() < 1e-6 && (middle[1] - 300.0).abs() < 1e-6, "{middle:?}");
    // Equal steps are equal ways, over the date line as well.
    let (east, farther) = (pixel(40.0, 180.0)[0] - middle[0], pixel(40.0, -170.0)[0] - middle[0]);
    assert!(east > 10.0 && (farther - 2.0 * east).abs() < 1e-6, "{east} {farther}");
    assert!(pixel(60.0, 170.0)[1] < middle[1] - 10.0);
}

#[test]
fn beside_the_map_is_no_place_and_its_edge_is_the_nearest() {
    let view = orbit(0.0, 0.0, 5.0, 0.0, 0.0).view(MAP);
    assert_eq!(view.hit([500.0, 5.0]), None);
    let edge = view.nearest_surface([500.0, 5.0]);
    assert!((edge.lat - 90.0).abs() < 1e-9 && edge.lon.abs() < 1e-6, "{edge:?}");
}

#[test]
fn the_way_to_the_map_begins_at_the_globe_and_has_no_jumps() {
    let o = orbit(20.0, 50.0, 2.0, 0.3, 0.2);
    let point = mul(LatLon { lat: -10.0, lon: 90.0 }.to_unit(), 1.1);
    let at = |flat| o.view(Frame { flat, ..FRAME }).sheet.place(point);
    assert_eq!(at(0.0), point);
    for i in 0..100 {
        let (a, b) = (at(f64::from(i) / 100.0), at(f64::from(i + 1) / 100.0));
        assert!(length(sub(a, b)) < 0.03);
    }
}

#[test]
fn a_way_over_the_edge_of_the_map_is_torn_and_no_other() {
    let sheet = orbit(0.0, 0.0, 2.0, 0.0, 0.0).view(MAP).sheet;
    let at = |lon| LatLon { lat: 10.0, lon }.to_unit();
    assert!(sheet.is_torn(at(179.0), at(-179.0)) && !sheet.is_torn(at(-1.0), at(1.0)));
}

proptest! {
    #[test]
    fn a_pixel_of_the_map_gives_a_place_that_gives_the_pixel_back(
        lat in -80.0..80.0f64, lon in -180.0..180.0f64, altitude in 0.02..3.0f64, heading in -3.0..3.0f64,
        tilt in 0.0..0.8f64, x in 200.0..800.0f64, y in 100.0..500.0f64,
    ) {
        let view = orbit(lat, lon, altitude, heading, tilt).view(MAP);
        if let Some(place) = view.hit([x, y]) {
            let (back, _) = view.project(place.to_unit()).expect("before the eye");
            prop_assert!((back[0] - x).hypot(back[1] - y) < 0.05, "{:?}", back);
        }
    }

    #[test]
    fn a_grabbed_place_of_the_map_follows_the_pointer(
        lat in -40.0..40.0f64, lon in -180.0..180.0f64, altitude in 0.05..1.5f64, dx in -60.0..60.0f64, dy in -60.0..60.0f64,
    ) {
        let o = orbit(lat, lon, altitude, 0.4, 0.2);
        let place = o.view(MAP).hit([500.0, 300.0]).expect("the middle is always map");
        let (p, _) = o.holding(MAP, place, [500.0 + dx, 300.0 + dy]).view(MAP).project(place.to_unit()).expect("seen");
        prop_assert!((p[0] - 500.0 - dx).hypot(p[1] - 300.0 - dy) < 0.5, "{:?}", p);
    }

    #[test]
    fn a_pixel_gives_a_place_that_gives_the_pixel_back(
        lat in -80.0..80.0f64, lon in -180.0..180.0f64, altitude in 0.02..5.0f64, heading in -3.0..3.0f64,
        tilt in 0.0..1.0f64, x in 0.0..1280.0f64, y in 0.0..720.0f64,
    ) {
        let view = orbit(lat, lon, altitude, heading, tilt).view(FRAME);
        if let Some(place) = view.hit([x, y]) {
            let (back, _) = view.project(place.to_unit()).expect("before the eye");
            prop_assert!((back[0] - x).hypot(back[1] - y) < 0.05, "{:?}", back);
        }
    }

    #[test]
    fn a_grabbed_place_follows_the_pointer(
        lat in -50.0..50.0f64, lon in -180.0..180.0f64, altitude in 0.05..3.0f64,
        x in 450.0..550.0f64, y in 250.0..350.0f64, dx in -60.0..60.0f64, dy in -60.0..60.0f64,
    ) {
        let o = orbit(lat, lon, altitude, 0.0, 0.0);
        let place = o.view(FRAME).hit([x, y]).expect("the middle is always globe");
        let moved = o.holding(FRAME, place, [x + dx, y + dy]);
        let (p, _) = moved.view(FRAME).project(place.to_unit()).expect("before the eye");
        prop_assert!((p[0] - x - dx).hypot(p[1] - y - dy) < 1.0, "{:?}", p);
    }
}
