// Clusters: a disc for the number, and around it a ring split by what the pins are.
#import argus_globe::common::{scene, corner, nowhere, faces_eye, place}

struct Cluster {
    dir: vec3<f32>,
    // Pixels of a mark.
    radius: f32,
    // Ends of the parts of the ring, one byte each, as `KINDS` in `clusters/model.rs` counts them.
    ends_a: u32,
    ends_b: u32,
    ends_c: u32,
    alpha: f32,
    // Their colours.
    tints: array<u32, 12>,
}

@group(0) @binding(1) var<storage, read> clusters: array<Cluster>;

struct Vertex {
    @builtin(position) clip: vec4<f32>,
    @location(0) at: vec2<f32>,
    @location(1) @interpolate(flat) radius: f32,
    @location(2) @interpolate(flat) alpha: f32,
    @location(3) @interpolate(flat) ends: vec3<u32>,
    @location(4) @interpolate(flat) index: u32,
}

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> Vertex {
    let cluster = clusters[v / 6u];
    var out: Vertex;
    out.radius = cluster.radius * scene.up.w;
    out.alpha = cluster.alpha;
    out.ends = vec3<u32>(cluster.ends_a, cluster.ends_b, cluster.ends_c);
    out.index = v / 6u;
    out.at = corner(v % 6u) * (out.radius + 2.0);
    let middle = scene.clip_from_world * vec4<f32>(place(cluster.dir), 1.0);
    if middle.w <= scene.forward.w || !faces_eye(cluster.dir) {
        out.clip = nowhere();
        return out;
    }
    out.clip = vec4<f32>(middle.xy / middle.w + out.at * 2.0 / scene.screen.xy, 0.0, 1.0);
    return out;
}

// End of a part, 0 to 255.
fn end_of(ends: vec3<u32>, part: u32) -> f32 {
    let word = select(select(ends.z, ends.y, part < 8u), ends.x, part < 4u);
    return f32((word >> ((part & 3u) * 8u)) & 255u);
}

@fragment
fn fragment(in: Vertex) -> @location(0) vec4<f32> {
    let r = length(in.at);
    let outer = clamp(in.radius + 0.5 - r, 0.0, 1.0);
    if outer <= 0.0 {
        discard;
    }
    let wide = 0.27 * in.radius;
    let ring = clamp(r - (in.radius - 1.0 - wide) + 0.5, 0.0, 1.0) * clamp(in.radius - 1.0 - r + 0.5, 0.0, 1.0);
    // Clockwise from the top.
    let turn = fract(atan2(in.at.x, in.at.y) / 6.2831853 + 1.0) * 255.0;
    var part = 0u;
    while part < 10u && turn > end_of(in.ends, part) {
        part += 1u;
    }
    let tint = unpack4x8unorm(clusters[in.index].tints[part]).rgb;
    let disc = mix(scene.inks.edge.rgb, scene.inks.plate.rgb, clamp(in.radius - 1.0 - wide - r + 0.5, 0.0, 1.0));
    // What is at rest fades in its ring; the number stays readable.
    let colour = mix(disc, mix(disc, tint, in.alpha), ring);
    return vec4<f32>(colour * outer, outer) * mix(0.45, 1.0, in.alpha);
}
