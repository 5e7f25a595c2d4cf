// RUN: dlc-opt %s --dlc-emit-kernels --canonicalize --cse | FileCheck %s

module attributes {
    dlc.target = #dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>,
    dlc.signature = {symbols = ["N", "H", "W"], inputs = [], outputs = []}} {

  // The frame: addresses of buffers and values of symbols are loaded once.
  // CHECK-LABEL: llvm.func internal @relu(
  // CHECK-SAME: %[[CALL:.*]]: !llvm.ptr, %[[TASK:.*]]: i64)
  // CHECK-SAME: dlc.schedule = #dlc.schedule<loops, lanes = 16, channels = 1, pixels = [32, 16], rows = 1>
  // CHECK-DAG: %[[ZERO:.*]] = arith.constant dense<0.000000e+00> : vector<16xf32>
  // CHECK-DAG: %[[LANES:.*]] = arith.constant dense<[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15]> : vector<16xi32>
  // CHECK: llvm.getelementptr inbounds %[[CALL]][0, 2]
  // CHECK: %[[IN:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
  // CHECK: %[[OUT:.*]] = llvm.load %{{.*}} : !llvm.ptr -> !llvm.ptr
  // CHECK: %[[W:.*]] = llvm.load %{{.*}} {alignment = 8 : i64} : !llvm.ptr -> i64
  // CHECK: %[[ROW:.*]] = arith.muli %[[TASK]], %[[W]] : i64
  // CHECK: scf.for %[[I:.*]] = %{{.*}} to %{{.*}} step %{{.*}} : i64 {
  // CHECK:   %[[FROM:.*]] = llvm.getelementptr %{{.*}}[%[[I]]]
  // CHECK:   %[[X:.*]] = llvm.load %[[FROM]] {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
  // CHECK:   %[[POSITIVE:.*]] = arith.cmpf ogt, %[[ZERO]], %[[X]] : vector<16xf32>
  // CHECK:   %[[Y:.*]] = arith.select %[[POSITIVE]], %[[ZERO]], %[[X]]
  // CHECK:   llvm.store %[[Y]], %{{.*}} {alignment = 4 : i64} : vector<16xf32>, !llvm.ptr
  // The end of the row is masked.
  // CHECK:   %[[MASK:.*]] = arith.cmpi sgt, %{{.*}}, %[[LANES]] : vector<16xi32>
  // CHECK:   llvm.intr.masked.load %{{.*}}, %[[MASK]], %[[ZERO]] {alignment = 4 : i32}
  // CHECK:   llvm.intr.masked.store %{{.*}}, %{{.*}}, %[[MASK]] {alignment = 4 : i32}
  // CHECK: llvm.return
  func.func private @relu(%in: !dlc.buffer<!dlc.tensor<N x W x f32>>, %out: !dlc.buffer<!dlc.tensor<N x W x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 16, channels = 1, pixels = [32, 16], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<N x W x f32>> -> !dlc.tensor<N x W x f32>
    %1 = dlc.relu %0 : (!dlc.tensor<N x W x f32>) -> !dlc.tensor<N x W x f32>
    dlc.write %1, %out : !dlc.tensor<N x W x f32>, !dlc.buffer<!dlc.tensor<N x W x f32>>
    return
  }

  // A tile of two pixels times two vectors: the bias starts four accumulators, and the reduction is three loops over
  // blocks of inputs, filter rows, and the elements of a filter row with its lanes as one, eight of them at a time.
  // CHECK-LABEL: llvm.func internal @blocked(
  // CHECK: %[[B0:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
  // CHECK: %[[B1:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
  // CHECK: scf.for %{{.*}} to %c2_i64 {{.*}} iter_args(%{{.*}} = %[[B0]], %{{.*}} = %[[B1]], %{{.*}} = %[[B0]], %{{.*}} = %[[B1]])
  // CHECK:   scf.for %{{.*}} to %c3_i64
  // CHECK:     scf.for %{{.*}} to %c48_i64
  // CHECK-COUNT-2: llvm.load %{{.*}} -> vector<16xf32>
  // CHECK-COUNT-2: llvm.intr.prefetch
  // CHECK:       %[[S:.*]] = llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> f32
  // CHECK:       vector.broadcast %[[S]] : f32 to vector<16xf32>
  // CHECK-COUNT-32: llvm.intr.fma
  // CHECK-NOT:   llvm.intr.fma
  // CHECK:       scf.yield
  func.func private @blocked(
      %in: !dlc.buffer<!dlc.tensor<1 x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>>,
      %filter: !dlc.buffer<!dlc.tensor<32 x 20 x 3 x 3 x f32, #dlc.filter_layout<outputs = 32, inputs = 16>>>,
      %bias: !dlc.buffer<!dlc.tensor<32 x f32, #dlc.padded_layout<32>>>,
      %out: !dlc.buffer<!dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 16, channels = 32, pixels = [2, 1], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<1 x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>> -> !dlc.tensor<1 x 20 x H x W x f32>
    %1 = dlc.read %filter : !dlc.buffer<!dlc.tensor<32 x 20 x 3 x 3 x f32, #dlc.filter_layout<outputs = 32, inputs = 16>>> -> !dlc.tensor<32 x 20 x 3 x 3 x f32>
    %2 = dlc.read %bias : !dlc.buffer<!dlc.tensor<32 x f32, #dlc.padded_layout<32>>> -> !dlc.tensor<32 x f32>
    %3 = dlc.conv %0, %1, %2 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1
       : (!dlc.tensor<1 x 20 x H x W x f32>, !dlc.tensor<32 x 20 x 3 x 3 x f32>, !dlc.tensor<32 x f32>) -> !dlc.tensor<1 x 32 x H x W x f32>
    dlc.write %3, %out : !dlc.tensor<1 x 32 x H x W x f32>, !dlc.buffer<!dlc.tensor<1 x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>
    return
  }

  // Each panel has 48 x 1024 elements: two parts of 512 steps, which all four tiles add to their sums in scratch memory.
  // CHECK-LABEL: llvm.func internal @parts(
  // CHECK: scf.for
  // CHECK:   llvm.store %{{.*}} : vector<16xf32>
  // CHECK: scf.for %[[PART:.*]] = %c0_i64 to %c1024_i64 step %c512_i64
  // CHECK:   %[[END:.*]] = arith.minsi
  // CHECK:   scf.for
  // CHECK:     %[[SUMS:.*]]:12 = scf.for %{{.*}} = %[[PART]] to %[[END]] step %c8_i64
  // CHECK:     llvm.store %[[SUMS]]#0
  // CHECK: scf.for
  // CHECK:   llvm.load %{{.*}} -> vector<16xf32>
  // CHECK: llvm.return
  func.func private @parts(%lhs: !dlc.buffer<!dlc.tensor<16 x 1024 x f32>>,
      %rhs: !dlc.buffer<!dlc.tensor<48 x 1024 x f32, #dlc.filter_layout<outputs = 48, inputs = 1024>>>,
      %out: !dlc.buffer<!dlc.tensor<16 x 48 x f32>>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 16, channels = 48, pixels = [4, 1], rows = 16>} {
    %0 = dlc.read %lhs : !dlc.buffer<!dlc.tensor<16 x 1024 x f32>> -> !dlc.tensor<16 x 1024 x f32>
    %1 = dlc.read %rhs : !dlc.buffer<!dlc.tensor<48 x 1024 x f32, #dlc.filter_layout<outputs = 48, inputs = 1024>>> -> !dlc.tensor<48 x 1024 x f32>
    %2 = dlc.matmul %0, %1 transpose_rhs : (!dlc.tensor<16 x 1024 x f32>, !dlc.tensor<48 x 1024 x f32>) -> !dlc.tensor<16 x 48 x f32>
    dlc.write %2, %out : !dlc.tensor<16 x 48 x f32>, !dlc.buffer<!dlc.tensor<16 x 48 x f32>>
    return
  }

  // Seven tiles share a panel of 512 elements. Four of them fetch the next one, each four of the sixteen lines that eight
  // steps read. A pixel that is left fetches nothing.
  // CHECK-LABEL: llvm.func internal @shared(
  // CHECK: scf.for %[[FIRST:.*]] = %c0_i64 to %c24_i64 step %c4_i64
  // CHECK:   scf.for
  // CHECK:     %[[TILE:.*]] = arith.divui %[[FIRST]], %c4_i64
  // CHECK:     %[[TURN:.*]] = arith.remui %[[TILE]], %c4_i64
  // CHECK:     %[[PART:.*]] = arith.muli %[[TURN]], %c64_i64
  // CHECK:     %[[AHEAD:.*]] = arith.addi %[[PART]], %c512_i64
  // CHECK:     llvm.getelementptr %{{.*}}[%[[AHEAD]]]
  // CHECK-COUNT-4: llvm.intr.prefetch
  // CHECK-NOT: llvm.intr.prefetch
  // CHECK: llvm.return
  func.func private @shared(
      %in: !dlc.buffer<!dlc.tensor<1 x 16 x 5 x 5 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>,
      %filter: !dlc.buffer<!dlc.tensor<64 x 16 x 1 x 1 x f32, #dlc.filter_layout<outputs = 32, inputs = 16>>>,
      %out: !dlc.buffer<!dlc.tensor<1 x 64 x 5 x 5 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 16, channels = 32, pixels = [4, 1], rows = 5>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<1 x 16 x 5 x 5 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>> -> !dlc.tensor<1 x 16 x 5 x 5 x f32>
    %1 = dlc.read %filter : !dlc.buffer<!dlc.tensor<64 x 16 x 1 x 1 x f32, #dlc.filter_layout<outputs = 32, inputs = 16>>> -> !dlc.tensor<64 x 16 x 1 x 1 x f32>
    %2 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
       : (!dlc.tensor<1 x 16 x 5 x 5 x f32>, !dlc.tensor<64 x 16 x 1 x 1 x f32>) -> !dlc.tensor<1 x 64 x 5 x 5 x f32>
    dlc.write %2, %out : !dlc.tensor<1 x 64 x 5 x 5 x f32>, !dlc.buffer<!dlc.tensor<1 x 64 x 5 x 5 x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>
    return
  }

  // Channels that become pixels: a vector of them is one of block (channel / 16) % 2, and lies in column 3 * w + channel / 32
  // of its row. Neighbours are three pixels apart. What follows reads the same place of another image.
  // CHECK-LABEL: llvm.func internal @pixels(
  // CHECK-DAG: %[[PLANES:.*]] = arith.constant 2 : i64
  // CHECK-DAG: %[[COLUMNS:.*]] = arith.constant 3 : i64
  // CHECK: scf.for %{{.*}} = %{{.*}} to %c20_i64
  // CHECK: %[[PART:.*]] = arith.divui %[[PLANE:.*]], %[[PLANES]] : i64
  // CHECK: arith.remui %[[PLANE]], %[[PLANES]] : i64
  // CHECK: arith.muli %{{.*}}, %[[COLUMNS]] : i64
  // CHECK: arith.remui %[[PART]], %[[COLUMNS]] : i64
  // CHECK: llvm.load %{{.*}} -> vector<16xf32>
  // CHECK: arith.addf
  // CHECK: llvm.store
  // CHECK: %[[NEXT:.*]] = llvm.getelementptr %{{.*}}[48]
  // CHECK: llvm.load %[[NEXT]] {{.*}} -> vector<16xf32>
  func.func private @pixels(
      %in: !dlc.buffer<!dlc.tensor<1 x 20 x H x W x f32>>,
      %filter: !dlc.buffer<!dlc.tensor<96 x 20 x 1 x 1 x f32, #dlc.filter_layout<outputs = 16, inputs = 1>>>,
      %other: !dlc.buffer<!dlc.tensor<1 x 32 x H x 3*W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>,
      %out: !dlc.buffer<!dlc.tensor<1 x 32 x H x 3*W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 16, channels = 16, pixels = [2, 1], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<1 x 20 x H x W x f32>> -> !dlc.tensor<1 x 20 x H x W x f32>
    %1 = dlc.read %filter : !dlc.buffer<!dlc.tensor<96 x 20 x 1 x 1 x f32, #dlc.filter_layout<outputs = 16, inputs = 1>>> -> !dlc.tensor<96 x 20 x 1 x 1 x f32>
    %2 = dlc.read %other : !dlc.buffer<!dlc.tensor<1 x 32 x H x 3*W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>> -> !dlc.tensor<1 x 32 x H x 3*W x f32>
    %3 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
       : (!dlc.tensor<1 x 20 x H x W x f32>, !dlc.tensor<96 x 20 x 1 x 1 x f32>) -> !dlc.tensor<1 x 96 x H x W x f32>
    %4 = dlc.view %3 : <1 x 96 x H x W x f32> -> <1 x 1 x 3 x 32 x H x W x f32>
    %5 = dlc.transpose %4 perm [0, 3, 4, 1, 5, 2] : (!dlc.tensor<1 x 1 x 3 x 32 x H x W x f32>) -> !dlc.tensor<1 x 32 x H x 1 x W x 3 x f32>
    %6 = dlc.view %5 : <1 x 32 x H x 1 x W x 3 x f32> -> <1 x 32 x H x 3*W x f32>
    %7 = dlc.add %6, %2 : (!dlc.tensor<1 x 32 x H x 3*W x f32>, !dlc.tensor<1 x 32 x H x 3*W x f32>) -> !dlc.tensor<1 x 32 x H x 3*W x f32>
    dlc.write %7, %out : !dlc.tensor<1 x 32 x H x 3*W x f32>, !dlc.buffer<!dlc.tensor<1 x 32 x H x 3*W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>
    return
  }

  // Four pixels of a planar output: two rounds of interleaving, then pieces of four pixels for each channel.
  // CHECK-LABEL: llvm.func internal @planar(
  // CHECK-COUNT-4: llvm.intr.fma
  // CHECK-COUNT-8: vector.shuffle
  // CHECK-NOT: vector.shuffle
  // CHECK: vector.extract_strided_slice %{{.*}} {offsets = [0], sizes = [4], strides = [1]} : vector<16xf32> to vector<4xf32>
  // CHECK: llvm.store %{{.*}} {alignment = 4 : i64} : vector<4xf32>, !llvm.ptr
  func.func private @planar(
      %in: !dlc.buffer<!dlc.tensor<1 x 1 x H x W x f32>>,
      %filter: !dlc.buffer<!dlc.tensor<16 x 1 x 3 x 3 x f32, #dlc.filter_layout<outputs = 16, inputs = 1>>>,
      %out: !dlc.buffer<!dlc.tensor<1 x 16 x H - 2 x W - 2 x f32>>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 16, channels = 16, pixels = [4, 1], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<1 x 1 x H x W x f32>> -> !dlc.tensor<1 x 1 x H x W x f32>
    %1 = dlc.read %filter : !dlc.buffer<!dlc.tensor<16 x 1 x 3 x 3 x f32, #dlc.filter_layout<outputs = 16, inputs = 1>>> -> !dlc.tensor<16 x 1 x 3 x 3 x f32>
    %2 = dlc.conv %0, %1 strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
       : (!dlc.tensor<1 x 1 x H x W x f32>, !dlc.tensor<16 x 1 x 3 x 3 x f32>) -> !dlc.tensor<1 x 16 x H - 2 x W - 2 x f32>
    dlc.write %2, %out : !dlc.tensor<1 x 16 x H - 2 x W - 2 x f32>, !dlc.buffer<!dlc.tensor<1 x 16 x H - 2 x W - 2 x f32>>
    return
  }

  // The input has no halo. Rows of the filter are clipped for each row of the output; a tile that reaches over the sides
  // of the input takes the address of a zero there.
  // CHECK-LABEL: llvm.func internal @clipped(
  // CHECK: %[[ZERO:.*]] = llvm.mlir.addressof @clipped_constant
  // CHECK: %[[BEGIN:.*]] = arith.minsi %{{.*}}, %c3_i64
  // CHECK: %[[END:.*]] = arith.minsi %{{.*}}, %c3_i64
  // CHECK: scf.if
  // CHECK:   scf.for %{{.*}} = %[[BEGIN]] to %[[END]]
  // CHECK-NOT: %[[ZERO]]
  // CHECK: } else {
  // CHECK:   scf.for %{{.*}} = %[[BEGIN]] to %[[END]]
  // CHECK:     %[[INSIDE:.*]] = arith.cmpi ult
  // CHECK:     %[[FROM:.*]] = arith.select %[[INSIDE]], %{{.*}}, %[[ZERO]] : !llvm.ptr
  // CHECK:     llvm.load %[[FROM]]
  func.func private @clipped(
      %in: !dlc.buffer<!dlc.tensor<1 x 1 x H x W x f32>>,
      %filter: !dlc.buffer<!dlc.tensor<16 x 1 x 3 x 3 x f32, #dlc.filter_layout<outputs = 16, inputs = 1>>>,
      %out: !dlc.buffer<!dlc.tensor<1 x 16 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 16, channels = 16, pixels = [4, 1], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<1 x 1 x H x W x f32>> -> !dlc.tensor<1 x 1 x H x W x f32>
    %1 = dlc.read %filter : !dlc.buffer<!dlc.tensor<16 x 1 x 3 x 3 x f32, #dlc.filter_layout<outputs = 16, inputs = 1>>> -> !dlc.tensor<16 x 1 x 3 x 3 x f32>
    %2 = dlc.conv %0, %1 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1
       : (!dlc.tensor<1 x 1 x H x W x f32>, !dlc.tensor<16 x 1 x 3 x 3 x f32>) -> !dlc.tensor<1 x 16 x H x W x f32>
    dlc.write %2, %out : !dlc.tensor<1 x 16 x H x W x f32>, !dlc.buffer<!dlc.tensor<1 x 16 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>
    return
  }

  // Two panels: the last one has four columns, which a mask keeps from the next row.
  // CHECK-LABEL: llvm.func internal @matmul(
  // CHECK: scf.if
  // CHECK:   llvm.intr.masked.store
  // CHECK: } else {
  // CHECK-NOT: masked.store
  // CHECK:   llvm.store %{{.*}} : vector<16xf32>
  // CHECK: llvm.return
  func.func private @matmul(
      %lhs: !dlc.buffer<!dlc.tensor<N x 8 x f32>>,
      %rhs: !dlc.buffer<!dlc.tensor<20 x 8 x f32, #dlc.filter_layout<outputs = 16, inputs = 8>>>,
      %out: !dlc.buffer<!dlc.tensor<N x 20 x f32>>)
      attributes {dlc.schedule = #dlc.schedule<direct_conv, lanes = 16, channels = 16, pixels = [4, 1], rows = 1>} {
    %0 = dlc.read %lhs : !dlc.buffer<!dlc.tensor<N x 8 x f32>> -> !dlc.tensor<N x 8 x f32>
    %1 = dlc.read %rhs : !dlc.buffer<!dlc.tensor<20 x 8 x f32, #dlc.filter_layout<outputs = 16, inputs = 8>>> -> !dlc.tensor<20 x 8 x f32>
    %2 = dlc.matmul %0, %1 transpose_rhs : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<20 x 8 x f32>) -> !dlc.tensor<N x 20 x f32>
    dlc.write %2, %out : !dlc.tensor<N x 20 x f32>, !dlc.buffer<!dlc.tensor<N x 20 x f32>>
    return
  }

  // Four pixels of a block of channels; the last block has pad lanes.
  // CHECK-LABEL: llvm.func internal @max_pool(
  // CHECK: scf.if
  // CHECK-COUNT-4: arith.cmpf uno
  // CHECK: %[[INSIDE:.*]] = arith.cmpi sgt, %{{.*}}, %{{.*}} : vector<16xi32>
  // CHECK: %[[VALUE:.*]] = arith.select %[[INSIDE]], %{{.*}} : vector<16xi1>, vector<16xf32>
  // CHECK: llvm.store %[[VALUE]], %{{.*}} : vector<16xf32>
  // CHECK: } else {
  func.func private @max_pool(
      %in: !dlc.buffer<!dlc.tensor<N x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>,
      %out: !dlc.buffer<!dlc.tensor<N x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>)
      attributes {dlc.schedule = #dlc.schedule<pool, lanes = 16, channels = 16, pixels = [4], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<N x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>> -> !dlc.tensor<N x 20 x H x W x f32>
    %1 = dlc.pool max %0 kernel [3, 3] strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] : (!dlc.tensor<N x 20 x H x W x f32>) -> !dlc.tensor<N x 20 x H x W x f32>
    dlc.write %1, %out : !dlc.tensor<N x 20 x H x W x f32>, !dlc.buffer<!dlc.tensor<N x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>
    return
  }

  // Each lane is a channel: the gate of the block is one vector. Pad lanes are zeros, whatever a sigmoid makes of them.
  // CHECK-LABEL: llvm.func internal @gate(
  // CHECK: %[[INSIDE:.*]] = arith.cmpi sgt, %{{.*}}, %{{.*}} : vector<16xi32>
  // CHECK: scf.for
  // CHECK-COUNT-8: vector<16xf32>
  // CHECK: arith.select %[[INSIDE]], %{{.*}} : vector<16xi1>, vector<16xf32>
  // CHECK-NOT: gather
  // CHECK: llvm.return
  func.func private @gate(
      %in: !dlc.buffer<!dlc.tensor<N x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>>,
      %gate: !dlc.buffer<!dlc.tensor<N x 20 x 1 x 1 x f32>>,
      %out: !dlc.buffer<!dlc.tensor<N x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>)
      attributes {dlc.schedule = #dlc.schedule<blocks, lanes = 16, channels = 16, pixels = [4, 1], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<N x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>>> -> !dlc.tensor<N x 20 x H x W x f32>
    %1 = dlc.read %gate : !dlc.buffer<!dlc.tensor<N x 20 x 1 x 1 x f32>> -> !dlc.tensor<N x 20 x 1 x 1 x f32>
    %2 = dlc.mul %0, %1 : (!dlc.tensor<N x 20 x H x W x f32>, !dlc.tensor<N x 20 x 1 x 1 x f32>) -> !dlc.tensor<N x 20 x H x W x f32>
    %3 = dlc.sigmoid %2 : (!dlc.tensor<N x 20 x H x W x f32>) -> !dlc.tensor<N x 20 x H x W x f32>
    dlc.write %3, %out : !dlc.tensor<N x 20 x H x W x f32>, !dlc.buffer<!dlc.tensor<N x 20 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>
    return
  }

  // Columns outside, rows inside. Coordinates and weights are scalars, and each of the four neighbours of a pixel is one load.
  // CHECK-LABEL: llvm.func internal @resize(
  // CHECK-NOT: gather
  // CHECK: scf.for
  // CHECK: scf.for
  // CHECK-NOT: vector<16xi32>
  // CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<16xf32>
  // CHECK: llvm.store %{{.*}} : vector<16xf32>
  // CHECK-NOT: gather
  // CHECK: llvm.return
  func.func private @resize(%in: !dlc.buffer<!dlc.tensor<N x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>, %out: !dlc.buffer<!dlc.tensor<N x 32 x 2*H x 2*W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>)
      attributes {dlc.schedule = #dlc.schedule<blocks, lanes = 16, channels = 16, pixels = [1], rows = 8>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<N x 32 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>> -> !dlc.tensor<N x 32 x H x W x f32>
    %s = dlc.constant dense<[1.0, 1.0, 2.0, 2.0]> : tensor<4xf32> -> !dlc.tensor<4 x f32>
    %1 = dlc.resize %0 scales %s mode linear coordinates half_pixel rounding floor policy stretch cubic_coeff -0.75 extrapolation 0.0 : (!dlc.tensor<N x 32 x H x W x f32>, !dlc.tensor<4 x f32>) -> !dlc.tensor<N x 32 x 2*H x 2*W x f32>
    dlc.write %1, %out : !dlc.tensor<N x 32 x 2*H x 2*W x f32>, !dlc.buffer<!dlc.tensor<N x 32 x 2*H x 2*W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>>
    return
  }

  // A block of four rows is four columns of the operand: these are loaded, and two rounds exchange their halves. Where
  // fewer rows are left each is gathered.
  // CHECK-LABEL: llvm.func internal @transpose(
  // CHECK: scf.if
  // CHECK-COUNT-4: llvm.load %{{.*}} {alignment = 4 : i64} : !llvm.ptr -> vector<4xf32>
  // CHECK-COUNT-8: vector.shuffle
  // CHECK-COUNT-4: llvm.store %{{.*}} : vector<4xf32>
  // CHECK: } else {
  // CHECK: llvm.intr.masked.gather
  func.func private @transpose(%in: !dlc.buffer<!dlc.tensor<N x H x W x f32>>, %out: !dlc.buffer<!dlc.tensor<N x W x H x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 4, pixels = [4], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<N x H x W x f32>> -> !dlc.tensor<N x H x W x f32>
    %1 = dlc.transpose %0 perm [0, 2, 1] : (!dlc.tensor<N x H x W x f32>) -> !dlc.tensor<N x W x H x f32>
    dlc.write %1, %out : !dlc.tensor<N x W x H x f32>, !dlc.buffer<!dlc.tensor<N x W x H x f32>>
    return
  }

  // Each part of a row knows its operand: two loops over it, no choice in them. A slice is an offset.
  // CHECK-LABEL: llvm.func internal @rotate(
  // CHECK-NOT: select
  // CHECK: scf.for
  // CHECK: llvm.load %{{.*}} -> vector<4xf32>
  // CHECK: llvm.store
  // CHECK: scf.for
  // CHECK: llvm.load %{{.*}} -> vector<4xf32>
  // CHECK: arith.negf
  // CHECK: llvm.store
  // CHECK: llvm.return
  func.func private @rotate(%in: !dlc.buffer<!dlc.tensor<N x 16 x f32>>, %out: !dlc.buffer<!dlc.tensor<N x 16 x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<N x 16 x f32>> -> !dlc.tensor<N x 16 x f32>
    %1 = dlc.slice %0 starts [#dlc.expr<0>, #dlc.expr<8>] sizes [#dlc.expr<N>, #dlc.expr<8>] steps [1, 1]
       : (!dlc.tensor<N x 16 x f32>) -> !dlc.tensor<N x 8 x f32>
    %2 = dlc.slice %0 starts [#dlc.expr<0>, #dlc.expr<0>] sizes [#dlc.expr<N>, #dlc.expr<8>] steps [1, 1]
       : (!dlc.tensor<N x 16 x f32>) -> !dlc.tensor<N x 8 x f32>
    %3 = dlc.neg %2 : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
    %4 = dlc.concat %1, %3 axis 1 : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 16 x f32>
    dlc.write %4, %out : !dlc.tensor<N x 16 x f32>, !dlc.buffer<!dlc.tensor<N x 16 x f32>>
    return
  }

  // An index out of range lowers the error word, and its row is read from a place that exists.
  // CHECK-LABEL: llvm.func internal @gather(
  // CHECK: %[[VALID:.*]] = arith.cmpi ult, %{{.*}}, %{{.*}} : i64
  // CHECK: scf.if
  // CHECK: %[[WORD:.*]] = llvm.getelementptr inbounds %{{.*}}[0, 4]
  // CHECK: llvm.load %[[WORD]]
  // CHECK: llvm.atomicrmw min
  // CHECK: arith.select %[[VALID]], %{{.*}}, %{{.*}} : !llvm.ptr
  func.func private @gather(%in: !dlc.buffer<!dlc.tensor<H x W x f32>>, %at: !dlc.buffer<!dlc.tensor<N x i64>>, %out: !dlc.buffer<!dlc.tensor<N x W x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    %0 = dlc.read %in : !dlc.buffer<!dlc.tensor<H x W x f32>> -> !dlc.tensor<H x W x f32>
    %1 = dlc.read %at : !dlc.buffer<!dlc.tensor<N x i64>> -> !dlc.tensor<N x i64>
    %2 = dlc.gather %0, %1 axis 0 : (!dlc.tensor<H x W x f32>, !dlc.tensor<N x i64>) -> !dlc.tensor<N x W x f32>
    dlc.write %2, %out : !dlc.tensor<N x W x f32>, !dlc.buffer<!dlc.tensor<N x W x f32>>
    return
  }

  // Sizes that may be 1 or not: both kinds of loops.
  // CHECK-LABEL: llvm.func internal @broadcast(
  // CHECK: %[[EQUAL:.*]] = arith.andi
  // CHECK: scf.if %[[EQUAL]] {
  // CHECK-NOT: gather
  // CHECK: } else {
  // CHECK: llvm.intr.masked.gather
  func.func private @broadcast(%a: !dlc.buffer<!dlc.tensor<N x f32>>, %b: !dlc.buffer<!dlc.tensor<W x f32>>, %out: !dlc.buffer<!dlc.tensor<broadcast(N, W) x f32>>)
      attributes {dlc.schedule = #dlc.schedule<loops, lanes = 4, channels = 1, pixels = [4], rows = 1>} {
    %0 = dlc.read %a : !dlc.buffer<!dlc.tensor<N x f32>> -> !dlc.tensor<N x f32>
    %1 = dlc.read %b : !dlc.buffer<!dlc.tensor<W x f32>> -> !dlc.tensor<W x f32>
    %2 = dlc.add %0, %1 : (!dlc.tensor<N x f32>, !dlc.tensor<W x f32>) -> !dlc.tensor<broadcast(N, W) x f32>
    dlc.write %2, %out : !dlc.tensor<broadcast(N, W) x f32>, !dlc.buffer<!dlc.tensor<broadcast(N, W) x f32>>
    return
  }

  // What the first walk along a row computes waits in a result's row: the other walks read it there. Others read the sum as well.
  // CHECK-LABEL: llvm.func internal @residual_norm(
  // CHECK: %[[SUMS:.*]] = llvm.getelementptr %{{.*}}[%[[START:.*]]]
  // CHECK: scf.for
  // CHECK-COUNT-4: llvm.store %{{.*}}, %{{.*}} {alignment = 4 : i64} : vector<4xf32>
  // CHECK: llvm.intr.masked.store
  // CHECK: scf.for
  // CHECK: %[[PLACE:.*]] = llvm.getelementptr %[[SUMS]]
  // CHECK: llvm.load %[[PLACE]]
  // CHECK: math.sqrt
  // CHECK: scf.for
  // CHECK: %[[PLACE:.*]] = llvm.getelementptr %[[SUMS]]
  // CHECK: llvm.load %[[PLACE]]
  // CHECK-COUNT-1: llvm.store
  // CHECK-NOT: llvm.store
  // CHECK: llvm.return
  func.func private @residual_norm(%x: !dlc.buffer<!dlc.tensor<N x W x f32>>, %y: !dlc.buffer<!dlc.tensor<N x W x f32>>,
        %out: !dlc.buffer<!dlc.tensor<N x W x f32>>, %sums: !dlc.buffer<!dlc.tensor<N x W x f32>>)
      attributes {dlc.schedule = #dlc.schedule<rows, lanes = 4, channels = 16, pixels = [4], rows = 1>} {
    %0 = dlc.read %x : !dlc.buffer<!dlc.tensor<N x W x f32>> -> !dlc.tensor<N x W x f32>
    %1 = dlc.read %y : !dlc.buffer<!dlc.tensor<N x W x f32>> -> !dlc.tensor<N x W x f32>
    %2 = dlc.add %0, %1 : (!dlc.tensor<N x W x f32>, !dlc.tensor<N x W x f32>) -> !dlc.tensor<N x W x f32>
    %3 = dlc.layer_norm %2 axis 1 epsilon 1.0e-05 : (!dlc.tensor<N x W x f32>) -> !dlc.tensor<N x W x f32>
    dlc.write %3, %out : !dlc.tensor<N x W x f32>, !dlc.buffer<!dlc.tensor<N x W x f32>>
    dlc.write %2, %sums : !dlc.tensor<N x W x f32>, !dlc.buffer<!dlc.tensor<N x W x f32>>
    return
  }
}
