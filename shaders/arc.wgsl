// Arcs: great circles lifted above the ground, drawn as one triangle strip. Each entry of `points` is one point of one
// arc; it becomes two vertices, left and right of the line. Width, colour and dash speed come from the class of rate.
#import argus_globe::common::{scene, nowhere, place_at, east_of_touch, is_off_map, longitude, wrapped, TAU}

struct Arc {
    // Sender.
    a: vec3<f32>,
    // Height of the middle above the ground.
    height: f32,
    // At right angles to `a`, towards the receiver.
    b: vec3<f32>,
    // Angle between the ends; 0 is a loop above one place.
    angle: f32,
    rgba: u32,
    // Class of rate (bits 0-3), selected (4), dimmed (5), dashes along the arc (8-15).
    style: u32,
    // Sideways offset of the lane in pixels of a mark.
    lane: f32,
    phase: f32,
}

@group(0) @binding(1) var<storage, read> arcs: array<Arc>;
// Arc (bits 12-31), segments (6-11), point (0-5); point 62 and 63 are the last and the first one without width, which
// part an arc from its neighbours.
@group(0) @binding(2) var<storage, read> points: array<u32>;

struct Vertex {
    @builtin(position) clip: vec4<f32>,
    @location(0) @interpolate(flat) color: vec4<f32>,
    // Pixels from the middle; dashes from the sender.
    @location(1) at: vec2<f32>,
    // Half the width.
    @location(2) @interpolate(flat) half: f32,
    @location(3) light: f32,
#ifdef FLAT
    // Radians from the middle of the flat map.
    @location(4) east: f32,
#endif
}

// A point of an arc and how it moves with t.
struct Point {
    p: vec3<f32>,
    dp: vec3<f32>,
}

fn arc_at(arc: Arc, t: f32) -> Point {
    var p: vec3<f32>;
    var dp: vec3<f32>;
    if arc.angle > 1e-5 {
        let w = t * arc.angle;
        let co = cos(w);
        let si = sin(w);
        let dir = arc.a * co + arc.b * si;
        let r = 1.0003 + arc.height * 4.0 * t * (1.0 - t);
        p = dir * r;
        dp = (arc.b * co - arc.a * si) * (r * arc.angle) + dir * (arc.height * (4.0 - 8.0 * t));
    } else {
        // A loop that stands on its place.
        let w = t * 6.2831853;
        p = arc.a * (1.0003 + arc.height * (1.0 - cos(w))) + arc.b * (arc.height * 0.7 * sin(w));
        dp = arc.a * (arc.height * sin(w)) + arc.b * (arc.height * 0.7 * cos(w));
    }
    return Point(p, dp);
}

#ifdef FLAT
// Radians east of the place of touch at which a point of an arc is drawn on the flat map: from its sender on without a
// jump, so beyond the edge where the arc crosses it.
fn east_along(arc: Arc, p: vec3<f32>) -> f32 {
    var way = wrapped(longitude(p) - longitude(arc.a));
    // Over a pole half a turn is as far either way; one of them is kept.
    let eastward = arc.a.z * arc.b.x - arc.a.x * arc.b.z >= 0.0;
    if eastward && way < -0.05 {
        way += TAU;
    } else if !eastward && way > 0.05 {
        way -= TAU;
    }
    return east_of_touch(arc.a) + way;
}

// How far a copy of an arc is moved on the flat map: what leaves it on one side is drawn again on the other. More than a
// turn: this arc needs no such copy.
fn shift_of(arc: Arc, copy: u32) -> f32 {
    if copy == 0u {
        return 0.0;
    }
    let end = select(east_along(arc, arc.a * cos(arc.angle) + arc.b * sin(arc.angle)), east_of_touch(arc.a), arc.angle < 1e-5);
    if abs(end) <= 3.14159265 {
        return 100.0;
    }
    return -sign(end) * TAU;
}
#endif

// A point of an arc as it is drawn, how it moves with t, and how far east it lies on the flat map.
struct Placed {
    p: vec3<f32>,
    dp: vec3<f32>,
    east: f32,
}

fn placed_at(arc: Arc, t: f32, copy: u32) -> Placed {
    let here = arc_at(arc, t);
#ifdef FLAT
    let shift = shift_of(arc, copy);
    let step = select(0.004, -0.004, t > 0.5);
    let there = arc_at(arc, t + step).p;
    let east = select(east_along(arc, here.p), east_of_touch(here.p), arc.angle < 1e-5) + shift;
    let east_there = east + wrapped(longitude(there) - longitude(here.p));
    let p = place_at(here.p, east);
    return Placed(p, (place_at(there, east_there) - p) / step, east);
#else
    return Placed(here.p, here.dp, 0.0);
#endif
}

