// The picture of the globe, drawn smaller than the screen, over the whole screen.
@group(0) @binding(0) var picture: texture_2d<f32>;
@group(0) @binding(1) var between: sampler;

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> @builtin(position) vec4<f32> {
    // One triangle that holds the screen.
    return vec4<f32>(f32(v & 1u) * 4.0 - 1.0, f32(v >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn fragment(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
    // Ten-thousandths of the screen's pixels in each direction.
    let share = f32(#{SHARE}) / 10000.0;
    return textureSampleLevel(picture, between, at.xy * share / vec2<f32>(textureDimensions(picture)), 0.0);
}
