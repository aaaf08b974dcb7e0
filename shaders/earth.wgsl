// The earth: one quad, the sphere is found by ray in each pixel, so its rim and its map are exact at every distance.
// Day and night, city lights, glint of the sun on water, graticule, and the glow of the air.
#import argus_globe::common::{scene, encode, ray_through, daylight, corner, place_at}

// Where tiles of the ground lie: a number of levels, six numbers for each (see `maps/tiles/model.rs`), then pictures.
@group(0) @binding(1) var<storage, read> ground: array<u32>;
@group(1) @binding(0) var day_map: texture_2d<f32>;
@group(1) @binding(1) var lights_map: texture_2d<f32>;
@group(1) @binding(2) var water_map: texture_2d<f32>;
@group(1) @binding(3) var cloud_map: texture_2d<f32>;
@group(1) @binding(4) var map_sampler: sampler;
@group(1) @binding(6) var ground_tiles: texture_2d_array<f32>;

const PI: f32 = 3.14159265;

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> @builtin(position) vec4<f32> {
    let c = corner(v) * 0.5 + 0.5;
    return vec4<f32>(mix(scene.globe_box.xy, scene.globe_box.zw, c), 0.5, 1.0);
}

struct Out {
    @location(0) color: vec4<f32>,
    @builtin(frag_depth) depth: f32,
}

// Map coordinates of a unit vector.
fn map_at(n: vec3<f32>) -> vec2<f32> {
    return vec2<f32>(atan2(n.x, n.z) / (2.0 * PI) + 0.5, acos(clamp(n.y, -1.0, 1.0)) / PI);
}

// How far the map moves per pixel, without the jump at the date line.
fn unwrapped(d: vec2<f32>) -> vec2<f32> {
    return vec2<f32>(d.x - round(d.x), d.y);
}

// Coverage by lines every 10°, one pixel wide.
fn graticule(uv: vec2<f32>, step: vec2<f32>) -> f32 {
    let cells = vec2<f32>(uv.x * 36.0, uv.y * 18.0);
    let width = max(step * vec2<f32>(36.0, 18.0), vec2<f32>(1e-6));
    let off = abs(cells - round(cells)) / width;
    let line = clamp(vec2<f32>(1.1) - off, vec2<f32>(0.0), vec2<f32>(1.0));
    // Meridians end at 80°, where they would run together.
    let inside = select(0.0, 1.0, uv.y > 1.0 / 18.0 - 1e-4 && uv.y < 17.0 / 18.0 + 1e-4);
    let equator = select(1.0, 1.7, abs(cells.y - 9.0) < 0.5 && off.y < 1.1);
    return max(line.x * inside, line.y * inside * equator);
}

// The air in front of or beside the globe, in sRGB and multiplied by its alpha; `q` is the ray's least distance from the
// centre. On a dark ground it adds light, on a light one it covers.
fn air(q: f32, s: f32) -> vec4<f32> {
    let lit = mix(1.0, smoothstep(-0.35, 0.35, s), scene.sun.w);
    let blue = mix(scene.inks.air_night.rgb, scene.inks.air_day.rgb, lit);
    let height = max(q - 1.0, 0.0);
    let strength = exp(-height * 75.0) * scene.look.y * scene.inks.floor.w;
    if scene.inks.night.w > 0.5 {
        return vec4<f32>(encode(blue), 1.0) * strength;
    }
    return vec4<f32>(encode(blue * strength * 0.55), 0.0);
}

// The ground of a chart: land and sea of the theme, in part or wholly a photograph.
fn chart(map: vec3<f32>, water: f32) -> vec3<f32> {
    // A little darker and quieter than a photograph: deserts and ice give way to the marks on them.
    let grey = dot(map, vec3<f32>(0.2126, 0.7152, 0.0722));
    let photo = mix(vec3<f32>(grey), map, 0.84) * (0.80 / (1.0 + 0.65 * grey));
    let plain = mix(scene.inks.land.rgb, scene.inks.sea.rgb, water) * (0.90 + 0.24 * min(grey, 0.5));
    return mix(plain, photo, scene.inks.land.w);
}

