// RUN: dlc-opt %s --dlc-emit-kernels --verify-diagnostics --split-input-file

#target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>
module attributes {dlc.target = #target, dlc.signature = {symbols = ["N"], inputs = [], outputs = []}} {
  // expected-error @below {{expected a value of numbers or i1 in a kernel, found '!dlc.buffer<<N x f8E5M2>>'}}
  func.func private @other_type(%in: !dlc.buffer<!dlc.tensor<N x f8E5M2>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    return
  }
  // expected-error @below {{expected a symbol of the signature, found 'M'}}
  func.func private @unknown_symbol(%in: !dlc.buffer<!dlc.tensor<M x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    return
  }
  // expected-error @below {{expected a kernel that writes a result}}
  func.func private @no_result(%in: !dlc.buffer<!dlc.tensor<N x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    return
  }
  func.func private @blocked_in_loops(%in: !dlc.buffer<!dlc.tensor<1 x 8 x N x N x f32, #dlc.image_layout<block = 4, halo = [0, 0, 0, 0]>>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    // expected-error @below {{expected a dense value or a planar image}}
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<1 x 8 x N x N x f32, #dlc.image_layout<block = 4, halo = [0, 0, 0, 0]>>> -> !dlc.tensor<1 x 8 x N x N x f32>
    return
  }
  func.func private @weight_in_loops(%out: !dlc.buffer<!dlc.tensor<1 x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    // expected-error @below {{expected a dense constant in a kernel}}
    %0 = dlc.constant #dlc.weight<source = dense<1.0> : tensor<1xf32>, shape = [1], type = f32> -> !dlc.tensor<1 x f32>
    dlc.write %0, %out : !dlc.tensor<1 x f32>, !dlc.buffer<!dlc.tensor<1 x f32>>
    return
  }
}

// -----

