// RUN: dlc-opt %s --verify-diagnostics --split-input-file

// expected-error @below {{expected an integer or float element type}}
func.func private @element(!dlc.tensor<3 x index>)

// -----

// expected-error @below {{expected dims that are not negative, found -1}}
func.func private @negative(!dlc.tensor<2 - 3 x f32>)

// -----

// expected-error @below {{expression leaves 64 bits}}
func.func private @overflow(!dlc.tensor<9223372036854775807*H + H x f32>)

// -----

// expected-error @below {{expected a positive constant as divisor}}
func.func private @divisor(!dlc.tensor<floordiv(H, 0) x f32>)

// -----

// expected-error @below {{expected floordiv, min, max, broadcast or integer before '('}}
func.func private @call(!dlc.tensor<ceil(H, 2) x f32>)

// -----

// expected-error @below {{expected another rank for #dlc.device_layout<f16, channels_last>, found rank 1}}
func.func private @device_rank(!dlc.tensor<3 x f32, #dlc.device_layout<f16, channels_last>>)

// -----

// expected-error @below {{expected f16, bf16, tf32 or f32, found 'f64'}}
func.func private @device_type(!dlc.tensor<3 x f32, #dlc.device_layout<f64>>)

// -----

// expected-error @below {{expected another rank for #dlc.image_layout}}
func.func private @image_rank(!dlc.tensor<3 x f32, #dlc.image_layout<block = 1, halo = [0, 0, 0, 0]>>)

// -----

// expected-error @below {{expected block to be a power of two, found 12}}
func.func private @image_block(!dlc.tensor<1 x 1 x 1 x 1 x f32, #dlc.image_layout<block = 12, halo = [0, 0, 0, 0]>>)

// -----

// expected-error @below {{expected halo to have four elements that are not negative}}
func.func private @image_halo(!dlc.tensor<1 x 1 x 1 x 1 x f32, #dlc.image_layout<block = 1, halo = [0, 0]>>)

// -----

// expected-error @below {{expected a layout of a ranked tensor}}
func.func private @layout(!dlc.tensor<1 x f32, 3 : i64>)

// -----

// expected-error @below {{expected positive panel sizes, found 0 and 1}}
func.func private @filter(!dlc.tensor<1 x 1 x 1 x 1 x f32, #dlc.filter_layout<outputs = 0, inputs = 1>>)

// -----

// expected-error @below {{expected positive sizes, found 0 and 8}}
func.func private @gates(!dlc.tensor<1 x 4 x 1 x f32, #dlc.gate_layout<gates = 0, lanes = 8>>)

// -----

// expected-error @below {{expected rows of 4 gates, found 6}}
func.func private @rows(!dlc.tensor<1 x 6 x 1 x f32, #dlc.gate_layout<gates = 4, lanes = 8>>)

// -----

// expected-error @below {{expected a positive pitch, found 0}}
func.func private @row_pitch(!dlc.tensor<1 x 1 x f32, #dlc.row_layout<pitch = 0>>)

// -----

// expected-error @below {{expected another rank for #dlc.row_layout<pitch = 8>, found rank 1}}
func.func private @row_rank(!dlc.tensor<8 x f32, #dlc.row_layout<pitch = 8>>)

// -----

// expected-error @below {{expected rows of at most 8 elements, found 9}}
func.func private @long_row(!dlc.tensor<N x 9 x f32, #dlc.row_layout<pitch = 8>>)

// -----

// expected-error @below {{expected rows of at most 8 elements, found K}}
func.func private @open_row(!dlc.tensor<N x K x f32, #dlc.row_layout<pitch = 8>>)

// -----

// expected-error @below {{expected a positive multiple, found 0}}
func.func private @padded(!dlc.tensor<1 x f32, #dlc.padded_layout<0>>)

// -----

// expected-error @below {{expected 12 bytes, found 8}}
module attributes {a = #dlc.weight<source = #dlc.range<file = 0, offset = 0, length = 8>, shape = [3], type = f32>} {}

// -----

// expected-error @below {{expected a range of a file}}
module attributes {a = #dlc.range<file = 0, offset = -1, length = 8>} {}

// -----

// expected-error @below {{expected a shape of less than 2^63 bytes}}
module attributes {a = #dlc.weight<source = 3 : i32, shape = [4611686018427387904], type = f32>} {}

// -----

// expected-error @below {{expected a range or a dense attribute as source}}
module attributes {a = #dlc.weight<source = 3 : i32, shape = [1], type = f32>} {}

// -----

// expected-error @below {{expected a dense source of the weight's shape and type}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<2xf32>, shape = [1], type = f32>} {}

// -----

// expected-error @below {{expected recipe steps}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<1xf32>, shape = [1], type = f32, recipe = [3 : i32]>} {}

// -----

// expected-error @below {{expected a layout of weights, found 3 : i32}}
module attributes {a = #dlc.pack<3 : i32>} {}

// -----

// expected-error @below {{expected a layout of weights, found #dlc.image_layout<}}
module attributes {a = #dlc.pack<#dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>} {}

// -----

// expected-error @below {{expected packing to be the last step of a recipe}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<3x2xf32>, shape = [3, 2], type = f32,
    recipe = [#dlc.pack<#dlc.filter_layout<outputs = 4, inputs = 1>>, #dlc.transpose]>} {}

// -----

// expected-error @below {{expected another rank for #dlc.filter_layout<outputs = 4, inputs = 1>, found rank 3}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<3x2x1xf32>, shape = [3, 2, 1], type = f32,
    recipe = [#dlc.pack<#dlc.filter_layout<outputs = 4, inputs = 1>>]>} {}

// -----

// expected-error @below {{expected a packed size of less than 2^63 bytes}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32,
    recipe = [#dlc.pack<#dlc.padded_layout<4611686018427387904>>]>} {}

// -----

// expected-error @below {{expected a matrix to transpose, found rank 3}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<3x2x1xf32>, shape = [3, 2, 1], type = f32, recipe = [#dlc.transpose]>} {}

// -----

// expected-error @below {{expected a matrix to transpose, found rank 0}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<f32>, shape = [], type = f32, recipe = [#dlc.transpose]>} {}

// -----

// expected-error @below {{expected arithmetic on f32, found 'f64'}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<3xf64>, shape = [3], type = f64, recipe = [#dlc.rsqrt<1.0 : f32>]>} {}

// -----

// expected-error @below {{expected a weight that is neither packed nor joined, found 3 : i32}}
module attributes {a = #dlc.join<3 : i32>} {}

// -----

// expected-error @below {{expected a weight that is neither packed nor joined}}
module attributes {a = #dlc.join<#dlc.weight<source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32,
    recipe = [#dlc.pack<#dlc.padded_layout<4>>]>>} {}

// -----

// expected-error @below {{expected to join weights of one element type whose dims but the first one are equal}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<2x3xf32>, shape = [2, 3], type = f32,
    recipe = [#dlc.join<#dlc.weight<source = dense<1.0> : tensor<3x2xf32>, shape = [3, 2], type = f32>>]>} {}

// -----

// expected-error @below {{expected nothing but packing behind a join, found #dlc.transpose}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<2x3xf32>, shape = [2, 3], type = f32,
    recipe = [#dlc.join<#dlc.weight<source = dense<1.0> : tensor<1x3xf32>, shape = [1, 3], type = f32>>, #dlc.transpose]>} {}

// -----

// expected-error @below {{expected a weight that is a vector, found 3 : i32}}
module attributes {a = #dlc.combine<mul, 3 : i32>} {}

// -----

// expected-error @below {{expected a weight that is a vector}}
module attributes {a = #dlc.combine<mul, #dlc.weight<source = dense<1.0> : tensor<3x2xf32>, shape = [3, 2], type = f32>>} {}

// -----

// expected-error @below {{expected a weight that is a vector}}
module attributes {a = #dlc.combine<mul, #dlc.weight<source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32,
    recipe = [#dlc.pack<#dlc.padded_layout<4>>]>>} {}

// -----

// expected-error @below {{expected a weight of f32 with one element for each index of the first dim}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<2x3xf32>, shape = [2, 3], type = f32,
    recipe = [#dlc.combine<add, #dlc.weight<source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32>>]>} {}

// -----

// expected-error @below {{expected a weight of f32 with one element for each index of the first dim}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<3x2xf32>, shape = [3, 2], type = f32,
    recipe = [#dlc.transpose, #dlc.combine<add, #dlc.weight<source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32>>]>} {}

// -----

// expected-error @below {{expected a weight of f32 with one element for each index of the first dim}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<f32>, shape = [], type = f32,
    recipe = [#dlc.combine<add, #dlc.weight<source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32>>]>} {}

// -----

// expected-error @below {{expected a weight of f32 with one element for each index of the first dim}}
module attributes {a = #dlc.weight<source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32,
    recipe = [#dlc.combine<add, #dlc.weight<source = dense<1.0> : tensor<3xf64>, shape = [3], type = f64>>]>} {}

// -----

// expected-error @below {{invalid kind of attribute specified}}
// expected-error @below {{failed to parse Dlc_RsqrtAttr parameter 'epsilon'}}
module attributes {a = #dlc.rsqrt<"small">} {}

// -----

// expected-error @below {{expected tile widths to fall}}
module attributes {a = #dlc.schedule<direct_conv, lanes = 16, channels = 32, pixels = [4, 14, 1], rows = 1>} {}

// -----

// expected-error @below {{expected whole vectors of channels and a last tile of one pixel}}
module attributes {a = #dlc.schedule<direct_conv, lanes = 16, channels = 24, pixels = [14, 1], rows = 1>} {}

// -----

// expected-error @below {{expected a last tile of one vector}}
module attributes {a = #dlc.schedule<row_conv, lanes = 16, channels = 3, pixels = [128], rows = 1>} {}

// -----

// expected-error @below {{expected tile widths to be whole vectors, found 100}}
module attributes {a = #dlc.schedule<row_conv, lanes = 16, channels = 3, pixels = [100, 16], rows = 1>} {}

// -----

// expected-error @below {{expected a power of two of lanes and at least 8 registers}}
module attributes {a = #dlc.target<cpu = "x", features = "", lanes = 12, registers = 32, fma = true>} {}
