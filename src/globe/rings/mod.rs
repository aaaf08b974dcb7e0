//! Rings around what has just appeared: each new pin, and both ends of each new arc, get one that expands and fades.
//!
//! The list holds only the rings of the last fraction of a second. With reduced motion there are none.

mod model;

use std::sync::Arc;

use bevy::prelude::*;
pub use model::{RING_SECS, arrivals, growth};

use super::feed::Feed;
use super::gpu::{BufferSlot, GpuData};
use super::inks::Theme;
use super::math::to_f32;
use super::scale::pack;
use super::{GlobeSet, Motion, SceneClock};
use crate::cache::Snapshot;

/// As `ring.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
struct RingInstance {
    /// Unit vector to the place.
    dir: [f32; 3],
    /// How far it has grown, 0 to 1.
    growth: f32,
    /// Colour.
    rgba: u32,
    pad: [u32; 3],
}

/// The rings that grow at the moment.
#[derive(Resource, Default)]
struct Rings {
    before: Option<Arc<Snapshot>>,
    generation: u64,
    /// Place, and second of the scene's clock in which it appeared.
    growing: Vec<([f32; 3], f64)>,
    drawn: usize,
}

/// Draws rings.
pub struct RingsPlugin;

impl Plugin for RingsPlugin {
    fn build(&self, app: &mut App) {
        app.init_resource::<Rings>().add_systems(Update, grow.in_set(GlobeSet::Update));
    }
}

fn grow(
    (feed, clock, motion, theme): (Res<Feed>, Res<SceneClock>, Res<Motion>, Res<Theme>),
    mut rings: ResMut<Rings>,
    mut data: ResMut<GpuData>,
) {
    let rings = rings.bypass_change_detection();
    let now = clock.elapsed;
    if rings.generation != feed.generation {
        rings.generation = feed.generation;
        let before = rings.before.replace(feed.snapshot.clone());
        if let Some(before) = before.filter(|_| !motion.reduced) {
            let hosts = arrivals(&before, &feed.snapshot).into_iter();
            let hosts = hosts.filter_map(|i| feed.snapshot.hosts.get(i as usize));
            let places = hosts.map(|h| to_f32(h.place.at.to_unit()));
            rings.growing.extend(places.map(|dir| (dir, now)));
        }
    }
    rings.growing.retain(|(_, since)| growth(now - since).is_some() && !motion.reduced);
    if rings.growing.is_empty() && rings.drawn == 0 {
        return;
    }
    let accent = theme.inks().accent;
    let rgba = pack([accent.r(), accent.g(), accent.b()], 1.0);
    let instance = |(dir, since): &([f32; 3], f64)| {
        growth(now - since).map(|growth| RingInstance { dir: *dir, growth, rgba, pad: [0; 3] })
    };
    let instances: Vec<RingInstance> = rings.growing.iter().filter_map(instance).collect();
    data.set_buffer(BufferSlot::Rings, &instances);
    rings.drawn = instances.len();
}

#[cfg(test)]
mod tests {
    use bevy::input::InputPlugin as Devices;

    use super::*;
    use crate::globe::{GlobePlugins, fixture};

    #[test]
    fn a_new_pin_has_one_ring_that_goes_and_none_with_reduced_motion() {
        for (reduced, expect) in [(false, true), (true, false)] {
            let mut app = App::new();
            app.add_plugins((MinimalPlugins, Devices, GlobePlugins)).insert_resource(Motion { reduced });
            let whole = fixture::snapshot();
            let mut first = whole.clone();
            first.hosts.pop();
            first.paths.clear();
            app.world_mut().resource_mut::<Feed>().show(Arc::new(first));
            app.update();
            assert!(app.world().resource::<Rings>().growing.is_empty(), "the first picture is no news");
            app.world_mut().resource_mut::<Feed>().show(Arc::new(whole));
            app.update();
            assert_eq!(app.world().resource::<Rings>().drawn > 0, expect);
            app.world_mut().resource_mut::<SceneClock>().elapsed += RING_SECS + 1.0;
            app.update();
            assert_eq!(app.world().resource::<Rings>().drawn, 0);
        }
    }
}
