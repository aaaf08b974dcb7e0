// Density of traffic on the ground: tiles of the earth's surface, coloured by a small picture of decades.
#import argus_globe::common::{scene, corner, nowhere, place_at, east_of_touch, TAU}

@group(0) @binding(1) var<storage, read> tiles: array<u32>;
@group(1) @binding(4) var map_sampler: sampler;
@group(1) @binding(5) var heat_map: texture_2d<f32>;

// Tiles from west to east; from north to south they are half as many.
const COLUMNS: u32 = 72u;
// Colours of the scale, one for each decade.
const STOPS: f32 = 7.0;
// Opacity of the first and of the last of them.
const FAINT: f32 = 0.44;
const FULL: f32 = 0.78;

struct Vertex {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
    // Sine of the eye's elevation over the ground, radians east of the place of touch.
    @location(1) seen: vec2<f32>,
}

// Sine of the elevation at which the eye stands over a point of the ground that is drawn at `at`.
fn elevation(dir: vec3<f32>, at: vec3<f32>) -> f32 {
#ifdef FLAT
    return dot(normalize(scene.eye.xyz - at), normalize(mix(dir, scene.sheet_at.xyz, scene.sheet.z)));
#else
    return dot(normalize(scene.eye.xyz - at), dir);
#endif
}

fn direction(uv: vec2<f32>) -> vec3<f32> {
    let lon = (uv.x - 0.5) * TAU;
    let lat = (0.5 - uv.y) * 0.5 * TAU;
    return vec3<f32>(cos(lat) * sin(lon), sin(lat), cos(lat) * cos(lon));
}

@vertex
fn vertex(@builtin(vertex_index) v: u32, @builtin(instance_index) copy: u32) -> Vertex {
    let tile = tiles[v / 6u];
    let size = vec2<f32>(1.0 / f32(COLUMNS), 2.0 / f32(COLUMNS));
    let first = vec2<f32>(f32(tile % COLUMNS), f32(tile / COLUMNS));
    let c = corner(v % 6u) * 0.5 + 0.5;
    var out: Vertex;
    out.uv = (first + c) * size;
    let middle = direction((first + 0.5) * size);
    let dir = direction(out.uv);
#ifdef FLAT
    var east = east_of_touch(middle);
    if copy == 1u {
        // What crosses the map's edge goes on at the other one.
        east -= sign(east) * TAU;
    }
    let half_tile = 0.5 * TAU * size.x;
    if abs(east) > 0.5 * TAU + half_tile {
        out.clip = nowhere();
        return out;
    }
    east += (c.x - 0.5) * TAU * size.x;
    let at = place_at(dir, east);
    out.seen = vec2<f32>(elevation(dir, at), east);
    let hidden = elevation(middle, place_at(middle, east)) < -0.2;
#else
    let at = dir;
    out.seen = vec2<f32>(elevation(dir, at), 0.0);
    let hidden = elevation(middle, middle) < -0.2;
#endif
    out.clip = scene.clip_from_world * vec4<f32>(at, 1.0);
    if hidden {
        out.clip = nowhere();
    }
    return out;
}

fn ink(stop: u32) -> vec3<f32> {
    return unpack4x8unorm(scene.heat[stop / 4u][stop % 4u]).rgb;
}

@fragment
fn fragment(in: Vertex) -> @location(0) vec4<f32> {
    let decades = textureSampleLevel(heat_map, map_sampler, in.uv, 0.0).r * STOPS;
    // From the first colour on, decades stand for colours.
    let above = clamp(decades - 1.0, 0.0, STOPS - 1.0);
    let stop = u32(above);
    let next = min(stop + 1u, u32(STOPS) - 1u);
    let colour = mix(ink(stop), ink(next), fract(above));
    var alpha = mix(FAINT, FULL, above / (STOPS - 1.0)) * min(decades, 1.0);
    // Towards the rim the ground is seen too flat to be read.
    alpha *= smoothstep(0.0, 0.12, in.seen.x);
#ifdef FLAT
    alpha *= select(0.0, 1.0, abs(in.seen.y) <= 0.5 * TAU);
#endif
    return vec4<f32>(colour * alpha, alpha);
}
