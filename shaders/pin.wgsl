// Pins: push-pins of constant size on the screen. One quad from foot to head; cap, waist, collar and needle are drawn in
// it as the view foreshortens them; own networks have a diamond for a cap. A dark outline and a light inner edge keep them readable on every ground.
#import argus_globe::common::{scene, corner, nowhere, faces_eye, place, lift}

struct Pin {
    dir: vec3<f32>,
    // Radius of the head in pixels of a mark; 0 is a free slot.
    size: f32,
    rgba: u32,
    // Offset right and up, two i16 in 1/16 pixels of a mark.
    offset: u32,
    // Bit 0 selected, 1 hovered, 2 dimmed, 3 home, 4 country only.
    marks: u32,
    id: u32,
}

@group(0) @binding(1) var<storage, read> pins: array<Pin>;

// Height of the cap's middle above the foot, in radii of the head.
const CAP: f32 = 3.1;
// Half the diagonal of an own network's cap, in radii of the head.
const DIAMOND: f32 = 1.4;

struct Vertex {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) color: vec4<f32>,
    // Across and along the pin, in pixels from the foot.
    @location(1) at: vec2<f32>,
    // Radius, sine and cosine of the angle between axis and view, marks.
    @location(2) @interpolate(flat) shape: vec4<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> Vertex {
    let pin = pins[v / 6u];
    var out: Vertex;
    out.color = vec4<f32>(0.0);
    out.at = vec2<f32>(0.0);
    out.shape = vec4<f32>(1.0, 0.0, 1.0, 0.0);
    let foot = scene.clip_from_world * vec4<f32>(place(pin.dir), 1.0);
    if pin.size <= 0.0 || foot.w <= scene.forward.w || !faces_eye(pin.dir) {
        out.clip = nowhere();
        return out;
    }
    let lifted = select(1.0, 1.35, (pin.marks & 3u) != 0u);
    let r = pin.size * lifted * scene.up.w;
    // The head's height in the world is what spans the pin's length at the foot's distance.
    let height = CAP * r * foot.w / scene.right.w;
    let head = scene.clip_from_world * vec4<f32>(place(pin.dir * (1.0 + height / lift())), 1.0);
    let half_screen = scene.screen.xy * 0.5;
    let a = foot.xy / foot.w * half_screen;
    let axis = head.xy / max(head.w, scene.forward.w) * half_screen - a;
    let len = length(axis);
    let u = select(vec2<f32>(0.0, 1.0), axis / max(len, 1e-4), len > 0.01);
    let s = clamp(len / (CAP * r), 0.0, 1.0);
    let co = sqrt(1.0 - s * s);
    let c = corner(v % 6u);
    let wide = select(r, r * DIAMOND, (pin.marks & 8u) != 0u);
    let across = c.x * (wide + 2.0);
    let is_flat = (pin.marks & 16u) != 0u;
    var along = select(-(0.35 * r * co + 2.0), len + wide * co + 0.3 * r * s + 2.0, c.y > 0.0);
    if is_flat {
        along = c.y * (r + 2.0);
    }
    let low = vec2<f32>(f32(extractBits(i32(pin.offset), 0u, 16u)), f32(extractBits(i32(pin.offset), 16u, 16u)));
    let p = a + low / 16.0 * scene.up.w * scene.classes[0].w + select(u * along + vec2<f32>(u.y, -u.x) * across, vec2<f32>(across, along), is_flat);
    // A hair nearer than the surface around the foot; among pins the nearer one wins.
    let depth = scene.forward.w / foot.w * (1.0 + min(height * 1.5 / foot.w, 0.5));
    out.clip = vec4<f32>(p / half_screen, min(depth, 1.0), 1.0);
    out.color = unpack4x8unorm(pin.rgba);
    if (pin.marks & 4u) != 0u {
        out.color.a *= 0.22;
    }
    out.at = vec2<f32>(across, along);
    out.shape = vec4<f32>(r, s, co, f32(pin.marks));
    return out;
}

// Signed distance to an ellipse, good near its edge.
fn ellipse(p: vec2<f32>, half: vec2<f32>) -> f32 {
    let k = length(p / half);
    return k * (k - 1.0) / max(length(p / (half * half)), 1e-4);
}

// Signed distance to a diamond.
fn diamond(p: vec2<f32>, half: vec2<f32>) -> f32 {
    return (abs(p.x) / half.x + abs(p.y) / half.y - 1.0) * half.x * half.y / length(half);
}

