// Passes of the codegen phase.
#ifndef DLC_CODEGEN_PASSES_TD
#define DLC_CODEGEN_PASSES_TD

include "mlir/Pass/PassBase.td"

def EmitKernels : Pass<"dlc-emit-kernels", "::mlir::ModuleOp"> {
  let summary = "emit loops and vector operations for kernel functions";
  let description = [{
    Makes each kernel function a `dlc_kernel_fn` (dlc/ABI/Program.h) that computes one task as its schedule says. The
    functions keep their names, their order and their schedule.

    Example:
    ```mlir
    func.func private @relu(%in: !dlc.buffer<!dlc.tensor<N x f32>>, %out: !dlc.buffer<!dlc.tensor<N x f32>>)
        attributes {dlc.schedule = #dlc.schedule<loops, lanes = 16, channels = 1, pixels = [16], rows = 1>}
    ```
    becomes
    ```mlir
    llvm.func internal @relu(%call: !llvm.ptr, %task: i64)
        attributes {dlc.schedule = #dlc.schedule<loops, lanes = 16, channels = 1, pixels = [16], rows = 1>, dso_local}
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect", "::mlir::scf::SCFDialect",
                           "::mlir::vector::VectorDialect"];
}

def EmitCudaKernels : Pass<"dlc-emit-cuda-kernels", "::mlir::ModuleOp"> {
  let summary = "emit kernel functions of the device";
  let description = [{
    Makes each kernel function whose algorithm is one of the device's a function of the nested module `@device`, which a
    block of threads executes for a task. Its arguments are buffers, the symbols that it uses, the address of the error
    word, and the number of the launch. A declaration stays, with what a launch needs to know.

    Example:
    ```mlir
    func.func private @relu(%in: !dlc.buffer<!dlc.tensor<N x f32>, device>, %out: !dlc.buffer<!dlc.tensor<N x f32>, device>)
        attributes {dlc.schedule = #dlc.schedule<cuda_loops, lanes = 1, channels = 1, pixels = [1], rows = 256>}
    ```
    becomes
    ```mlir
    llvm.func @relu() attributes {dlc.symbols = ["N"], dlc.threads = 256 : i64, ...}
    module @device {
      llvm.func @relu(%in: !llvm.ptr {llvm.noalias, llvm.readonly}, %out: !llvm.ptr, %n: i64, %error: !llvm.ptr, %launch: i64)
          attributes {nvvm.kernel, nvvm.reqntid = array<i32: 256, 1, 1>}
    }
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::NVVM::NVVMDialect", "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

def EmitImages : Pass<"dlc-emit-images", "::mlir::ModuleOp"> {
  let summary = "compile the device's module to PTX and machine code";
  let description = [{
    Replaces the nested module `@device`, which must hold `llvm` and `nvvm` alone, by a constant, and lists it in
    `dlc.images`; with others of machine code, for the architectures that the device names, where the machine has NVIDIA's
    assembler (ptxas: on the PATH, in a CUDA Toolkit, or beside the Python package). Fails where the code would call a
    function that the device does not have.

    Example:
    ```mlir
    module @device { ... }
    ```
    becomes
    ```mlir
    llvm.mlir.global internal constant @dlc_image_0(".version 7.1 ...")
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def EmitHost : Pass<"dlc-emit-host", "::mlir::ModuleOp"> {
  let summary = "emit the host program and the table of the artifact";
  let description = [{
    Makes `@main` the function `dlc_run`, `@entry` and the sizes in `@main` the function `dlc_plan`, and adds the table
    and the exported `dlc_query` that gives it (dlc/ABI/Program.h). Kernels must have been emitted. The weights section
    is the hidden symbol `dlc_weights`, which the packager defines, as it does the library's functions `dlc_op_<callee>`.

    Sizes without late symbols have passed plan's checks and are computed once, where the function begins; others are
    computed anew where they are needed, in checked arithmetic where nobody has checked them. Whatever may fail, and
    each library call, gets a row of `dlc.sites`, each launch one of `dlc.kernels`; `dlc.arenas` keeps what the host
    programs say of their memory. Branches and loops become blocks.

    Example:
    ```mlir
    func.func @main(%input: !dlc.buffer<!dlc.tensor<N x f32>>, %output: !dlc.buffer<!dlc.tensor<N x f32>>)
    ```
    becomes
    ```mlir
    llvm.func internal @dlc_run(%call: !llvm.ptr) -> i32
    llvm.func internal @dlc_plan(%call: !llvm.ptr) -> i32
    llvm.func @dlc_query(%abi_version: i32) -> !llvm.ptr
    ```
  }];
  let dependentDialects = ["::mlir::LLVM::LLVMDialect"];
}

def ExpandMath : Pass<"dlc-expand-math", "::mlir::ModuleOp"> {
  let summary = "compute math functions by polynomials";
  let description = [{
    Functions of f32, and powers in f64 that are rounded to f32, become arithmetic on scalars and vectors. Functions of f64
    call a math library lane by lane. For CPUs with vectors of 8 floats, whose instructions do not broadcast operands, constant
    vectors become loads of whole ones from memory.

    ```mlir
    %0 = math.tanh %x : vector<16xf32>
    // becomes clamping, two polynomials and a quotient
    ```
  }];
  let dependentDialects = ["::mlir::arith::ArithDialect", "::mlir::LLVM::LLVMDialect", "::mlir::math::MathDialect",
                           "::mlir::scf::SCFDialect", "::mlir::vector::VectorDialect"];
}

#endif