// The colour of the finest tile at a point of the maps, and 1; 0 where there is none.
fn tile(uv: vec2<f32>, dx: vec2<f32>, dy: vec2<f32>) -> vec4<f32> {
    let side = f32(textureDimensions(ground_tiles).x);
    let spot = vec2<f32>(fract(uv.x), clamp(uv.y, 0.0, 0.9999999));
    for (var i = 0u; i < ground[0]; i++) {
        let head = 1u + i * 6u;
        let rows = 1u << ground[head];
        let columns = 2u * rows;
        let size = vec2<f32>(f32(columns), f32(rows));
        let at = spot * size;
        let cell = vec2<u32>(at);
        let x = (cell.x + columns - ground[head + 1u]) % columns;
        let y = cell.y - ground[head + 2u];
        if x >= ground[head + 3u] || cell.y < ground[head + 2u] || y >= ground[head + 4u] {
            continue;
        }
        let picture = ground[ground[head + 5u] + y * ground[head + 3u] + x];
        if picture == 0u {
            continue;
        }
        // Half a texel from the edge: beyond it lies the other edge of the same tile.
        let inside = clamp(fract(at), vec2<f32>(0.5 / side), vec2<f32>(1.0 - 0.5 / side));
        let step = max(length(dx * size), length(dy * size)) * side;
        let lod = max(log2(max(step, 1.0)) - 0.5, 0.0);
        return vec4<f32>(textureSampleLevel(ground_tiles, map_sampler, inside, picture - 1u, lod).rgb, 1.0);
    }
    return vec4<f32>(0.0);
}

// The lit ground at a point of the maps, linear; `glint` is the strength of the sun's glint if there is water.
fn surface(uv: vec2<f32>, dx: vec2<f32>, dy: vec2<f32>, day: f32, glint: f32) -> vec3<f32> {
    var ink = vec3<f32>(0.010, 0.022, 0.042);
    var shine = vec3<f32>(0.0);
    // City lights stay below the dimmest mark; near by they are areas, not points, and glow less.
    let lamps = mix(0.20, 0.55, smoothstep(0.5, 3.0, scene.eye.w)) * scene.inks.sea.w;
    if scene.look.x > 0.5 {
        var map: vec3<f32>;
        var water = 0.0;
        if scene.more.w > 0.5 {
            let size = vec2<f32>(textureDimensions(day_map));
            let step = max(length(dx * size), length(dy * size));
            let lod = log2(max(step, 1.0)) - 0.5;
            map = textureSampleLevel(day_map, map_sampler, uv, lod).rgb;
            if scene.inks.land.w < 1.0 {
                water = textureSampleLevel(water_map, map_sampler, uv, lod).r;
            }
            if day < 0.99 {
                let glow = textureSampleLevel(lights_map, map_sampler, uv, lod - 1.0).r;
                shine = vec3<f32>(1.0, 0.62, 0.26) * glow * glow * (1.0 - day) * lamps;
            }
        } else {
            map = textureSampleGrad(day_map, map_sampler, uv, dx, dy).rgb;
            water = textureSampleGrad(water_map, map_sampler, uv, dx, dy).r;
            let glow = textureSampleGrad(lights_map, map_sampler, uv, dx, dy).r;
            shine = vec3<f32>(1.0, 0.62, 0.26) * glow * glow * (1.0 - day) * lamps;
        }
        let near = tile(uv, dx, dy);
        ink = chart(mix(map, near.rgb, near.a), water);
        shine += vec3<f32>(0.85, 0.93, 1.0) * glint * water * day * scene.sun.w * scene.inks.land.w;
    } else {
        // Land and sea from the water mask alone.
        let size = vec2<f32>(textureDimensions(water_map));
        let step = max(length(dx * size), length(dy * size));
        let water = textureSampleLevel(water_map, map_sampler, uv, log2(max(step, 1.0))).r;
        ink = mix(scene.inks.land.rgb, scene.inks.sea.rgb, water);
    }
    // The night keeps enough light to read the map.
    let dark = ink * scene.inks.night.rgb + scene.inks.floor.rgb;
    return mix(dark, ink, day) + shine;
}

