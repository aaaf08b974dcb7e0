// Coasts and borders: each segment a thin quad with soft edges. What lies beyond the horizon is dropped whole, so no
// depth is needed and nothing can flicker against the earth.
#import argus_globe::common::{scene, corner, nowhere, faces_eye, daylight, place_at, east_of_touch, longitude, wrapped}

struct Segment {
    a: vec3<f32>,
    // 0 coast, 1 border, 2 lake, 3 disputed border.
    kind: u32,
    b: vec3<f32>,
    pad: u32,
}

@group(0) @binding(1) var<storage, read> segments: array<Segment>;
@group(0) @binding(2) var<storage, read> shown: array<u32>;

struct Vertex {
    @builtin(position) clip: vec4<f32>,
    @location(0) color: vec4<f32>,
    @location(1) across: f32,
#ifdef FLAT
    // Radians from the middle of the flat map.
    @location(2) east: f32,
#endif
}

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> Vertex {
    let segment = segments[shown[v / 6u]];
    let c = corner(v % 6u);
    var out: Vertex;
    out.across = 0.0;
    out.color = vec4<f32>(0.0);
#ifdef FLAT
    // On the flat map a line goes on beyond the edge, where its pixels are dropped.
    let east_a = east_of_touch(segment.a);
    let east_b = east_a + wrapped(longitude(segment.b) - longitude(segment.a));
    out.east = mix(east_a, east_b, c.x * 0.5 + 0.5);
    let a = scene.clip_from_world * vec4<f32>(place_at(segment.a, east_a), 1.0);
    let b = scene.clip_from_world * vec4<f32>(place_at(segment.b, east_b), 1.0);
#else
    let a = scene.clip_from_world * vec4<f32>(segment.a, 1.0);
    let b = scene.clip_from_world * vec4<f32>(segment.b, 1.0);
#endif
    if !faces_eye(segment.a) || !faces_eye(segment.b) || a.w <= scene.forward.w || b.w <= scene.forward.w {
        out.clip = nowhere();
        return out;
    }
    let half_screen = scene.screen.xy * 0.5;
    let pa = a.xy / a.w * half_screen;
    let pb = b.xy / b.w * half_screen;
    let along = pb - pa;
    let len = max(length(along), 1e-4);
    let u = along / len;
    let width = select(0.5, 0.62, segment.kind == 0u) * scene.up.w + 0.75;
    let p = mix(pa, pb, c.x * 0.5 + 0.5) + u * c.x * 0.3 + vec2<f32>(-u.y, u.x) * c.y * width;
    out.clip = vec4<f32>(p / half_screen, 0.0, 1.0);
    out.across = c.y * width;
    // Lines fade where the surface turns away, or they would crowd the rim.
    let to_eye = normalize(scene.eye.xyz - segment.a);
    var facing = smoothstep(0.0, 0.45, dot(to_eye, segment.a));
#ifdef FLAT
    facing = max(facing, scene.sheet.z);
#endif
    var strength = 0.56;
    if segment.kind == 1u {
        strength = 0.48;
    } else if segment.kind == 2u {
        strength = 0.32;
    } else if segment.kind == 3u {
        strength = 0.24;
    }
    let lit = mix(scene.inks.haze_night.w, 1.0, daylight(dot(segment.a, scene.sun.xyz)));
    out.color = vec4<f32>(scene.inks.border.rgb, min(strength * scene.inks.haze_day.w, 1.0) * facing * lit);
    return out;
}

@fragment
fn fragment(in: Vertex) -> @location(0) vec4<f32> {
#ifdef FLAT
    if abs(in.east) > 3.14159265 {
        discard;
    }
#endif
    let core = 0.5 * scene.up.w + 0.1;
    let alpha = in.color.a * clamp(core + 0.5 - abs(in.across), 0.0, 1.0);
    return vec4<f32>(in.color.rgb * alpha, alpha);
}
