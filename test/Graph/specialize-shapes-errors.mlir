// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{w=1}}" 2>&1 | FileCheck %s --check-prefix=INPUT
// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{x=1,2}}" 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{x=2,2,4}}" 2>&1 | FileCheck %s --check-prefix=FIXED
// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{x=1,2,3}}" 2>&1 | FileCheck %s --check-prefix=CONFLICT
// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{x=-1,2,3}}" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not dlc-opt %s --dlc-specialize-shapes="ranges=N=5" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not dlc-opt %s --dlc-specialize-shapes="ranges=N=5:4" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not dlc-opt %s --dlc-specialize-shapes="ranges=M=1:4" 2>&1 | FileCheck %s --check-prefix=SYMBOL

// INPUT: error: --shape w=1: the model has no input 'w'
// RANK: error: --shape x=1,2: expected 3 dims, found 2
// FIXED: error: --shape x=2,2,4: expected 3 as the model says, found 4
// CONFLICT: error: --shape x=1,2,3: dim 'N' is 1 and 2
// NEGATIVE: error: --shape x=-1,2,3: expected dims that are numbers or names, found '-1'
// RANGE: error: --range N=5{{.*}}: expected SYMBOL=MIN:MAX
// SYMBOL: error: --range M=1:4: no input has a dim 'M'
func.func @main(%x: !dlc.tensor<N x N x 3 x f32> {dlc.name = "x"}) {
  return
}
