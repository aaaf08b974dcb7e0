//! Stars behind the globe: the catalogue's points, brightest first. They never change.

use bevy::prelude::*;

use super::gpu::{BufferSlot, GpuData, RenderProfile};
use super::maps::AssetNotes;
use super::scale::pack;
use crate::geo::{Star, find_data, parse_stars};

/// A software renderer draws this many.
const SOFTWARE_STARS: usize = 2500;

/// As `stars.wgsl` reads it.
#[derive(Clone, Copy, Debug, PartialEq, bytemuck::Pod, bytemuck::Zeroable)]
#[repr(C)]
pub struct StarInstance {
    dir: [f32; 3],
    rgba: u32,
}

/// Direction in the frame of the equinox and brightness as alpha.
#[must_use]
pub fn star_instance(star: &Star) -> StarInstance {
    let (ra, dec) = (star.ra_deg.to_radians(), star.dec_deg.to_radians());
    let dir = [dec.cos() * ra.sin(), dec.sin(), dec.cos() * ra.cos()];
    // The eye's scale of magnitudes, compressed: faint ones stay visible, Sirius does not blind.
    let brightness = 10f32.powf(-0.15 * (star.magnitude + 1.4)).clamp(0.05, 1.0);
    StarInstance { dir, rgba: pack(star.rgb, brightness) }
}

/// Loads the stars.
pub struct StarsPlugin;

impl Plugin for StarsPlugin {
    fn build(&self, app: &mut App) {
        app.add_systems(Startup, load_stars);
    }
}

fn load_stars(profile: Res<RenderProfile>, mut data: ResMut<GpuData>, mut notes: ResMut<AssetNotes>) {
    let loaded = find_data("assets", "stars.bin").map_err(|e| e.to_string()).and_then(|path| {
        let bytes = std::fs::read(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        parse_stars(&bytes).map_err(|e| e.to_string())
    });
    match loaded {
        Ok(stars) => {
            let most = if profile.software { SOFTWARE_STARS } else { stars.len() };
            let instances: Vec<StarInstance> = stars.iter().take(most).map(star_instance).collect();
            data.set_buffer(BufferSlot::Stars, &instances);
        }
        Err(problem) => notes.tell(format!("no stars are drawn: {problem}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bright_star_is_brighter_and_points_where_the_catalogue_says() {
        let star = |ra_deg, dec_deg, magnitude| Star { ra_deg, dec_deg, magnitude, rgb: [255; 3] };
        let pole = star_instance(&star(37.95, 90.0, 2.0));
        assert!((pole.dir[1] - 1.0).abs() < 1e-6);
        assert!(star_instance(&star(0.0, 0.0, -1.0)).rgba >> 24 > star_instance(&star(0.0, 0.0, 5.0)).rgba >> 24);
    }
}
