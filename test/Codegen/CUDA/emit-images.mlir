// RUN: dlc-opt %s --dlc-emit-images | FileCheck %s

module attributes {dlc.device = #dlc.device<architecture = 80, precision = fp32>} {
  module @device {
    llvm.func @copy(%in: !llvm.ptr {llvm.noalias, llvm.readonly}, %out: !llvm.ptr) attributes {nvvm.kernel} {
      %thread = nvvm.read.ptx.sreg.tid.x : i32
      %source = llvm.getelementptr %in[%thread] : (!llvm.ptr, i32) -> !llvm.ptr, vector<4xf32>
      %target = llvm.getelementptr %out[%thread] : (!llvm.ptr, i32) -> !llvm.ptr, vector<4xf32>
      %0 = llvm.load %source {alignment = 16 : i64} : !llvm.ptr -> vector<4xf32>
      llvm.store %0, %target {alignment = 16 : i64} : vector<4xf32>, !llvm.ptr
      llvm.return
    }
  }
}

// CHECK: dlc.images = [{architecture = 80 : i32, form = 1 : i32, name = "dlc_image_0", size = {{[0-9]+}} : i64}]
// CHECK-NOT: module @device
// CHECK: llvm.mlir.global internal constant @dlc_image_0("
// CHECK-SAME: .target sm_80
// CHECK-SAME: .visible .entry copy(
// CHECK-SAME: ld.global.nc.v{{[42]}}
// CHECK-SAME: st.global.v{{[42]}}
// CHECK-SAME: \00")