!x = !dlc.tensor<1 x 2 x N x N x f32>
!f = !dlc.tensor<3 x 2 x 1 x 1 x f32>
!y = !dlc.tensor<1 x 3 x N x N x f32>
!blocks = !dlc.tensor<1 x 3 x N x N x f32, #dlc.image_layout<block = 4, halo = [0, 0, 0, 0]>>
!panels = !dlc.tensor<3 x 2 x 1 x 1 x f32, #dlc.filter_layout<outputs = 4, inputs = 1>>
#target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>
#direct = #dlc.schedule<direct_conv, lanes = 4, channels = 4, pixels = [1], rows = 1>
module attributes {dlc.target = #target, dlc.signature = {symbols = ["N"], inputs = [], outputs = []}} {
  // expected-error @below {{expected a kernel with an anchor and a write}}
  func.func private @no_convolution(%in: !dlc.buffer<!x>) attributes {dlc.schedule = #direct} {
    return
  }
  func.func private @computed_input(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %out: !dlc.buffer<!y>)
      attributes {dlc.schedule = #direct} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    // expected-error @below {{expected nothing in front of the anchor of this kernel}}
    %1 = dlc.relu %0 : (!x) -> !x
    %2 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    %3 = dlc.conv %1, %2 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !f) -> !y
    dlc.write %3, %out : !y, !dlc.buffer<!y>
    return
  }
  func.func private @computed_shortcut(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %other: !dlc.buffer<!dlc.tensor<f32>>, %out: !dlc.buffer<!y>)
      attributes {dlc.schedule = #direct} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    %2 = dlc.read %other : !dlc.buffer<!dlc.tensor<f32>> -> !dlc.tensor<f32>
    %3 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !f) -> !y
    // expected-error @below {{expected operands that the kernel computes, constants of one element or buffers of the result's shape}}
    %4 = dlc.add %3, %2 : (!y, !dlc.tensor<f32>) -> !y
    dlc.write %4, %out : !y, !dlc.buffer<!y>
    return
  }
  func.func private @shortcut_in_blocks(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %other: !dlc.buffer<!blocks>, %out: !dlc.buffer<!y>)
      attributes {dlc.schedule = #direct} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    %2 = dlc.read %other : !dlc.buffer<!blocks> -> !y
    // expected-error @below {{expected an operand in blocks of 1 channels, found}}
    %3 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !f) -> !y
    %4 = dlc.add %3, %2 : (!y, !y) -> !y
    dlc.write %4, %out : !y, !dlc.buffer<!y>
    return
  }
  func.func private @pixels_in_planes(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!dlc.tensor<8 x 2 x 1 x 1 x f32, #dlc.filter_layout<outputs = 4, inputs = 1>>>,
                                      %out: !dlc.buffer<!dlc.tensor<1 x 4 x N x 2*N x f32>>) attributes {dlc.schedule = #direct} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!dlc.tensor<8 x 2 x 1 x 1 x f32, #dlc.filter_layout<outputs = 4, inputs = 1>>> -> !dlc.tensor<8 x 2 x 1 x 1 x f32>
    // expected-error @below {{expected a pixel shuffle of blocks of 4 channels, found '!dlc.tensor<1 x 4 x N x 2*N x f32>'}}
    %2 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !dlc.tensor<8 x 2 x 1 x 1 x f32>) -> !dlc.tensor<1 x 8 x N x N x f32>
    %3 = dlc.view %2 : <1 x 8 x N x N x f32> -> <1 x 1 x 2 x 4 x N x N x f32>
    %4 = dlc.transpose %3 perm [0, 3, 4, 1, 5, 2] : (!dlc.tensor<1 x 1 x 2 x 4 x N x N x f32>) -> !dlc.tensor<1 x 4 x N x 1 x N x 2 x f32>
    %5 = dlc.view %4 : <1 x 4 x N x 1 x N x 2 x f32> -> <1 x 4 x N x 2*N x f32>
    dlc.write %5, %out : !dlc.tensor<1 x 4 x N x 2*N x f32>, !dlc.buffer<!dlc.tensor<1 x 4 x N x 2*N x f32>>
    return
  }
  func.func private @pixels_of_a_sum(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!dlc.tensor<8 x 2 x 1 x 1 x f32, #dlc.filter_layout<outputs = 4, inputs = 1>>>,
                                     %other: !dlc.buffer<!dlc.tensor<1 x 8 x N x N x f32>>, %out: !dlc.buffer<!dlc.tensor<1 x 4 x N x 2*N x f32>>)
      attributes {dlc.schedule = #direct} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!dlc.tensor<8 x 2 x 1 x 1 x f32, #dlc.filter_layout<outputs = 4, inputs = 1>>> -> !dlc.tensor<8 x 2 x 1 x 1 x f32>
    %2 = dlc.read %other : !dlc.buffer<!dlc.tensor<1 x 8 x N x N x f32>> -> !dlc.tensor<1 x 8 x N x N x f32>
    %3 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !dlc.tensor<8 x 2 x 1 x 1 x f32>) -> !dlc.tensor<1 x 8 x N x N x f32>
    %4 = dlc.add %3, %2 : (!dlc.tensor<1 x 8 x N x N x f32>, !dlc.tensor<1 x 8 x N x N x f32>) -> !dlc.tensor<1 x 8 x N x N x f32>
    %5 = dlc.view %4 : <1 x 8 x N x N x f32> -> <1 x 1 x 2 x 4 x N x N x f32>
    %6 = dlc.transpose %5 perm [0, 3, 4, 1, 5, 2] : (!dlc.tensor<1 x 1 x 2 x 4 x N x N x f32>) -> !dlc.tensor<1 x 4 x N x 1 x N x 2 x f32>
    // expected-error @below {{expected one pixel shuffle of values that the kernel computes}}
    %7 = dlc.view %6 : <1 x 4 x N x 1 x N x 2 x f32> -> <1 x 4 x N x 2*N x f32>
    dlc.write %7, %out : !dlc.tensor<1 x 4 x N x 2*N x f32>, !dlc.buffer<!dlc.tensor<1 x 4 x N x 2*N x f32>>
    return
  }
  func.func private @plain_filter(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!f>, %out: !dlc.buffer<!y>)
      attributes {dlc.schedule = #direct} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!f> -> !f
    // expected-error @below {{expected images and a filter of static shape in panels}}
    %2 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !f) -> !y
    dlc.write %2, %out : !y, !dlc.buffer<!y>
    return
  }
  func.func private @short_bias(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %bias: !dlc.buffer<!dlc.tensor<3 x f32>>, %out: !dlc.buffer<!y>)
      attributes {dlc.schedule = #direct} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    %2 = dlc.read %bias : !dlc.buffer<!dlc.tensor<3 x f32>> -> !dlc.tensor<3 x f32>
    // expected-error @below {{expected a bias of whole vectors, found '!dlc.tensor<3 x f32>'}}
    %3 = dlc.conv %0, %1, %2 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !f, !dlc.tensor<3 x f32>) -> !y
    dlc.write %3, %out : !y, !dlc.buffer<!y>
    return
  }
}

