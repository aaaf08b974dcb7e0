// The picture of the globe, drawn smaller than the screen, over the whole screen.
@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var between: sampler;

struct Corner {
    @builtin(position) clip: vec4<f32>,
    @location(0) uv: vec2<f32>,
}

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> Corner {
    // One triangle that holds the screen.
    let at = vec2<f32>(f32(v & 1u) * 2.0, f32(v >> 1u) * 2.0);
    var out: Corner;
    out.clip = vec4<f32>(at.x * 2.0 - 1.0, 1.0 - at.y * 2.0, 0.0, 1.0);
    out.uv = at;
    return out;
}

@fragment
fn fragment(in: Corner) -> @location(0) vec4<f32> {
    return textureSampleLevel(picture, between, in.uv, 0.0);
}
