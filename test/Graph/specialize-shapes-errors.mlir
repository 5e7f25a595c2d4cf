// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{w=1}}" 2>&1 | FileCheck %s --check-prefix=INPUT
// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{x=1,2}}" 2>&1 | FileCheck %s --check-prefix=RANK
// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{x=2,2,4}}" 2>&1 | FileCheck %s --check-prefix=FIXED
// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{x=1,2,3}}" 2>&1 | FileCheck %s --check-prefix=CONFLICT
// RUN: not dlc-opt %s --dlc-specialize-shapes="shapes={{x=-1,2,3}}" 2>&1 | FileCheck %s --check-prefix=NEGATIVE
// RUN: not dlc-opt %s --dlc-specialize-shapes="ranges=N=5" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not dlc-opt %s --dlc-specialize-shapes="ranges=N=5:4" 2>&1 | FileCheck %s --check-prefix=RANGE
// RUN: not dlc-opt %s --dlc-specialize-shapes="ranges=M=1:4" 2>&1 | FileCheck %s --check-prefix=SYMBOL
// RUN: not dlc-opt %s --dlc-specialize-shapes="hints=N=x" 2>&1 | FileCheck %s --check-prefix=HINT
// RUN: not dlc-opt %s --dlc-specialize-shapes="hints=M=1" 2>&1 | FileCheck %s --check-prefix=NO-HINT
// RUN: not dlc-opt %s --dlc-specialize-shapes="ranges=N=2:4 hints=N=5" 2>&1 | FileCheck %s --check-prefix=FAR-HINT
// RUN: not dlc-opt %s --dlc-specialize-shapes="versions={{N=1,-2}}" 2>&1 | FileCheck %s --check-prefix=VERSION
// RUN: not dlc-opt %s --dlc-specialize-shapes="versions={{M=1}}" 2>&1 | FileCheck %s --check-prefix=NO-VERSION
// RUN: not dlc-opt %s --dlc-specialize-shapes="ranges=N=2:4 versions={{N=3,5}}" 2>&1 | FileCheck %s --check-prefix=OUTSIDE
// RUN: not dlc-opt %s --dlc-specialize-shapes="versions={N=1},{N=2}" 2>&1 | FileCheck %s --check-prefix=TWICE

// INPUT: error: --shape w=1: the model has no input 'w'; it has 'x'
// RANK: error: --shape x=1,2: expected 3 dims, found 2
// FIXED: error: --shape x=2,2,4: expected 3 as the model says, found 4
// CONFLICT: error: --shape x=1,2,3: dim 'N' is 1 and 2
// NEGATIVE: error: --shape x=-1,2,3: expected dims that are numbers or names, found '-1'
// RANGE: error: --range N=5{{.*}}: expected SYMBOL=MIN:MAX
// SYMBOL: error: --range M=1:4: no input has a dim 'M'; the model has N
// HINT: error: --hint N=x: expected SYMBOL=VALUE
// NO-HINT: error: --hint M=1: no input has a dim 'M'; the model has N
// FAR-HINT: error: --hint N=5: 5 is not in the declared range 2 to 4
// VERSION: error: --specialize N=1,-2: expected SYMBOL=VALUE,VALUE,...
// NO-VERSION: error: --specialize M=1: no input has a dim 'M'; the model has N
// OUTSIDE: error: --specialize N=3,5: 5 is not in the declared range 2 to 4
// TWICE: error: --specialize N=2: dim 'N' is given twice
func.func @main(%x: !dlc.tensor<N x N x 3 x f32> {dlc.name = "x"}) {
  return
}