// -----

!x = !dlc.tensor<1 x 4 x N x N x f32>
!f = !dlc.tensor<6 x 2 x 1 x 1 x f32>
!y = !dlc.tensor<1 x 6 x N x N x f32>
!panels = !dlc.tensor<6 x 2 x 1 x 1 x f32, #dlc.filter_layout<outputs = 2, inputs = 1>>
#target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>
module attributes {dlc.target = #target, dlc.signature = {symbols = ["N"], inputs = [], outputs = []}} {
  func.func private @panels_in_two_groups(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %out: !dlc.buffer<!y>)
      attributes {dlc.schedule = #dlc.schedule<row_conv, lanes = 4, channels = 2, pixels = [4], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    // expected-error @below {{expected groups of whole panels and blocks, found 2 groups of 2 to 3 channels}}
    %2 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 2 : (!x, !f) -> !y
    dlc.write %2, %out : !y, !dlc.buffer<!y>
    return
  }
  func.func private @no_depthwise(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %out: !dlc.buffer<!y>)
      attributes {dlc.schedule = #dlc.schedule<depthwise, lanes = 4, channels = 4, pixels = [1], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    // expected-error @below {{expected panels of 4 outputs}}
    %2 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 2 : (!x, !f) -> !y
    dlc.write %2, %out : !y, !dlc.buffer<!y>
    return
  }
}

// -----

!x = !dlc.tensor<1 x 8 x N x N x f32, #dlc.image_layout<block = 4, halo = [1, 1, 1, 0]>>
!v = !dlc.tensor<1 x 8 x N x N x f32>
!f = !dlc.tensor<8 x 1 x 3 x 3 x f32>
!panels = !dlc.tensor<8 x 1 x 3 x 3 x f32, #dlc.filter_layout<outputs = 4, inputs = 1>>
#target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>
#depthwise = #dlc.schedule<depthwise, lanes = 4, channels = 4, pixels = [1], rows = 1>
module attributes {dlc.target = #target, dlc.signature = {symbols = ["N"], inputs = [], outputs = []}} {
  func.func private @halo(%in: !dlc.buffer<!x>, %filter: !dlc.buffer<!panels>, %out: !dlc.buffer<!x>) attributes {dlc.schedule = #depthwise} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !v
    %1 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    // expected-error @below {{expected an input whose halo has the pads [1, 1, 1, 1]}}
    %2 = dlc.conv %0, %1 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 8 : (!v, !f) -> !v
    dlc.write %2, %out : !v, !dlc.buffer<!x>
    return
  }
  func.func private @planar(%in: !dlc.buffer<!v>, %filter: !dlc.buffer<!panels>, %out: !dlc.buffer<!v>) attributes {dlc.schedule = #depthwise} {
    %0 = dlc.read %in : !dlc.buffer<!v> -> !v
    %1 = dlc.read %filter : !dlc.buffer<!panels> -> !f
    // expected-error @below {{expected images and a filter in blocks of 4 channels}}
    %2 = dlc.conv %0, %1 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 8 : (!v, !f) -> !v
    dlc.write %2, %out : !v, !dlc.buffer<!v>
    return
  }
}

// -----