@fragment
fn fragment(@builtin(position) at: vec4<f32>) -> Out {
    let eye = scene.eye.xyz;
    let ray = ray_through(at.xy);
    let b = dot(eye, ray);
    let disc = b * b - scene.eye.w;
    let near_rim = max(-b, 1e-4);
    let t = -b - sqrt(max(disc, 0.0));
    let n = normalize(eye + ray * select(near_rim, t, disc > 0.0));
    let uv = map_at(n);
    let dx = unwrapped(dpdx(uv));
    let dy = unwrapped(dpdy(uv));
    // Least distance of the ray from the centre, and the distance from the rim in pixels.
    let q = sqrt(max(1.0 - disc, 0.0));
    let rim = (q - 1.0) * scene.right.w / near_rim;
    let coverage = select(0.0, clamp(0.5 - rim, 0.0, 1.0), b < 0.0);
    var out: Out;
    let s = dot(n, scene.sun.xyz);
    let halo = select(vec4<f32>(0.0), air(q, s), b < 0.0);
    if coverage <= 0.0 {
        out.color = halo;
        out.depth = 0.0;
        return out;
    }

    // The glint of the sun on water.
    let facing = max(dot(reflect(ray, n), scene.sun.xyz), 0.0);
    let glint = select(0.0, pow(facing, 14.0) * 0.022, scene.more.w < 0.5);
    var colour = surface(uv, dx, dy, daylight(s), glint);
    // The air thickens towards the rim.
    let facing_eye = clamp(dot(n, -ray), 0.0, 1.0);
    let lit = mix(1.0, smoothstep(-0.3, 0.3, s), scene.sun.w);
    let away = 1.0 - facing_eye;
    let haze = away * away * away * scene.look.y;
    colour = mix(colour, mix(scene.inks.haze_night.rgb, scene.inks.haze_day.rgb, lit), haze * scene.inks.air_day.w);
    if scene.look.z > 0.5 {
        let step = max(abs(dx), abs(dy)) * 0.75;
        colour = mix(colour, scene.inks.border.rgb * scene.inks.border.rgb, graticule(uv, step) * 0.22);
    }
    // Where the rim cuts a pixel, ground and air share it.
    out.color = mix(halo, vec4<f32>(encode(colour), 1.0), coverage);
    out.depth = scene.forward.w / max(max(t, 1e-4) * dot(ray, scene.forward.xyz), scene.forward.w);
    return out;
}

// The same as a map, flat or on its way there: a grid of cells that each lie flat.
struct MapVertex {
    @builtin(position) clip: vec4<f32>,
    // Radians east of the place of touch, latitude.
    @location(0) at: vec2<f32>,
}

@vertex
fn map_vertex(@builtin(vertex_index) v: u32) -> MapVertex {
    let columns = u32(scene.sheet_east.w);
    let rows = u32(scene.sheet_north.w);
    let cell = v / 6u;
    let c = corner(v % 6u) * 0.5 + 0.5;
    let u = (vec2<f32>(f32(cell % columns), f32(cell / columns)) + c) / vec2<f32>(f32(columns), f32(rows));
    let east = (u.x - 0.5) * 2.0 * PI;
    let lat = (0.5 - u.y) * PI;
    let lon = scene.sheet.y + east;
    let n = vec3<f32>(cos(lat) * sin(lon), sin(lat), cos(lat) * cos(lon));
    var out: MapVertex;
    out.clip = scene.clip_from_world * vec4<f32>(place_at(n, east), 1.0);
    out.at = vec2<f32>(east, lat);
    return out;
}

@fragment
fn map_fragment(in: MapVertex) -> @location(0) vec4<f32> {
    let lon = scene.sheet.y + in.at.x;
    let lat = in.at.y;
    let uv = vec2<f32>(lon / (2.0 * PI) + 0.5, 0.5 - lat / PI);
    let dx = dpdx(uv);
    let dy = dpdy(uv);
    let n = vec3<f32>(cos(lat) * sin(lon), sin(lat), cos(lat) * cos(lon));
    var colour = surface(uv, dx, dy, daylight(dot(n, scene.sun.xyz)), 0.0);
    if scene.look.z > 0.5 {
        let step = max(abs(dx), abs(dy)) * 0.75;
        colour = mix(colour, scene.inks.border.rgb * scene.inks.border.rgb, graticule(uv, step) * 0.22);
    }
    return vec4<f32>(encode(colour), 1.0);
}
