// The dlc dialect: tensors with symbolic shapes, boxes around what runs as one kernel, buffers and launches.
#ifndef DLC_IR_DIALECT_TD
#define DLC_IR_DIALECT_TD

include "mlir/IR/OpBase.td"

def Dlc_Dialect : Dialect {
  let name = "dlc";
  let cppNamespace = "::dlc";
  let summary = "neural networks from graphs of operators to launches of kernels";
  let description = [{
    Small and hand-written. ONNX versions end at the importer: every op carries all of its attributes. Shapes are
    expressions over symbols and live in the types; see `#dlc.expr`.
  }];
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasConstantMaterializer = 1;
  let extraClassDeclaration = [{
    void registerAttributes();
    void registerTypes();
    /// The files that the weights of this context's modules lie in.
    SourceFiles &getSourceFiles() { return sourceFiles; }

  private:
    SourceFiles sourceFiles;

  public:
  }];
}

#endif
