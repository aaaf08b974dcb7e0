// Stars: points of the catalogue, turned by the sidereal angle so that they stand right above the earth.
#import argus_globe::common::{scene, corner, nowhere}

struct Star {
    dir: vec3<f32>,
    // rgb and, as alpha, the brightness.
    rgba: u32,
}

@group(0) @binding(1) var<storage, read> stars: array<Star>;

struct Vertex {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
    @location(1) at: vec2<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> Vertex {
    let star = stars[v / 6u];
    let c = corner(v % 6u);
    let turn = scene.more.xy;
    let dir = vec3<f32>(star.dir.x * turn.x - star.dir.z * turn.y, star.dir.y, star.dir.z * turn.x + star.dir.x * turn.y);
    var out: Vertex;
    out.color = unpack4x8unorm(star.rgba);
    out.at = c;
    var clip = scene.clip_from_world * vec4<f32>(dir, 0.0);
    let size = (0.75 + 1.9 * out.color.a) * max(scene.up.w, 1.0);
    if clip.w <= 0.0 {
        out.clip = nowhere();
        return out;
    }
    clip = vec4<f32>(clip.xy / clip.w + c * 2.0 * size / scene.screen.xy, 0.0, 1.0);
    out.clip = clip;
    return out;
}

@fragment
fn fragment(in: Vertex) -> @location(0) vec4<f32> {
    let r = dot(in.at, in.at);
    let glow = max(1.0 - r, 0.0);
    let light = in.color.rgb * sqrt(in.color.a) * min(glow * 1.4, 1.0) * scene.inks.space.w * (1.0 - scene.sheet.z);
    return vec4<f32>(light, 0.0);
}
