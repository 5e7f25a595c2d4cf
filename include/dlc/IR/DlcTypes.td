// Types: tensors whose bytes the compiler places, and the buffers that hold them.
#ifndef DLC_IR_TYPES_TD
#define DLC_IR_TYPES_TD

include "dlc/IR/DlcDialect.td"
include "dlc/IR/DlcAttrs.td"

def Dlc_TensorType : TypeDef<Dlc_Dialect, "Planned"> {
  let mnemonic = "tensor";
  let summary = "a planned value: known rank, dims that are expressions, bytes that the compiler places";
  let description = [{
    Dims are `#dlc.expr` expressions, written without their prefix; a symbol whose name is no plain identifier is
    quoted. `* x f32` stands for a shape that inference has still to find, and does not occur after the graph phase. A
    layout says how the value lies in memory, where that is not dense and row-major.

    Examples: `!dlc.tensor<N x 3 x 3*H x 3*W x f32>`, `!dlc.tensor<f32>`, `!dlc.tensor<* x f32>`,
    `!dlc.tensor<1 x 64 x H x W x f32, #dlc.image_layout<block = 16, halo = [0, 0, 0, 0]>>`
  }];
  let parameters = (ins
    "bool":$ranked,
    ArrayRefParameter<"::dlc::ExprAttr">:$dims,
    "::mlir::Type":$elementType,
    "::mlir::Attribute":$layout);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let builders = [
    TypeBuilderWithInferredContext<(ins "::llvm::ArrayRef<::dlc::ExprAttr>":$dims, "::mlir::Type":$elementType,
                                        CArg<"::mlir::Attribute", "{}">:$layout), [{
      return $_get(elementType.getContext(), true, dims, elementType, layout);
    }]>
  ];
  let extraClassDeclaration = [{
    /// A tensor whose shape is still unknown.
    static PlannedType getUnranked(::mlir::Type elementType);

    bool hasRank() const { return getRanked(); }
    int64_t getRank() const { return getDims().size(); }
    ExprAttr getDim(int64_t index) const { return getDims()[index]; }
    /// The dims, where all of them are constants.
    std::optional<::llvm::SmallVector<int64_t>> getStaticShape() const;
    /// The same for at most ConstantOp::maxDenseElements elements: such tensors may hold sizes.
    std::optional<::llvm::SmallVector<int64_t>> getSmallShape() const;
    PlannedType withoutLayout() const;
    PlannedType withLayout(::mlir::Attribute layout) const;
    /// The layout of a rank-4 value as an image; planar without halo where the type has none.
    ImageLayoutAttr getImageLayout() const;
    /// The size of a buffer for this value, in elements or bytes; null where it leaves 64 bits.
    ExprAttr getBufferElements() const;
    ExprAttr getBufferBytes() const;
    /// The type that elements have in memory, which a layout may say.
    ::mlir::Type getMemoryType() const;
    int64_t getElementBytes() const;
  }];
}

def Dlc_BufferType : TypeDef<Dlc_Dialect, "Buffer"> {
  let mnemonic = "buffer";
  let summary = "memory that holds a tensor";
  let description = "Example: `!dlc.buffer<!dlc.tensor<1 x 3 x H x W x f32>>`, or in a device's memory `!dlc.buffer<!dlc.tensor<N x f32>, device>`";
  let parameters = (ins "::dlc::PlannedType":$tensor, DefaultValuedParameter<"::dlc::Space", "::dlc::Space::host">:$space);
  let assemblyFormat = "`<` $tensor (`,` $space^)? `>`";
  let builders = [TypeBuilder<(ins "::dlc::PlannedType":$tensor), [{
    return $_get($_ctxt, tensor, ::dlc::Space::host);
  }]>];
  let extraClassDeclaration = [{
    bool isOnDevice() const { return getSpace() == Space::device; }
    /// A buffer of another tensor in the same memory.
    BufferType with(PlannedType tensor) const { return get(getContext(), tensor, getSpace()); }
  }];
}

def Dlc_HandleType : TypeDef<Dlc_Dialect, "Handle"> {
  let mnemonic = "value";
  let summary = "a handle: a counted object of the run";
  let description = [{
    A string tensor, a sequence, an optional, or a tensor whose shape stays unknown: kind, element type, rank and dims
    are known at run time alone. `dlc.match` makes a planned value of one.
  }];
}

def Dlc_Tensor : DialectType<Dlc_Dialect, CPred<"::llvm::isa<::dlc::PlannedType>($_self)">, "dlc tensor",
                             "::dlc::PlannedType">;
def Dlc_Buffer : DialectType<Dlc_Dialect, CPred<"::llvm::isa<::dlc::BufferType>($_self)">, "dlc buffer",
                             "::dlc::BufferType">;

def Dlc_Handle : DialectType<Dlc_Dialect, CPred<"::llvm::isa<::dlc::HandleType>($_self)">, "dlc handle",
                             "::dlc::HandleType">, BuildableType<"$_builder.getType<::dlc::HandleType>()">;
def Dlc_TensorOrBuffer : AnyTypeOf<[Dlc_Tensor, Dlc_Buffer]>;
def Dlc_AnyValue : AnyTypeOf<[Dlc_Tensor, Dlc_Handle, Dlc_Buffer]>;

#endif