!lhs = !dlc.tensor<N x 2 x f32>
!rhs = !dlc.tensor<2 x 3 x f32>
!out = !dlc.tensor<N x 3 x f32>
!panels = !dlc.tensor<2 x 3 x f32, #dlc.filter_layout<outputs = 4, inputs = 2>>
!blocks = !dlc.tensor<N x 8 x N x N x f32, #dlc.image_layout<block = 4, halo = [0, 0, 0, 0]>>
!image = !dlc.tensor<N x 8 x N x N x f32>
!wide = !dlc.tensor<N x 16 x N x N x f32, #dlc.image_layout<block = 4, halo = [0, 0, 0, 0]>>
!vector = !dlc.tensor<N x N x f32>
#target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>
#pool = #dlc.schedule<pool, lanes = 4, channels = 4, pixels = [4], rows = 1>
#blocks = #dlc.schedule<blocks, lanes = 4, channels = 4, pixels = [1], rows = 1>
#loops = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>
module attributes {dlc.target = #target, dlc.signature = {symbols = ["N"], inputs = [], outputs = []}} {
  func.func private @columns_of_rhs(%lhs: !dlc.buffer<!lhs>, %rhs: !dlc.buffer<!panels>, %out: !dlc.buffer<!out>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 4, channels = 4, pixels = [1], rows = 1>} {
    %0 = dlc.read %lhs : !dlc.buffer<!lhs> -> !lhs
    %1 = dlc.read %rhs : !dlc.buffer<!panels> -> !rhs
    // expected-error @below {{expected a right operand that is transposed}}
    %2 = dlc.matmul %0, %1 : (!lhs, !rhs) -> !out
    dlc.write %2, %out : !out, !dlc.buffer<!out>
    return
  }
  func.func private @planar_blocks(%in: !dlc.buffer<!image>, %out: !dlc.buffer<!image>) attributes {dlc.schedule = #blocks} {
    // expected-error @below {{expected an image in blocks of 4 channels, found '!dlc.tensor<N x 8 x N x N x f32>'}}
    %0 = dlc.read %in : !dlc.buffer<!image> -> !image
    %1 = dlc.relu %0 : (!image) -> !image
    dlc.write %1, %out : !image, !dlc.buffer<!image>
    return
  }
  func.func private @channels_resized(%in: !dlc.buffer<!blocks>, %out: !dlc.buffer<!wide>) attributes {dlc.schedule = #blocks} {
    %0 = dlc.read %in : !dlc.buffer<!blocks> -> !image
    // expected-error @below {{expected a resize of height and width in this kernel}}
    %1 = dlc.resize %0 mode linear coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!image) -> !dlc.tensor<N x 16 x N x N x f32>
    dlc.write %1, %out : !dlc.tensor<N x 16 x N x N x f32>, !dlc.buffer<!wide>
    return
  }
  // expected-error @below {{expected a kernel that reads, reduces and writes an image}}
  func.func private @nothing_pooled(%in: !dlc.buffer<!blocks>) attributes {dlc.schedule = #pool} {
    return
  }
  func.func private @planar_pool(%in: !dlc.buffer<!image>, %out: !dlc.buffer<!image>) attributes {dlc.schedule = #pool} {
    %0 = dlc.read %in : !dlc.buffer<!image> -> !image
    // expected-error @below {{expected an input in blocks of 4 channels, found}}
    %1 = dlc.pool max %0 kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (!image) -> !image
    dlc.write %1, %out : !image, !dlc.buffer<!image>
    return
  }
  func.func private @pool_of_more(%in: !dlc.buffer<!blocks>, %out: !dlc.buffer<!blocks>) attributes {dlc.schedule = #pool} {
    %0 = dlc.read %in : !dlc.buffer<!blocks> -> !image
    %1 = dlc.pool max %0 kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (!image) -> !image
    // expected-error @below {{expected one pooling or reduction, its read and its write in this kernel}}
    %2 = dlc.relu %1 : (!image) -> !image
    dlc.write %2, %out : !image, !dlc.buffer<!blocks>
    return
  }
  func.func private @channels_reduced(%in: !dlc.buffer<!blocks>, %out: !dlc.buffer<!vector>) attributes {dlc.schedule = #pool} {
    %0 = dlc.read %in : !dlc.buffer<!blocks> -> !image
    // expected-error @below {{expected a reduction over all pixels}}
    %1 = dlc.reduce sum %0 axes [1, 2] : (!image) -> !vector
    dlc.write %1, %out : !vector, !dlc.buffer<!vector>
    return
  }
  func.func private @reduced_and_more(%in: !dlc.buffer<!image>, %out: !dlc.buffer<!dlc.tensor<N x 8 x f32>>) attributes {dlc.schedule = #loops} {
    %0 = dlc.read %in : !dlc.buffer<!image> -> !image
    // expected-error @below {{expected a reduction that is written as it is}}
    %1 = dlc.reduce sum %0 axes [2, 3] : (!image) -> !dlc.tensor<N x 8 x f32>
    %2 = dlc.relu %1 : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
    dlc.write %2, %out : !dlc.tensor<N x 8 x f32>, !dlc.buffer<!dlc.tensor<N x 8 x f32>>
    return
  }
  // expected-error @below {{expected 1 channel, or one for each lane of a kernel that transposes, found 16}}
  func.func private @no_transposition(%in: !dlc.buffer<!image>, %out: !dlc.buffer<!image>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 16, channels = 16, pixels = [16], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!image> -> !image
    %1 = dlc.relu %0 : (!image) -> !image
    dlc.write %1, %out : !image, !dlc.buffer<!image>
    return
  }
  func.func private @moved_pool(%in: !dlc.buffer<!image>, %out: !dlc.buffer<!image>) attributes {dlc.schedule = #loops} {
    %0 = dlc.read %in : !dlc.buffer<!image> -> !image
    // expected-error @below {{expected no ops that move elements beside this one}}
    %1 = dlc.pool max %0 kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (!image) -> !image
    %2 = dlc.transpose %1 perm [0, 1, 2, 3] : (!image) -> !image
    dlc.write %2, %out : !image, !dlc.buffer<!image>
    return
  }
  func.func private @computed_pool(%in: !dlc.buffer<!image>, %out: !dlc.buffer<!image>) attributes {dlc.schedule = #loops} {
    %0 = dlc.read %in : !dlc.buffer<!image> -> !image
    %1 = dlc.relu %0 : (!image) -> !image
    // expected-error @below {{expected an operand that is read from a buffer}}
    %2 = dlc.pool max %1 kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (!image) -> !image
    dlc.write %2, %out : !image, !dlc.buffer<!image>
    return
  }
}

