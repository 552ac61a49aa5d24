fn quarter(value: vec4<f32>) -> f32 { return (value.x + value.y) + (value.z + value.w); }