@fragment
fn fragment(in: Vertex) -> @location(0) vec4<f32> {
    let r = in.shape.x;
    let s = in.shape.y;
    let co = in.shape.z;
    let marks = u32(in.shape.w);
    if (marks & 16u) != 0u {
        // Only the country is known: a hollow square on its middle, so that nobody takes it for a street.
        let ring = abs(max(abs(in.at.x), abs(in.at.y)) - r + 1.0) - 1.0;
        let shown = clamp(1.5 - ring, 0.0, 1.0) * in.color.a;
        if shown <= 0.02 {
            discard;
        }
        let chosen = select(in.color.rgb, scene.inks.chosen.rgb, (marks & 3u) != 0u);
        let tone = mix(scene.inks.edge.rgb, chosen, clamp(0.5 - ring, 0.0, 1.0));
        return vec4<f32>(tone * shown, shown);
    }
    // In radii from here on; y is along the axis as it appears.
    let p = in.at / r;
    let flat_half = max(co, 0.12);
    // Cap: a disc of some thickness.
    let cap_y = CAP * s;
    let thick = 0.30 * s;
    let q = vec2<f32>(p.x, p.y - cap_y - clamp(p.y - cap_y, -thick, thick));
    let own = (marks & 8u) != 0u;
    let cap = select(
        ellipse(q, vec2<f32>(1.0, flat_half * 0.96)),
        diamond(q, vec2<f32>(DIAMOND, flat_half * 0.96 * DIAMOND)),
        own,
    );
    // Collar and the waist between.
    let collar_y = 1.35 * s;
    let collar = ellipse(vec2<f32>(p.x, p.y - collar_y), vec2<f32>(0.78, flat_half * 0.76));
    let along = clamp((p.y - collar_y) / max(cap_y - collar_y, 1e-3), 0.0, 1.0);
    let narrow = mix(0.62, 0.50, sqrt(along)) - 0.10 * sin(3.14159 * along);
    let waist = max(abs(p.x) - narrow, max(collar_y - p.y, p.y - cap_y));
    let body = min(cap, min(collar, waist)) * r;
    // The needle.
    let needle = max(abs(p.x) * r - mix(0.45, 0.95, clamp(p.y / max(collar_y, 1e-3), 0.0, 1.0)), max(-p.y, p.y - collar_y) * r);
    let outer = min(body, needle);
    let solid = clamp(1.5 - outer, 0.0, 1.0);
    if solid <= 0.02 {
        discard;
    }
    let ink = scene.inks.edge.rgb;
    let steel = vec3<f32>(0.81, 0.83, 0.85);
    // Light from the upper left; the cap's face is lighter than the side.
    let side = 0.80 + 0.16 * (1.0 - smoothstep(-0.7, 0.9, p.x));
    var fill = in.color.rgb * side;
    let top = vec2<f32>(p.x, p.y - cap_y - thick);
    let face = select(
        ellipse(top, vec2<f32>(0.92, flat_half * 0.88)),
        diamond(top, vec2<f32>(0.92, flat_half * 0.88) * DIAMOND),
        own,
    ) * r;
    let on_face = clamp(0.5 - face, 0.0, 1.0);
    fill = mix(fill, in.color.rgb, on_face);
    // Light inner edge of the body, and a glint on the face.
    let edge = clamp(1.6 - abs(body + 1.1), 0.0, 1.0) * clamp(-body, 0.0, 1.0);
    fill = mix(fill, min(in.color.rgb * 1.1 + vec3<f32>(0.20), vec3<f32>(1.0)), edge * 0.75);
    let glint = clamp(1.0 - length((p - vec2<f32>(-0.34, cap_y + thick + 0.34 * flat_half)) / vec2<f32>(0.30, 0.24)), 0.0, 1.0);
    fill = mix(fill, vec3<f32>(1.0), glint * 0.5 * on_face);
    var colour = mix(ink, steel, clamp(0.5 - needle, 0.0, 1.0));
    colour = mix(colour, fill, clamp(0.5 - body, 0.0, 1.0));
    if (marks & 3u) != 0u {
        // Chosen: the outline turns bright.
        colour = mix(colour, scene.inks.chosen.rgb, clamp(outer + 0.6, 0.0, 1.0));
    }
    let alpha = solid * in.color.a;
    return vec4<f32>(colour * alpha, alpha);
}
