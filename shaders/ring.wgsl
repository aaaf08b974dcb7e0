// Rings around what has just appeared: circles on the screen that grow and fade.
#import argus_globe::common::{scene, corner, nowhere, faces_eye, place}

struct Ring {
    dir: vec3<f32>,
    // 0 to 1.
    growth: f32,
    rgba: u32,
    pad_a: u32,
    pad_b: u32,
    pad_c: u32,
}

@group(0) @binding(1) var<storage, read> rings: array<Ring>;

struct Vertex {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) color: vec4<f32>,
    // Pixels from the middle.
    @location(1) at: vec2<f32>,
    @location(2) @interpolate(flat) radius: f32,
}

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> Vertex {
    let ring = rings[v / 6u];
    let c = corner(v % 6u);
    var out: Vertex;
    out.color = unpack4x8unorm(ring.rgba);
    out.color.a = 1.0 - ring.growth;
    out.radius = (5.0 + 25.0 * ring.growth) * scene.up.w;
    out.at = c * (out.radius + 2.5 * scene.up.w);
    let middle = scene.clip_from_world * vec4<f32>(place(ring.dir), 1.0);
    if middle.w <= scene.forward.w || !faces_eye(ring.dir) {
        out.clip = nowhere();
        return out;
    }
    out.clip = vec4<f32>(middle.xy / middle.w + out.at * 2.0 / scene.screen.xy, 0.0, 1.0);
    return out;
}

@fragment
fn fragment(in: Vertex) -> @location(0) vec4<f32> {
    let off = abs(length(in.at) - in.radius);
    let alpha = clamp(1.1 * scene.up.w + 0.5 - off, 0.0, 1.0) * in.color.a;
    return vec4<f32>(in.color.rgb * alpha, alpha);
}