// -----

!x = !dlc.tensor<M x N x f32>
#rows = #dlc.schedule<rows, lanes = 4, channels = 16, pixels = [4], rows = 1>
#target = #dlc.target<cpu = "x86-64-v2", features = "", lanes = 4, registers = 16, fma = false>
module attributes {dlc.target = #target, dlc.signature = {symbols = ["M", "N"], inputs = [], outputs = []}} {
  func.func private @columns(%in: !dlc.buffer<!x>, %out: !dlc.buffer<!x>) attributes {dlc.schedule = #rows} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    // expected-error @below {{expected nothing in front of the anchor of this kernel}}
    %1 = dlc.relu %0 : (!x) -> !x
    %2 = dlc.softmax %1 axis 0 : (!x) -> !x
    dlc.write %2, %out : !x, !dlc.buffer<!x>
    return
  }
  func.func private @moved_rows(%in: !dlc.buffer<!dlc.tensor<N x M x f32>>, %out: !dlc.buffer<!x>) attributes {dlc.schedule = #rows} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<N x M x f32>> -> !dlc.tensor<N x M x f32>
    // expected-error @below {{expected an anchor, elementwise ops and one write in this kernel}}
    %1 = dlc.transpose %0 perm [1, 0] : (!dlc.tensor<N x M x f32>) -> !x
    %2 = dlc.softmax %1 axis 1 : (!x) -> !x
    dlc.write %2, %out : !x, !dlc.buffer<!x>
    return
  }
  func.func private @inner_value(%in: !dlc.buffer<!x>, %out: !dlc.buffer<!x>, %other: !dlc.buffer<!x>) attributes {dlc.schedule = #rows} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.relu %0 : (!x) -> !x
    %2 = dlc.tanh %1 : (!x) -> !x
    %3 = dlc.softmax %2 axis 1 : (!x) -> !x
    dlc.write %3, %out : !x, !dlc.buffer<!x>
    // expected-error @below {{expected to write the last value of the kernel, or what its anchor reads, once each}}
    dlc.write %1, %other : !x, !dlc.buffer<!x>
    return
  }
  func.func private @twice(%in: !dlc.buffer<!x>, %out: !dlc.buffer<!x>, %other: !dlc.buffer<!x>) attributes {dlc.schedule = #rows} {
    %0 = dlc.read %in : !dlc.buffer<!x> -> !x
    %1 = dlc.softmax %0 axis 1 : (!x) -> !x
    dlc.write %1, %out : !x, !dlc.buffer<!x>
    // expected-error @below {{expected to write the last value of the kernel, or what its anchor reads, once each}}
    dlc.write %1, %other : !x, !dlc.buffer<!x>
    return
  }
}

// -----

// expected-error @below {{expected module attribute 'dlc.target'}}
module attributes {dlc.signature = {symbols = [], inputs = [], outputs = []}} {}
