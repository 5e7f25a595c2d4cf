// RUN: dlc-opt %s | dlc-opt | FileCheck %s

// CHECK-LABEL: func.func @constant
func.func @constant() -> (!dlc.tensor<4 x f32>, !dlc.tensor<2 x 16 x f32>) {
  // CHECK: dlc.constant dense<[1.000000e+00, 1.000000e+00, 3.000000e+00, 3.000000e+00]> : tensor<4xf32> -> <4 x f32>
  %0 = dlc.constant dense<[1.0, 1.0, 3.0, 3.0]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
  // CHECK: dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 128>, shape = [2, 16], type = f32> -> <2 x 16 x f32>
  %1 = dlc.constant #dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 128>, shape = [2, 16], type = f32> -> !dlc.tensor<2 x 16 x f32>
  return %0, %1 : !dlc.tensor<4 x f32>, !dlc.tensor<2 x 16 x f32>
}

// CHECK-LABEL: func.func @conv
func.func @conv(%input: !dlc.tensor<N x 3 x H x W x f32>, %filter: !dlc.tensor<8 x 3 x 3 x 3 x f32>,
                %bias: !dlc.tensor<8 x f32>) -> !dlc.tensor<* x f32> {
  // CHECK: dlc.conv %{{.*}}, %{{.*}}, %{{.*}} strides [1, 2] pads [1, 0, 1, 0] dilations [1, 1] group 1 :
  // CHECK-SAME: (!dlc.tensor<N x 3 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>, !dlc.tensor<8 x f32>) -> !dlc.tensor<* x f32>
  %0 = dlc.conv %input, %filter, %bias strides [1, 2] pads [1, 0, 1, 0] dilations [1, 1] group 1
      : (!dlc.tensor<N x 3 x H x W x f32>, !dlc.tensor<8 x 3 x 3 x 3 x f32>, !dlc.tensor<8 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @windows
func.func @windows(%x: !dlc.tensor<N x 8 x H x W x f32>, %w: !dlc.tensor<8 x 4 x 2 x 2 x f32>, %b: !dlc.tensor<4 x f32>, %s: !dlc.tensor<f32>) {
  // CHECK: dlc.conv_transpose given %{{.*}}, %{{.*}}, %{{.*}} strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_pads [0, 1] output_shape [] group 1 :
  %0 = dlc.conv_transpose given %x, %w, %b strides [2, 2] pads [0, 0, 0, 0] dilations [1, 1] output_pads [0, 1] output_shape [] group 1
      : (!dlc.tensor<N x 8 x H x W x f32>, !dlc.tensor<8 x 4 x 2 x 2 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.same_pad %{{.*}} outside %{{.*}} kernel [3, 3] strides [2, 2] dilations [1, 1] upper :
  %1 = dlc.same_pad %x outside %s kernel [3, 3] strides [2, 2] dilations [1, 1] upper
      : (!dlc.tensor<N x 8 x H x W x f32>, !dlc.tensor<f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.pool mean %{{.*}} kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] ceil include_pads :
  %2 = dlc.pool mean %x kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] ceil include_pads
      : (!dlc.tensor<N x 8 x H x W x f32>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @elementwise
func.func @elementwise(%a: !dlc.tensor<N x 3 x f32>, %b: !dlc.tensor<3 x f32>, %s: !dlc.tensor<f32>) -> !dlc.tensor<N x 3 x f32> {
  // CHECK: dlc.add
  %0 = dlc.add %a, %b : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<N x 3 x f32>
  // CHECK: dlc.sub
  %1 = dlc.sub %0, %b : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<N x 3 x f32>
  // CHECK: dlc.mul
  %2 = dlc.mul %1, %b : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<N x 3 x f32>
  // CHECK: dlc.div
  %3 = dlc.div %2, %b : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<3 x f32>) -> !dlc.tensor<N x 3 x f32>
  // CHECK: dlc.relu
  %4 = dlc.relu %3 : (!dlc.tensor<N x 3 x f32>) -> !dlc.tensor<N x 3 x f32>
  // CHECK: dlc.clip %{{.*}} low %{{.*}} high %{{.*}} :
  %5 = dlc.clip %4 low %s high %s : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<f32>, !dlc.tensor<f32>) -> !dlc.tensor<N x 3 x f32>
  // CHECK: dlc.clip %{{.*}} high %{{.*}} :
  %6 = dlc.clip %5 high %s : (!dlc.tensor<N x 3 x f32>, !dlc.tensor<f32>) -> !dlc.tensor<N x 3 x f32>
  return %6 : !dlc.tensor<N x 3 x f32>
}

// CHECK-LABEL: func.func @resize
func.func @resize(%input: !dlc.tensor<1 x 3 x H x W x f32>, %scales: !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32> {
  // CHECK: dlc.resize %{{.*}} scales %{{.*}} mode cubic coordinates align_corners rounding floor policy stretch cubic_coeff -5.000000e-01 extrapolation 0.000000e+00 :
  %0 = dlc.resize %input scales %scales mode cubic coordinates align_corners rounding floor policy stretch cubic_coeff -0.5 extrapolation 0.0
      : (!dlc.tensor<1 x 3 x H x W x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<* x f32>
  return %0 : !dlc.tensor<* x f32>
}

// CHECK-LABEL: func.func @kernel
func.func @kernel(%input: !dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  // CHECK: dlc.kernel loops(%{{.*}}) schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 1> :
  %0 = dlc.kernel loops (%input) schedule <loops, lanes = 16, channels = 1, pixels = [16], rows = 1>
      : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32> {
  ^bb0(%arg0: !dlc.tensor<N x f32>):
    %1 = dlc.relu %arg0 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
    // CHECK: dlc.yield %{{.*}} : !dlc.tensor<N x f32>
    dlc.yield %1 : !dlc.tensor<N x f32>
  }
  return %0 : !dlc.tensor<N x f32>
}

// CHECK-LABEL: func.func @host
func.func @host(%input: !dlc.buffer<!dlc.tensor<N x f32>>) {
  // CHECK: dlc.alloc : <<N x f32>>
  %0 = dlc.alloc : !dlc.buffer<!dlc.tensor<N x f32>>
  // CHECK: dlc.slot <64*N> : <<N x f32>>
  %1 = dlc.slot <64*N> : !dlc.buffer<!dlc.tensor<N x f32>>
  // CHECK: dlc.weight_slot 64, <source = dense<1.000000e+00> : tensor<3xf32>, shape = [3], type = f32> : <<3 x f32>>
  %2 = dlc.weight_slot 64, <source = dense<1.0> : tensor<3xf32>, shape = [3], type = f32> : !dlc.buffer<!dlc.tensor<3 x f32>>
  // CHECK: dlc.launch @relu tasks <N>(%{{.*}}, %{{.*}}) : !dlc.buffer<<N x f32>>, !dlc.buffer<<N x f32>>
  dlc.launch @relu tasks <N> (%input, %1) : !dlc.buffer<!dlc.tensor<N x f32>>, !dlc.buffer<!dlc.tensor<N x f32>>
  return
}

// CHECK-LABEL: func.func private @relu
func.func private @relu(%input: !dlc.buffer<!dlc.tensor<N x f32>>, %output: !dlc.buffer<!dlc.tensor<N x f32>>) {
  // CHECK: dlc.read %{{.*}} : <<N x f32>> -> <N x f32>
  %0 = dlc.read %input : !dlc.buffer<!dlc.tensor<N x f32>> -> !dlc.tensor<N x f32>
  // CHECK: dlc.write %{{.*}}, %{{.*}} : <N x f32>, <<N x f32>>
  dlc.write %0, %output : !dlc.tensor<N x f32>, !dlc.buffer<!dlc.tensor<N x f32>>
  return
}

// CHECK-LABEL: func.func @vision
func.func @vision(%x: !dlc.tensor<N x 4 x H x W x f32>, %v: !dlc.tensor<4 x f32>, %w: !dlc.tensor<5 x 4 x f32>, %b: !dlc.tensor<5 x f32>, %s: !dlc.tensor<2 x i64>) {
  // CHECK: dlc.batch_norm %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}}, %{{.*}} epsilon 9.99999974E-6 :
  %0 = dlc.batch_norm %x, %v, %v, %v, %v epsilon 1.0e-05 : (!dlc.tensor<N x 4 x H x W x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<N x 4 x H x W x f32>
  // CHECK: dlc.pool max %{{.*}} kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] ceil :
  %1 = dlc.pool max %0 kernel [3, 3] strides [2, 2] pads [1, 1, 1, 1] dilations [1, 1] ceil : (!dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<* x f32>
  // CHECK: dlc.reduce mean %{{.*}} axes [2, 3] keep_dims :
  %2 = dlc.reduce mean %0 axes [2, 3] keep_dims : (!dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<N x 4 x 1 x 1 x f32>
  // CHECK: dlc.reduce log_sum %{{.*}} : (!dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<f32>
  %s1 = dlc.reduce log_sum %0 : (!dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<f32>
  %p = dlc.constant dense<0.0> : tensor<1x1x12xf32> -> !dlc.tensor<1 x 1 x 12 x f32>
  %r = dlc.constant dense<0.0> : tensor<1x12x3xf32> -> !dlc.tensor<1 x 12 x 3 x f32>
  %i = dlc.constant dense<0.0> : tensor<1x1x3xf32> -> !dlc.tensor<1 x 1 x 3 x f32>
  // CHECK: dlc.recurrence lstm reverse %{{.*}}, %{{.*}} initial_h %{{.*}} initial_c %{{.*}} activations ["Sigmoid", "Tanh", "Relu"] alphas [0.000000e+00, 0.000000e+00, 0.000000e+00] betas [0.000000e+00, 0.000000e+00, 0.000000e+00] clip 3.000000e+00 input_forget :
  %y, %h, %c = dlc.recurrence lstm reverse %p, %r initial_h %i initial_c %i activations ["Sigmoid", "Tanh", "Relu"] alphas [0.0, 0.0, 0.0] betas [0.0, 0.0, 0.0] clip 3.0 input_forget : (!dlc.tensor<1 x 1 x 12 x f32>, !dlc.tensor<1 x 12 x 3 x f32>, !dlc.tensor<1 x 1 x 3 x f32>, !dlc.tensor<1 x 1 x 3 x f32>) -> (!dlc.tensor<1 x 1 x 1 x 3 x f32>, !dlc.tensor<1 x 1 x 3 x f32>, !dlc.tensor<1 x 1 x 3 x f32>)
  // CHECK: dlc.attention %{{.*}}, %{{.*}}, %{{.*}} mask %{{.*}} scale 5.000000e-01 softcap 2.000000e+00 causal nan_blocked :
  %attention = dlc.attention %0, %0, %0 mask %0 scale 0.5 softcap 2.0 causal nan_blocked : (!dlc.tensor<N x 4 x H x W x f32>, !dlc.tensor<N x 4 x H x W x f32>, !dlc.tensor<N x 4 x H x W x f32>, !dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<N x 4 x H x W x f32>
  // CHECK: dlc.layer_norm %{{.*}} scale %{{.*}} bias %{{.*}} axis 1 epsilon 1.000000e-03 :
  %ln = dlc.layer_norm %0 scale %0 bias %0 axis 1 epsilon 1.0e-3 : (!dlc.tensor<N x 4 x H x W x f32>, !dlc.tensor<N x 4 x H x W x f32>, !dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<N x 4 x H x W x f32>
  // CHECK: dlc.layer_norm %{{.*}} axis -1 epsilon 1.000000e-03 rms :
  %rms = dlc.layer_norm %0 axis -1 epsilon 1.0e-3 rms : (!dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<N x 4 x H x W x f32>
  // CHECK: dlc.softmax %{{.*}} axis -1 log :
  %s2 = dlc.softmax %0 axis -1 log : (!dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<N x 4 x H x W x f32>
  // CHECK: dlc.global_pool max %{{.*}} :
  %3 = dlc.global_pool max %0 : (!dlc.tensor<N x 4 x H x W x f32>) -> !dlc.tensor<N x 4 x 1 x 1 x f32>
  // CHECK: dlc.flatten %{{.*}} axis 1 :
  %4 = dlc.flatten %2 axis 1 : (!dlc.tensor<N x 4 x 1 x 1 x f32>) -> !dlc.tensor<N x 4 x f32>
  // CHECK: dlc.matmul %{{.*}}, %{{.*}}, %{{.*}} transpose_rhs :
  %5 = dlc.matmul %4, %w, %b transpose_rhs : (!dlc.tensor<N x 4 x f32>, !dlc.tensor<5 x 4 x f32>, !dlc.tensor<5 x f32>) -> !dlc.tensor<N x 5 x f32>
  // CHECK: dlc.reshape %{{.*}}, %{{.*}} allow_zero :
  %6 = dlc.reshape %5, %s allow_zero : (!dlc.tensor<N x 5 x f32>, !dlc.tensor<2 x i64>) -> !dlc.tensor<* x f32>
  return
}

// CHECK-LABEL: func.func @reinterpret
func.func @reinterpret(%x: !dlc.buffer<!dlc.tensor<N x 4 x 1 x f32>>) {
  // CHECK: dlc.reinterpret %{{.*}} : <<N x 4 x 1 x f32>> -> <<N x 4 x f32>>
  %0 = dlc.reinterpret %x : !dlc.buffer<!dlc.tensor<N x 4 x 1 x f32>> -> !dlc.buffer<!dlc.tensor<N x 4 x f32>>
  // CHECK: dlc.reinterpret %{{.*}} from <4*N - 8> : <<N x 4 x 1 x f32>> -> <<2 x 4 x f32>>
  %1 = dlc.reinterpret %x from <4*N - 8> : !dlc.buffer<!dlc.tensor<N x 4 x 1 x f32>> -> !dlc.buffer<!dlc.tensor<2 x 4 x f32>>
  return
}

// CHECK-LABEL: func.func @unary
func.func @unary(%x: !dlc.tensor<N x f32>) {
  // CHECK: dlc.erf
  %0 = dlc.erf %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  // CHECK: dlc.exp
  %1 = dlc.exp %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  // CHECK: dlc.neg
  %2 = dlc.neg %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  // CHECK: dlc.sigmoid
  %3 = dlc.sigmoid %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  // CHECK: dlc.sqrt
  %4 = dlc.sqrt %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  // CHECK: dlc.tanh
  %5 = dlc.tanh %x : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  // CHECK: dlc.leaky_relu %{{.*}} alpha 1.000000e-01 :
  %6 = dlc.leaky_relu %x alpha 0.1 : (!dlc.tensor<N x f32>) -> !dlc.tensor<N x f32>
  return
}

// CHECK-LABEL: func.func @last_writer
func.func @last_writer(%numbers: !dlc.tensor<U x i64>) -> !dlc.tensor<N x i64> {
  // CHECK: dlc.last_writer %arg0 : (!dlc.tensor<U x i64>) -> !dlc.tensor<N x i64>
  %0 = dlc.last_writer %numbers : (!dlc.tensor<U x i64>) -> !dlc.tensor<N x i64>
  return %0 : !dlc.tensor<N x i64>
}

// CHECK-LABEL: func.func @guards
func.func @guards(%x: !dlc.tensor<N x M x f32>) {
  // CHECK: dlc.guard <N> equals <M>
  dlc.guard <N> equals <M>
  // CHECK: dlc.guard <N> equals_or_one <M>
  dlc.guard <N> equals_or_one <M>
  // CHECK: dlc.guard <N> differs_from <1>
  dlc.guard <N> differs_from <1>
  // CHECK: dlc.guard <M> at_least <0>
  dlc.guard <M> at_least <0>
  return
}
