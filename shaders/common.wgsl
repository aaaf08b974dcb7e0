// What all layers share: the scene's uniform and a few conversions.
//
// Shaders are made twice. With `FLAT` they draw the flat map and the way to it; without, the globe alone, and nothing of
// the map is in them: a software renderer works through both sides of a branch, and what discards pixels keeps it from
// testing depth first.
//
// Axes: y is north, +z is (0°, 0°), +x is 90° east; the globe's radius is 1. Pixels are physical.
#define_import_path argus_globe::common

// Colours of the theme. What each row means is said at `SceneInks`.
struct Inks {
    space: vec4<f32>,
    land: vec4<f32>,
    sea: vec4<f32>,
    night: vec4<f32>,
    floor: vec4<f32>,
    air_day: vec4<f32>,
    air_night: vec4<f32>,
    haze_day: vec4<f32>,
    haze_night: vec4<f32>,
    border: vec4<f32>,
    cloud_day: vec4<f32>,
    cloud_night: vec4<f32>,
    edge: vec4<f32>,
    halo: vec4<f32>,
    chosen: vec4<f32>,
    home: vec4<f32>,
    plate: vec4<f32>,
    alert: vec4<f32>,
}

struct Scene {
    clip_from_world: mat4x4<f32>,
    // Eye; w = |eye|² - 1, reckoned in double precision.
    eye: vec4<f32>,
    // Screen axes in the world; w = pixels per unit of tangent.
    right: vec4<f32>,
    // w = physical pixels per pixel of a mark.
    up: vec4<f32>,
    // w = distance of the near plane.
    forward: vec4<f32>,
    // Width, height, and the pixel on the optical axis.
    screen: vec4<f32>,
    // Clip-space box of globe and air: x0, y0, x1, y1.
    globe_box: vec4<f32>,
    // Direction to the sun; w = 1 if there is a night side.
    sun: vec4<f32>,
    // Earth's texture, atmosphere, graticule, opacity of clouds: 0 to 1.
    look: vec4<f32>,
    // Cosine and sine of the sidereal angle, pixels by which arcs are widened for their outline, 1 on a software renderer.
    more: vec4<f32>,
    // Per class of rate: dash phase in arc lengths (x), width in pixels (y), colour as rgba8 (z, bit pattern). The first
    // one's w is the share of the full spread of pins at one place.
    classes: array<vec4<f32>, 9>,
    // The flat map: latitude and longitude of the place where it touches the globe, share of the way from the globe to it,
    // what is left of heights on it.
    sheet: vec4<f32>,
    // Unit vector to that place; radii on the map per radian.
    sheet_at: vec4<f32>,
    // To the east and to the north there; cells of the map from west to east and from north to south.
    sheet_east: vec4<f32>,
    sheet_north: vec4<f32>,
    // Colours of the density of traffic as rgba8, weakest first; the last word is unused.
    heat: array<vec4<u32>, 2>,
    inks: Inks,
}

@group(0) @binding(0) var<uniform> scene: Scene;

// Linear light to sRGB, as everything leaves the shaders: layers are blended in sRGB, which a software renderer does
// several times faster. A fit by roots, good to 0.3 %.
fn encode(c: vec3<f32>) -> vec3<f32> {
    let a = sqrt(max(c, vec3<f32>(0.0)));
    let b = sqrt(a);
    return clamp(a * 0.662002687 + b * 0.684122060 - sqrt(b) * 0.323583601 - c * 0.0225411470, vec3<f32>(0.0), vec3<f32>(1.0));
}

// The corner of a quad for vertices 0 to 5, each coordinate -1 or 1.
fn corner(v: u32) -> vec2<f32> {
    let x = select(-1.0, 1.0, v == 1u || v == 3u || v == 4u);
    let y = select(-1.0, 1.0, v == 2u || v == 4u || v == 5u);
    return vec2<f32>(x, y);
}

// Where nothing is drawn.
fn nowhere() -> vec4<f32> {
    return vec4<f32>(0.0, 0.0, -1.0, 1.0);
}

const TAU: f32 = 6.2831853;

// An angle in -π to π.
fn wrapped(a: f32) -> f32 {
    return a - round(a / TAU) * TAU;
}

// Longitude of a point.
fn longitude(p: vec3<f32>) -> f32 {
    return atan2(p.x, p.z);
}

// Radians east of the place where the map touches.
fn east_of_touch(p: vec3<f32>) -> f32 {
    return wrapped(longitude(p) - scene.sheet.y);
}

// Where a point is drawn that lies so far east on the map, in radians.
fn place_at(p: vec3<f32>, east: f32) -> vec3<f32> {
    let north = atan2(p.y, length(p.xz)) - scene.sheet.x;
    let across = scene.sheet_east.xyz * east + scene.sheet_north.xyz * north;
    let flat_place = scene.sheet_at.xyz * (1.0 + (length(p) - 1.0) * scene.sheet.w) + across * scene.sheet_at.w;
    return mix(p, flat_place, scene.sheet.z);
}

// Where a point on or above the globe is drawn.
fn place(p: vec3<f32>) -> vec3<f32> {
#ifdef FLAT
    return place_at(p, east_of_touch(p));
#else
    return p;
#endif
}

// What is left of heights on the way to the map.
fn lift() -> f32 {
#ifdef FLAT
    return mix(1.0, scene.sheet.w, scene.sheet.z);
#else
    return 1.0;
#endif
}

// Whether a point of the surface lies on the eye's side of the horizon.
fn faces_eye(dir: vec3<f32>) -> bool {
#ifdef FLAT
    return dot(scene.eye.xyz - place(dir), mix(dir, scene.sheet_at.xyz, scene.sheet.z)) >= 0.0;
#else
    return dot(scene.eye.xyz, dir) >= 1.0;
#endif
}

// Ray through a pixel.
fn ray_through(pixel: vec2<f32>) -> vec3<f32> {
    let across = scene.right.xyz * (pixel.x - scene.screen.z) + scene.up.xyz * (scene.screen.w - pixel.y);
    return normalize(scene.forward.xyz * scene.right.w + across);
}

// Whether a pixel shows what lies beside the flat map. What is above the map is seen a little farther out than the ground
// below it, so near the edges its own place does not tell.
fn is_off_map(pixel: vec2<f32>) -> bool {
#ifdef FLAT
    if scene.sheet.z < 1.0 {
        return false;
    }
    let ray = ray_through(pixel);
    let fall = -dot(ray, scene.sheet_at.xyz);
    let height = dot(scene.eye.xyz, scene.sheet_at.xyz) - 1.0;
    let off = scene.eye.xyz + ray * (height / max(fall, 1e-4)) - scene.sheet_at.xyz;
    let east = dot(off, scene.sheet_east.xyz) / scene.sheet_at.w;
    let lat = dot(off, scene.sheet_north.xyz) / scene.sheet_at.w + scene.sheet.x;
    return fall <= 0.0 || abs(east) > 0.5 * TAU || abs(lat) > 0.25 * TAU;
#else
    return false;
#endif
}

// 1 by day, 0 by night, over 17° of twilight; `s` is the sine of the sun's elevation.
fn daylight(s: f32) -> f32 {
    return mix(1.0, smoothstep(-0.22, 0.07, s), scene.sun.w);
}
