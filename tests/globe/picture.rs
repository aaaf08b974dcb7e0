//! Drawing a scene, and asking questions about the picture.

use std::sync::{Mutex, MutexGuard, PoisonError};

use argus_globe::geo::LatLon;
use argus_globe::globe::camera::SceneView;
use argus_globe::globe::{
    CameraRig, FeedInput, FixedSource, Headless, Layers, Orbit, Picture, Projection, Scene, Setup, parse_scene,
};

/// Size of all pictures.
pub(crate) const SIZE: (u32, u32) = (480, 270);

/// Software rendering uses all cores; one scene at a time is fastest.
static ONE: Mutex<()> = Mutex::new(());

/// A globe with a scene, and the right to draw.
pub(crate) struct Stage {
    pub(crate) globe: Headless,
    _turn: MutexGuard<'static, ()>,
}

/// A scene from rows of a scene file.
pub(crate) fn rows(rows: &str) -> Scene {
    parse_scene(format!("kind,lat,lng,lat2,lng2,bps,color\n{rows}").as_bytes()).expect("a scene")
}

/// The eye above a place, at a height in radii.
pub(crate) fn above(lat: f64, lon: f64, altitude: f64) -> Orbit {
    Orbit { target: LatLon { lat, lon }, altitude, heading: 0.0, tilt: 0.0 }
}

/// Builds a globe that shows a scene.
pub(crate) fn stage(scene: &Scene, orbit: Orbit, layers: &str) -> Stage {
    let turn = ONE.lock().unwrap_or_else(PoisonError::into_inner);
    let setup = Setup {
        feed: FeedInput::new(FixedSource::new(scene.snapshot.clone())),
        overrides: scene.overrides.clone(),
        layers: Layers::parse(layers).expect("known layers"),
        orbit,
        extend: Vec::new(),
    };
    let mut globe = match Headless::new(setup, SIZE, 1.0) {
        Ok(globe) => globe,
        Err(error) => panic!("pictures cannot be drawn on this machine: {error}"),
    };
    for _ in 0..3 {
        globe.frame().expect("a frame");
    }
    Stage { globe, _turn: turn }
}

impl Stage {
    /// The picture now.
    pub(crate) fn shoot(&mut self) -> Picture {
        self.globe.picture().expect("a picture")
    }

    /// Shows the flat map.
    pub(crate) fn flatten(&mut self) {
        self.globe.world().resource_mut::<CameraRig>().begin_as(Projection::Flat);
        self.globe.frame().expect("a frame");
    }

    /// The picture with other layers.
    pub(crate) fn with_layers(&mut self, layers: &str) -> Picture {
        *self.globe.world().resource_mut::<Layers>() = Layers::parse(layers).expect("known layers");
        self.shoot()
    }

    /// The pixel of a place at a distance from the globe's centre, if it is in sight.
    pub(crate) fn pixel(&mut self, lat: f64, lon: f64, radius: f64) -> Option<[f64; 2]> {
        let view = self.globe.world().resource::<SceneView>().view;
        view.place_on_screen(LatLon { lat, lon }, radius)
    }

    /// The pixel of a point, if the globe does not hide it.
    pub(crate) fn pixel_of(&mut self, point: [f64; 3]) -> Option<[f64; 2]> {
        let view = self.globe.world().resource::<SceneView>().view;
        view.sees(point).then(|| view.project(point)).flatten().map(|(pixel, _)| pixel)
    }
}

/// One pixel's colour.
pub(crate) fn colour(picture: &Picture, x: f64, y: f64) -> [u8; 3] {
    let (x, y) = (x.round().max(0.0) as usize, y.round().max(0.0) as usize);
    let at = (y.min(picture.height as usize - 1) * picture.width as usize + x.min(picture.width as usize - 1)) * 4;
    [picture.rgba[at], picture.rgba[at + 1], picture.rgba[at + 2]]
}

/// Sum of a pixel's channels.
pub(crate) fn light(picture: &Picture, x: f64, y: f64) -> u32 {
    colour(picture, x, y).iter().map(|c| u32::from(*c)).sum()
}

/// Pixels in which two pictures differ by more than a step per channel.
pub(crate) fn differing(a: &Picture, b: &Picture, step: u8) -> Vec<[f64; 2]> {
    assert_eq!((a.width, a.height), (b.width, b.height));
    let pixels = a.rgba.chunks_exact(4).zip(b.rgba.chunks_exact(4)).enumerate();
    pixels
        .filter(|(_, (p, q))| p.iter().zip(*q).any(|(x, y)| x.abs_diff(*y) > step))
        .map(|(i, _)| [(i % a.width as usize) as f64, (i / a.width as usize) as f64])
        .collect()
}

/// Distance from a pixel to the nearest of some pixels.
pub(crate) fn nearest(at: [f64; 2], pixels: &[[f64; 2]]) -> f64 {
    pixels.iter().map(|p| (p[0] - at[0]).hypot(p[1] - at[1])).fold(f64::MAX, f64::min)
}
