// A picture that the processor has drawn, laid over the whole screen.
#import argus_globe::common::is_off_map

@group(1) @binding(0) var sketch: texture_2d<f32>;

@vertex
fn vertex(@builtin(vertex_index) v: u32) -> @builtin(position) vec4<f32> {
    // One triangle that holds the screen.
    return vec4<f32>(f32(v & 1u) * 4.0 - 1.0, f32(v >> 1u) * 4.0 - 1.0, 0.0, 1.0);
}

@fragment
fn fragment(@builtin(position) at: vec4<f32>) -> @location(0) vec4<f32> {
#ifdef FLAT
    if is_off_map(at.xy) {
        discard;
    }
#endif
    return textureLoad(sketch, vec2<i32>(at.xy), 0);
}