// Whether nothing is drawn of a point: it lies well behind the globe, or belongs to a copy that is not needed. What is
// only just hidden is left to the depth test, so that nothing is missing at the rim.
fn is_left_out(here: Placed) -> bool {
#ifdef FLAT
    return here.east > 50.0;
#else
    let p = here.p;
    let d = p - scene.eye.xyz;
    let along = dot(scene.eye.xyz, d);
    let dd = dot(d, d);
    let root = along * along - dd * (scene.eye.w + 0.16);
    return along < 0.0 && root > 0.0 && -along - sqrt(root) < dd;
#endif
}

// What is left of an arc's light beyond the horizon: what rises behind the globe is farther away, and looks it.
fn depth_light(p: vec3<f32>) -> f32 {
    let light = mix(0.45, 1.0, smoothstep(0.55, 1.0, dot(scene.eye.xyz, p)));
#ifdef FLAT
    return max(light, scene.sheet.z);
#else
    return light;
#endif
}

@vertex
fn vertex(@builtin(vertex_index) v: u32, @builtin(instance_index) copy: u32) -> Vertex {
    let entry = points[v >> 1u];
    let arc = arcs[entry >> 12u];
    let segments = f32((entry >> 6u) & 63u);
    let point = entry & 63u;
    var t = f32(point) / segments;
    var side = select(-1.0, 1.0, (v & 1u) == 1u);
    if point >= 62u {
        t = f32(63u - point);
        side = 0.0;
    }
    let here = placed_at(arc, t, copy);
    let p = here.p;
    let dp = here.dp;
    var clip = scene.clip_from_world * vec4<f32>(p, 1.0);
    let dclip = scene.clip_from_world * vec4<f32>(dp, 0.0);
    let half_screen = scene.screen.xy * 0.5;
    let way = (dclip.xy * clip.w - clip.xy * dclip.w) * half_screen;
    let u = way / max(length(way), 1e-9);
    let class_ = scene.classes[arc.style & 15u];
    let selected = (arc.style & 16u) != 0u;
    var out: Vertex;
    out.half = class_.y * 0.5 * scene.up.w;
    out.color = unpack4x8unorm(arc.rgba);
    if selected {
        out.half += 1.0 * scene.up.w;
        out.color = vec4<f32>(mix(out.color.rgb, scene.inks.chosen.rgb, 0.35), 1.0);
    }
    if (arc.style & 32u) != 0u {
        out.color.a *= 0.15;
    }
    let across = side * (out.half + scene.more.z);
    let shift = across + arc.lane * scene.up.w;
    let dashes = f32((arc.style >> 8u) & 255u);
    out.at = vec2<f32>(across, (t - class_.x - arc.phase) * dashes);
    clip = vec4<f32>(clip.xy + vec2<f32>(u.y, -u.x) * shift / half_screen * clip.w, clip.zw);
    out.light = depth_light(p);
#ifdef FLAT
    out.east = here.east;
#endif
    // Beyond the far end of depth, where it costs nothing.
    if is_left_out(here) {
        clip.z = -clip.w;
    }
    out.clip = clip;
    return out;
}

@fragment
fn fragment(in: Vertex) -> @location(0) vec4<f32> {
#ifdef FLAT
    // On the way to the map its edge moves: there the place on the map tells.
    if is_off_map(in.clip.xy) || (scene.sheet.z < 1.0 && abs(in.east) > 0.5 * TAU) {
        discard;
    }
#endif
    let off = abs(in.at.x) - in.half;
    // Each dash brightens towards its head, so that even a still picture shows the direction.
    let f = fract(in.at.y);
    let dash = f * f * (1.0 - smoothstep(0.93, 1.0, f));
    let core = clamp(0.5 - off, 0.0, 1.0);
    let outline = clamp(scene.more.z - off, 0.0, 1.0);
    let cover = core * (0.55 + 0.45 * dash);
    // On a dark ground a dash is a little brighter than its colour.
    let light = mix(cover, core * (0.50 + 0.56 * dash), scene.inks.chosen.w);
    let edge = max(outline * scene.inks.halo.w - cover, 0.0);
    return vec4<f32>(in.color.rgb * light + scene.inks.halo.rgb * edge, cover + edge) * in.color.a * in.light;
}
