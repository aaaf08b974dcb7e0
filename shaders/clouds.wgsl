// Clouds: a shell of their own above the earth, white by day, dim by night. Drawn before the marks, so that they never
// hide one.
#import argus_globe::common::{scene, ray_through, daylight, corner}

@group(1) @binding(3) var cloud_map: texture_2d<f32>;
@group(1) @binding(4) var map_sampler: sampler;

const PI: f32 = 3.14159265;
const SHELL: f32 = 1.006;

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> @builtin(position) vec4<f32> {
    let c = corner(v) * 0.5 + 0.5;
    return vec4<f32>(mix(scene.globe_box.xy, scene.globe_box.zw, c), 0.5, 1.0);
}

@fragment
fn fragment(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    let eye = scene.eye.xyz;
    let ray = ray_through(at.xy);
    let b = dot(eye, ray);
    let disc = b * b - scene.eye.w + (SHELL * SHELL - 1.0);
    let t = -b - sqrt(max(disc, 0.0));
    let n = normalize(eye + ray * t);
    let uv = vec2<f32>(atan2(n.x, n.z) / (2.0 * PI) + 0.5, acos(clamp(n.y, -1.0, 1.0)) / PI);
    let dx = dpdx(uv);
    let dy = dpdy(uv);
    let size = vec2<f32>(textureDimensions(cloud_map));
    let du = abs(vec2<f32>(dx.x - round(dx.x), dy.x - round(dy.x))) * size.x;
    let dv = abs(vec2<f32>(dx.y, dy.y)) * size.y;
    if disc <= 0.0 || b >= 0.0 {
        discard;
    }
    let lod = log2(max(max(max(du.x, du.y), max(dv.x, dv.y)), 1.0));
    let cover = textureSampleLevel(cloud_map, map_sampler, uv, lod).r;
    let day = daylight(dot(n, scene.sun.xyz));
    let facing = clamp(dot(n, -ray), 0.0, 1.0);
    // Thin towards the rim, where the shell would show its edge.
    let alpha = smoothstep(0.08, 0.95, cover) * scene.look.w * mix(scene.inks.cloud_night.w, scene.inks.cloud_day.w, day) * smoothstep(0.0, 0.35, facing);
    let white = mix(scene.inks.cloud_night.rgb, scene.inks.cloud_day.rgb, day);
    return vec4<f32>(white * alpha, alpha);
}
