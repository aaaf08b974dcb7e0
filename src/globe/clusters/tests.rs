//! Every pin is in exactly one mark, and each can be reached.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use bevy::input::InputPlugin as Devices;

use super::*;
use crate::cache::{HostId, HostPin, Snapshot};
use crate::globe::camera::CameraRig;
use crate::globe::picking::{Picker, PickingPlugin};
use crate::globe::selection::{Picked, neighbour_by_rate};
use crate::globe::{GlobePlugins, fixture};

/// So many addresses in Prague, and one in Oslo.
fn crowd(count: u32) -> Snapshot {
    let mut snapshot = fixture::snapshot();
    let model = snapshot.hosts[0].clone();
    let host = |i: u32, lat, lon| HostPin {
        id: HostId(i),
        addr: IpAddr::V4(Ipv4Addr::from(0xc633_6400 + i)),
        place: crate::geo::Place { at: LatLon { lat, lon }, ..model.place.clone() },
        load_out: f64::from(i),
        ..model.clone()
    };
    snapshot.hosts = (0..count).map(|i| host(i, 50.08, 14.44)).collect();
    snapshot.hosts.push(host(count, 59.91, 10.75));
    snapshot.paths.clear();
    snapshot.flows = Arc::default();
    snapshot
}

fn app(snapshot: Snapshot, altitude: f64) -> App {
    let mut app = App::new();
    app.add_plugins((MinimalPlugins, Devices, GlobePlugins, PickingPlugin)).init_resource::<Selection>();
    app.insert_resource(CameraRig::at(Orbit {
        target: LatLon { lat: 50.08, lon: 14.44 },
        altitude,
        ..Orbit::default()
    }));
    app.world_mut().resource_mut::<Feed>().show(Arc::new(snapshot));
    app.update();
    app
}

#[test]
fn far_away_a_city_is_one_mark_and_each_pin_is_in_one() {
    let app = app(crowd(300), 2.0);
    let (clusters, pins) = (app.world().resource::<Clusters>(), app.world().resource::<Pins>());
    assert_eq!(clusters.marks.len(), 1);
    assert_eq!(clusters.marks[0].hosts.len(), 300);
    assert_eq!(pins.hosts, [300], "Oslo stands alone");
    assert_eq!(pins.all.len(), 301);
}

#[test]
fn turning_the_globe_changes_no_cluster() {
    let mut app = app(crowd(40), 2.0);
    let before = app.world().resource::<Clusters>().marks.clone();
    app.world_mut().resource_mut::<CameraRig>().orbit.target.lon += 30.0;
    app.update();
    assert_eq!(app.world().resource::<Clusters>().marks, before);
}

#[test]
fn the_layer_switches_them() {
    let mut app = app(crowd(40), 2.0);
    app.world_mut().resource_mut::<Layers>().set(LayerId::Clusters, false);
    app.update();
    assert!(app.world().resource::<Clusters>().marks.is_empty());
    assert_eq!(app.world().resource::<Pins>().instances.len(), 41);
}

#[test]
fn a_click_on_the_mark_goes_where_three_hundred_addresses_of_one_city_can_be_clicked_one_by_one() {
    let mut app = app(crowd(300), 2.0);
    // The pointer's way: the mark in the middle of the picture, then the flight.
    let view = *app.world().resource::<Picker>().view().expect("a view");
    let middle = view.size.map(|s| s / 2.0);
    let clusters = app.world().resource::<Clusters>();
    let hit = clusters.at(&view, middle).expect("the mark is in the middle");
    let rig = app.world().resource::<CameraRig>();
    let orbit = clusters.parting(hit, app.world().resource::<Feed>(), rig.orbit).expect("it parts");
    assert!(orbit.altitude < SINGLE_BELOW);
    app.world_mut().resource_mut::<CameraRig>().orbit = orbit;
    app.update();
    assert!(app.world().resource::<Clusters>().marks.is_empty());
    let picker = app.world().resource::<Picker>();
    let heads: Vec<(IpAddr, [f32; 2])> =
        picker.on_screen().filter(|(a, _)| *a < IpAddr::V4(Ipv4Addr::new(198, 51, 101, 44))).collect();
    assert_eq!(heads.len(), 300);
    for (addr, at) in heads {
        assert_eq!(picker.at(Vec2::from_array(at)), Some(addr));
    }
}

#[test]
fn tab_reaches_each_of_three_hundred_and_the_selected_one_leaves_its_cluster() {
    let snapshot = crowd(300);
    let mut app = app(snapshot.clone(), 2.0);
    let mut seen = std::collections::BTreeSet::new();
    let mut at = None;
    for _ in 0..snapshot.hosts.len() {
        at = neighbour_by_rate(&snapshot, at, true);
        seen.extend(at);
    }
    assert_eq!(seen.len(), 301);
    let addr = snapshot.hosts[7].addr;
    app.world_mut().resource_mut::<Selection>().picked = Picked::Host(addr);
    app.update();
    assert_eq!(app.world().resource::<Clusters>().marks[0].hosts.len(), 299);
    let spots: Vec<IpAddr> = app.world().resource::<Picker>().on_screen().map(|(a, _)| a).collect();
    assert!(spots.contains(&addr));
}

#[test]
fn the_card_names_the_heaviest_and_counts_the_rest() {
    let snapshot = crowd(300);
    let mark = Cluster { at: [0.0, 1.0, 0.0], hosts: (0..300).collect(), radius: 14.0 };
    let card = cluster_card(&snapshot, &mark);
    assert!(card.title.starts_with("300 ") && card.lines.len() <= 8, "{card:?}");
    assert!(card.lines[0].contains(&snapshot.hosts[299].addr.to_string()), "{card:?}");
    assert!(card.lines.last().is_some_and(|l| l.contains("294 more")), "{card:?}");
}
