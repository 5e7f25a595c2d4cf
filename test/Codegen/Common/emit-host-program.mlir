// RUN: dlc-opt %s --dlc-emit-host | FileCheck %s

!v = !dlc.buffer<!dlc.tensor<N x f32>>
!n = !dlc.buffer<!dlc.tensor<n x f32>>
!c = !dlc.buffer<!dlc.tensor<i1>>

// Sites: those of the run, then those of entry.
// CHECK: dlc.arenas = [{size = #dlc.expr<64*N>, slots = [], space = "host", version = 0 : i64}]
// CHECK-SAME: dlc.sites = [
// CHECK-SAME: {kind = 0 : i64, nodes = "node 'nz' (NonZero)", text = "nonzero"}
// CHECK-SAME: {kind = 2 : i64, nodes = "{{.*}}", text = "!dlc.tensor<n x f32>"}
// CHECK-SAME: {kind = 1 : i64, nodes = "{{.*}}", text = "expected n to equal N"}
// CHECK-SAME: {kind = 0 : i64, nodes = "{{.*}}", text = "neg"}
module attributes {dlc.weights = [],
    dlc.signature = {symbols = ["N"], entry_symbols = ["a"], late_symbols = ["n", "i"],
        inputs = [{name = "x", type = !dlc.tensor<N x f32>}, {name = "s", read_at_entry, type = !dlc.tensor<1 x i32>}],
        outputs = [{name = "late", type = !dlc.tensor<n x a x f32>}, {name = "h", handle = array<i64: 0, 0>}]}} {
  // CHECK-LABEL: llvm.func internal @dlc_run(%arg0: !llvm.ptr) -> i32
  // Memory of the frame is taken in the entry block alone.
  // CHECK: llvm.alloca
  // CHECK: ^bb1
  // CHECK-NOT: llvm.alloca
  // A call whose result is an object has a null output.
  // CHECK: llvm.mlir.addressof @dlc_op_nonzero
  // CHECK: llvm.call %{{.*}} : !llvm.ptr, (!llvm.ptr, !llvm.ptr) -> i32
  // match, then n is stored behind N and a.
  // CHECK: llvm.call %{{.*}} : !llvm.ptr, (!llvm.ptr, i32, !llvm.ptr, i32, i32, !llvm.ptr) -> i32
  // CHECK: %[[N:.*]] = llvm.load %{{.*}} : !llvm.ptr -> i64
  // CHECK: %[[PLACE:.*]] = llvm.getelementptr inbounds %{{.*}}[2] : (!llvm.ptr) -> !llvm.ptr, i64
  // CHECK-NEXT: llvm.store %[[N]], %[[PLACE]]
  // The guard.
  // CHECK: llvm.call %{{.*}} : !llvm.ptr, (!llvm.ptr, i32, i64, i64) -> i32
  // CHECK: llvm.mlir.constant(3 : i32)
  // CHECK-NEXT: llvm.return
  // The loop: its iteration is the fourth symbol, and the run may be stopped in it.
  // CHECK: llvm.cond_br
  // CHECK: llvm.getelementptr inbounds %{{.*}}[3] : (!llvm.ptr) -> !llvm.ptr, i64
  // CHECK: llvm.call %{{.*}} : !llvm.ptr, (!llvm.ptr) -> i32
  // CHECK: "llvm.intr.memcpy"
  // CHECK-NOT: llvm.alloca
  func.func @main(%x: !v, %s: !dlc.buffer<!dlc.tensor<1 x i32>>) -> (!dlc.value, !dlc.value) attributes {dlc.workspace = #dlc.expr<64*N>} {
    %0 = dlc.library_call "nonzero"(%x) {axis = 1, names = ["a", "b"]} : (!v) -> !dlc.value loc(#nz)
    %1 = dlc.match %0 binds ["n"] : !dlc.value -> !n
    dlc.guard <n> equals <N>
    %2 = dlc.slot <0> : !v
    dlc.loop "i" trip <N> () : () -> () {
      dlc.copy %x, %2 : !v, !v
      dlc.yield
    }
    %3 = dlc.retain %0 : !dlc.value
    return %0, %3 : !dlc.value, !dlc.value
  }
  // CHECK: llvm.func hidden @dlc_op_nonzero(!llvm.ptr) -> i32
  // Small buffers of entry lie in its frame; the input that nobody reads is not loaded.
  // CHECK-LABEL: llvm.func internal @dlc_plan(
  // CHECK: llvm.alloca %{{.*}} x i8 {alignment = 64 : i64}
  // CHECK: llvm.getelementptr inbounds %{{.*}}[1] : (!llvm.ptr) -> !llvm.ptr, !llvm.ptr
  // CHECK: llvm.mlir.addressof @dlc_op_neg
  // CHECK: llvm.sext %{{.*}} : i32 to i64
  func.func @entry(%x: !v, %s: !dlc.buffer<!dlc.tensor<1 x i32>>) {
    %0 = dlc.alloc : !dlc.buffer<!dlc.tensor<1 x i32>>
    dlc.library_call "neg"(%s) outs(%0) {} : (!dlc.buffer<!dlc.tensor<1 x i32>>, !dlc.buffer<!dlc.tensor<1 x i32>>) -> ()
    dlc.bind %0 as ["a"] : !dlc.buffer<!dlc.tensor<1 x i32>>
    return
  }
  // CHECK: llvm.mlir.global internal constant @dlc_program
  // CHECK: llvm.mlir.constant(4 : i32)
}

#model = loc("model.onnx":0:0)
#nz = loc(fused<{node = "nz", op = "NonZero", opset = 14 : i64}>[#model])
