// Attributes: expressions over symbols, layouts, weights by reference, schedules and targets.
#ifndef DLC_IR_ATTRS_TD
#define DLC_IR_ATTRS_TD

include "dlc/IR/DlcDialect.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/IR/EnumAttr.td"

class Dlc_Attr<string name, string attrMnemonic, list<Trait> traits = []>
    : AttrDef<Dlc_Dialect, name, traits> {
  let mnemonic = attrMnemonic;
}

//===-- Expressions ---------------------------------------------------------------------------------------------------===//

def Dlc_ExprAttr : Dlc_Attr<"Expr", "expr"> {
  let summary = "an integer polynomial over symbols, in normal form";
  let description = [{
    A sum of terms, each a coefficient times a product of factors. A factor is a symbol (a string attribute) or a call
    (`#dlc.call`: floordiv, min, max, broadcast). Terms and factors are sorted and merged, so that equal
    attributes mean equal sizes; different ones mean nothing. Arithmetic on expressions (dlc/IR/Expr.h) yields a null
    attribute where a coefficient leaves 64 bits.

    Example: `#dlc.expr<3*H*W + floordiv(N - 1, 2)>`
  }];
  let parameters = (ins
    ArrayRefParameter<"int64_t", "one for each term">:$coefficients,
    ArrayRefParameter<"int64_t", "number of factors of each term">:$degrees,
    ArrayRefParameter<"::mlir::Attribute", "the factors of all terms, one after the other">:$factors);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    static ExprAttr constant(::mlir::MLIRContext *context, int64_t value);
    static ExprAttr symbol(::mlir::MLIRContext *context, ::llvm::StringRef name);

    /// The value of an expression without symbols.
    std::optional<int64_t> getConstant() const;
    /// The name, where the expression is a single symbol.
    std::optional<::llvm::StringRef> getSymbol() const;
    /// Calls `visit` for each symbol, as often as it occurs.
    void walkSymbols(::llvm::function_ref<void(::llvm::StringRef)> visit) const;
    /// The value where `valueOf` gives each symbol one; nothing on overflow.
    std::optional<int64_t>
    evaluate(::llvm::function_ref<std::optional<int64_t>(::llvm::StringRef)> valueOf) const;
    /// The text between `#dlc.expr<` and `>`.
    std::string str() const;
  }];
}

def Dlc_CallKind : I32EnumAttr<"CallKind", "operation that is no polynomial", [
    I32EnumAttrCase<"floordiv", 0>, I32EnumAttrCase<"min", 1>, I32EnumAttrCase<"max", 2>,
    I32EnumAttrCase<"broadcast", 3>, I32EnumAttrCase<"integer", 4>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}

def Dlc_CallAttr : Dlc_Attr<"Call", "call"> {
  let summary = "a factor of an expression that is no symbol";
  let description = [{
    `floordiv` rounds towards minus infinity and divides by a positive constant; `broadcast` is the operand that is not
    1; `integer` is its one operand (the other one is 0), which unlike a size may be negative. Built only by the functions of
    dlc/IR/Expr.h, which simplify first.
  }];
  let parameters = (ins "::dlc::CallKind":$kind, "::dlc::ExprAttr":$lhs, "::dlc::ExprAttr":$rhs);
  let assemblyFormat = "`<` $kind `,` $lhs `,` $rhs `>`";
}

def Dlc_ExprArrayAttr : TypedArrayAttrBase<Dlc_ExprAttr, "array of expressions">;

//===-- Layouts -------------------------------------------------------------------------------------------------------===//

// How the elements of a tensor lie in its buffer, where that is not dense and row-major. A layout owns its padding: the
// producer of a value writes every element of the buffer, those that only the layout has too. dlc/IR/Layout.h has what
// all layouts answer.

def Dlc_ImageLayoutAttr : Dlc_Attr<"ImageLayout", "image_layout"> {
  let summary = "N x C x H x W with zero halo, planar or in blocks of channels";
  let description = [{
    With `block = B` the buffer is [N][ceil(C/B)][top+H+bottom][left+W+right][B], where lanes beyond C hold zeros;
    B = 1 is planar. `halo` is [top, left, bottom, right]; its elements are zeros.

    Example: `#dlc.image_layout<block = 16, halo = [1, 1, 1, 1]>`
  }];
  let parameters = (ins "int64_t":$block, ArrayRefParameter<"int64_t">:$halo);
  let assemblyFormat = "`<` `block` `=` $block `,` `halo` `=` `[` $halo `]` `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getTop() const { return getHalo()[0]; }
    int64_t getLeft() const { return getHalo()[1]; }
    int64_t getBottom() const { return getHalo()[2]; }
    int64_t getRight() const { return getHalo()[3]; }
    bool hasHalo() const;
  }];
}

def Dlc_FilterLayoutAttr : Dlc_Attr<"FilterLayout", "filter_layout"> {
  let summary = "a filter M x C x KH x KW, or a matrix M x C, in panels";
  let description = [{
    The buffer is [ceil(M/outputs)][ceil(C/inputs)][KH][KW][inputs][outputs], zeros beyond M and C: a kernel reads one
    panel of `outputs` output channels from front to back.

    With `winograd` the 3 x 3 taps of each channel are 36 factors, computed in double (see dlc/IR/Winograd.h), and the
    buffer is [ceil(M/outputs)][36][ceil(C/inputs)][inputs][outputs].

    Example: `#dlc.filter_layout<outputs = 32, inputs = 16>`
  }];
  let parameters = (ins "int64_t":$outputs, "int64_t":$inputs, DefaultValuedParameter<"bool", "false">:$winograd);
  let builders = [AttrBuilder<(ins "int64_t":$outputs, "int64_t":$inputs), [{
    return $_get($_ctxt, outputs, inputs, false);
  }]>];
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Dlc_GateLayoutAttr : Dlc_Attr<"GateLayout", "gate_layout"> {
  let summary = "the matrices of a recurrence, D x gates*H x K, in vectors of neighbours";
  let description = [{
    The buffer is [D][ceil(H/lanes)][K][gates][lanes], zeros beyond H: what all gates of `lanes` neighbours need of one
    element of the state lies together.

    Example: `#dlc.gate_layout<gates = 4, lanes = 16>`
  }];
  let parameters = (ins "int64_t":$gates, "int64_t":$lanes);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Dlc_RowLayoutAttr : Dlc_Attr<"RowLayout", "row_layout"> {
  let summary = "a matrix whose rows lie further apart than they are long";
  let description = [{
    The last dim of a value is its columns, all others together are its rows. The buffer is [rows][pitch]; what lies behind
    a row's columns is undefined, and nobody reads it.

    A kernel that reads an element of many rows at a time needs a cache line of each. Where rows lie a multiple of a page
    apart, all of these compete for the same few places of the first-level cache.

    Example: `#dlc.row_layout<pitch = 3088>`
  }];
  let parameters = (ins "int64_t":$pitch);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Dlc_PaddedLayoutAttr : Dlc_Attr<"PaddedLayout", "padded_layout"> {
  let summary = "a vector with zeros up to a multiple of elements";
  let parameters = (ins "int64_t":$multiple);
  let assemblyFormat = "`<` $multiple `>`";
  let genVerifyDecl = 1;
}

def Dlc_DeviceLayoutAttr : Dlc_Attr<"DeviceLayout", "device_layout"> {
  let summary = "elements as the products of a GPU take them: a type of their own, and channels that are neighbours";
  let description = [{
    Elements, f32 in all that is computed, are stored as `type`: f16, bf16, tf32 (an f32 whose lower 13 bits are zero) or
    f32. They lie dense and row-major; with `channels_last` the buffer is [N][H][W][C], of a filter [M][KH][KW][C], with zeros
    behind the channels up to a multiple of 16 bytes. A matrix has no H and W.

    Example: `#dlc.device_layout<f16, channels_last>`
  }];
  let parameters = (ins "::mlir::Type":$type, DefaultValuedParameter<"bool", "false">:$channelsLast);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getElementBytes() const;
    /// Elements of 16 bytes, which are copied as one.
    int64_t getChunk() const { return 16 / getElementBytes(); }
  }];
}

//===-- Weights -------------------------------------------------------------------------------------------------------===//

def Dlc_SourceAttr : Dlc_Attr<"Source", "source"> {
  let summary = "a file that weights are read from";
  let description = [{
    A row of the module's table `dlc.sources`. Files are known by content: `hash` is the XXH3 (128 bits, hexadecimal)
    of all bytes. No path reaches IR or artifact.
  }];
  let parameters = (ins StringRefParameter<>:$hash, "int64_t":$size);
  let assemblyFormat = "`<` struct(params) `>`";
}

def Dlc_RangeAttr : Dlc_Attr<"Range", "range"> {
  let summary = "bytes of a source";
  let description = [{`file` is a row of `dlc.sources`; `offset` and `length` are in bytes, at any alignment.}];
  let parameters = (ins "int64_t":$file, "int64_t":$offset, "int64_t":$length);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Dlc_PackAttr : Dlc_Attr<"Pack", "pack"> {
  let summary = "recipe step: store in a layout";
  let parameters = (ins "::mlir::Attribute":$layout);
  let assemblyFormat = "`<` $layout `>`";
  let genVerifyDecl = 1;
}

def Dlc_TransposeAttr : Dlc_Attr<"Transpose", "transpose"> {
  let summary = "recipe step: exchange the two dims of a matrix";
}

def Dlc_CombineKind : I32EnumAttr<"CombineKind", "arithmetic between weights", [
    I32EnumAttrCase<"add", 0>, I32EnumAttrCase<"sub", 1>, I32EnumAttrCase<"mul", 2>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}

def Dlc_CombineAttr : Dlc_Attr<"Combine", "combine"> {
  let summary = "recipe step: arithmetic with another weight";
  let description = [{
    Element [i, ...] becomes `element kind weight[i]`. The other weight is a vector with one element for each index of
    the first dim, and may have a recipe of its own. Steps of arithmetic are computed in f64 and rounded once, at their
    end; both weights are f32.

    Example: `#dlc.combine<mul, #dlc.weight<...>>`
  }];
  let parameters = (ins "::dlc::CombineKind":$kind, "::mlir::Attribute":$weight);
  let assemblyFormat = "`<` $kind `,` $weight `>`";
  let genVerifyDecl = 1;
}

def Dlc_RsqrtAttr : Dlc_Attr<"Rsqrt", "rsqrt"> {
  let summary = "recipe step: each element becomes 1 / sqrt(element + epsilon)";
  let parameters = (ins "::mlir::FloatAttr":$epsilon);
  let assemblyFormat = "`<` $epsilon `>`";
}

def Dlc_JoinAttr : Dlc_Attr<"Join", "join"> {
  let summary = "recipe step: the elements of another weight behind the others, along the first dim";
  let description = [{
    The other weight has the same element type and the same dims but the first one. It may have a recipe of its own, which
    joins and packs nothing. Behind a join there are only more of them, and packing.

    Example: `#dlc.join<#dlc.weight<...>>`
  }];
  let parameters = (ins "::mlir::Attribute":$weight);
  let assemblyFormat = "`<` $weight `>`";
  let genVerifyDecl = 1;
}

def Dlc_WeightAttr : Dlc_Attr<"Weight", "weight"> {
  let summary = "constant data by reference: a source and a recipe";
  let description = [{
    `source` is a `#dlc.range`, or a dense builtin attribute for small constants. Its elements are little-endian, dense
    and row-major, of `shape` and `type`. The steps of `recipe` are applied in order when the artifact is written.

    Example: `#dlc.weight<source = #dlc.range<file = 0, offset = 64, length = 128>, shape = [2, 16], type = f32,
    recipe = [#dlc.pack<#dlc.padded_layout<16>>]>`
  }];
  let parameters = (ins
    "::mlir::Attribute":$source,
    ArrayRefParameter<"int64_t">:$shape,
    "::mlir::Type":$elementType,
    OptionalArrayRefParameter<"::mlir::Attribute">:$recipe);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The shape after the recipe.
    ::llvm::SmallVector<int64_t> getResultShape() const;
    /// The layout that the recipe ends in; null where it packs nothing.
    ::mlir::Attribute getLayout() const;
    /// The same weight with one more step.
    WeightAttr withStep(::mlir::Attribute step) const;
    /// The weights (of this class) that the recipe joins; the first is this one without joins and layout.
    ::llvm::SmallVector<::mlir::Attribute> getParts() const;
  }];
}

//===-- Boxes, schedules, targets -------------------------------------------------------------------------------------===//

def Dlc_BoxKind : I32EnumAttr<"BoxKind", "rule family that drew a box", [
    I32EnumAttrCase<"loops", 0>, I32EnumAttrCase<"anchor", 1>, I32EnumAttrCase<"pool", 2>,
    I32EnumAttrCase<"rows", 3>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_BoxKindAttr : EnumAttr<Dlc_Dialect, Dlc_BoxKind, "box_kind"> {
  let assemblyFormat = "`` $value";
}

def Dlc_Algorithm : I32EnumAttr<"Algorithm", "how a box is computed", [
    I32EnumAttrCase<"direct_conv", 0>, I32EnumAttrCase<"row_conv", 1>, I32EnumAttrCase<"loops", 2>,
    I32EnumAttrCase<"pool", 3>, I32EnumAttrCase<"matmul", 4>,
    I32EnumAttrCase<"depthwise", 5>, I32EnumAttrCase<"rows", 6>, I32EnumAttrCase<"recurrence", 7>,
    I32EnumAttrCase<"blocks", 8>,
    I32EnumAttrCase<"cuda_loops", 9>, I32EnumAttrCase<"cuda_rows", 10>, I32EnumAttrCase<"cuda_gemm", 11>,
    I32EnumAttrCase<"cuda_matmul", 12>, I32EnumAttrCase<"cuda_window", 13>,
    I32EnumAttrCase<"winograd", 14>, I32EnumAttrCase<"attention", 15>, I32EnumAttrCase<"cuda_attention", 16>,
    I32EnumAttrCase<"cuda_wgmma", 17>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}

def Dlc_Precision : I32EnumAttr<"Precision", "what products are computed of", [
    I32EnumAttrCase<"fp32", 0>, I32EnumAttrCase<"tf32", 1>, I32EnumAttrCase<"fp16", 2>, I32EnumAttrCase<"bf16", 3>,
    I32EnumAttrCase<"tf32x3", 4>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}

def Dlc_ScheduleAttr : Dlc_Attr<"Schedule", "schedule"> {
  let summary = "everything that an emitter decides by";
  let description = [{
    `direct_conv` vectorizes over output channels: a tile is `pixels[i]` neighbours of a row times `channels` output
    channels (`channels / lanes` vectors), all accumulators in registers. `row_conv` vectorizes over a row: a tile is
    `channels` output channels times `pixels[i]` neighbours (`pixels[i] / lanes` vectors) of the `rows` rows of a task,
    which share what they load; rows of a band that has fewer are tiles of their own. `winograd`
    multiplies `pixels[i]` tiles of 4 x 4 pixels by the factors of a panel of output channels at a time, in registers over
    all input channels. `depthwise` convolves each
    channel of a blocked image with a filter of its own: a tile is `pixels[i]` neighbours of one block. `loops` evaluates
    its ops at `pixels[i]` neighbours of the innermost dim, of `channels` rows at a time: 1, or `lanes` where the
    columns of such a block lie side by side in an operand, which is transposed in registers. `blocks` evaluates
    elementwise ops and resizes at `pixels[i]` neighbours of one block of a blocked image, or copies them between a blocked and a planar one. `pool` reduces windows of a
    blocked image, a block of channels at a time. `rows` normalizes `rows` rows (of a softmax also `channels` neighbours)
    in several walks. `recurrence` walks along the steps of `pixels[i]` sequences at a time, with a vector of all gates of
    each (`channels` sums) in registers. A matrix product by constant weights is a `direct_conv` whose pixels are the rows of its left operand; others
    are computed by `matmul`, from operands as they lie: a tile is `pixels[i]` rows times `channels` columns. `attention`
    walks along blocks of keys: a tile is the scores of `pixels[i]` queries with `channels` keys, or as many rows of
    `channels` elements of the result.

    `pixels` lists tile widths, widest first; each handles what the ones before it leave over of a row, the last one
    all of it; what `pool` leaves over it takes pixel by pixel. A task is `rows` rows of the output (for `loops`: of the
    innermost dim, or blocks of them), for convolutions of one panel of `channels` output channels, for `blocks` and `pool` of one block of channels:
    task = (n * panels + panel) * bands + band, so that neighbours share the weights of a panel; for
    `direct_conv` (n * bands + band) * panels + panel, so that they share the rows of a band. It also writes the halo
    beside its rows; an output without rows has one band, for the halo alone. For `winograd` a task is `rows` tiles of 4 x 4 pixels of `channels` output
    channels, which are whole panels. For a `direct_conv` that is a matrix
    product a row is one of its left operand. Tiles of a `direct_conv` run over the ends of rows whose width is known and no multiple of the widest tile,
    where that has at most 8 pixels, which need an address each. A reduction by `pool` has a task for each block. For `matmul`, n counts the products and a band is
    `rows` rows of one. For `rows`, a task is `rows` rows along the last dims, or for a softmax along another dim the sums
    of `channels` neighbours. For `recurrence`, a task is all steps of `rows` sequences in one direction. For `attention`,
    n counts the heads of all of the batch and a band is `rows` queries of one.

    Algorithms that begin with `cuda_` run on the device, where a task is a block of threads. `cuda_loops` and
    `cuda_window` (a grouped convolution) have a thread for each vector of `lanes` neighbours of the results, `rows`
    threads in a block. `cuda_rows` normalizes or sums a row with the `rows` threads of a block, or for a softmax along another
    dim a column with each of them. `cuda_gemm` multiplies by weights in panels, as `direct_conv` does, and `cuda_matmul`
    by operands as they lie: a block computes a tile of `pixels[0]` pixels or rows times `channels` output channels or
    columns, a thread `pixels[1]` times `lanes` of them, in steps of `rows` elements of what is summed over. With a
    `precision` other than fp32 the operands are rounded to it and multiplied by tensor cores: a warp computes `pixels[1]`
    rows of a tile and half of its columns, or all where there are fewer than 32. With tf32x3 each operand, an f32, is the sum
    of two tf32, whose products but the smallest are summed. Where there are too few tiles, `slices`
    blocks share one: each sums over a part, and the last of them adds the parts in order. `cuda_wgmma` is a `cuda_gemm`
    by instructions of four warps, which read both operands in shared memory: these have `pixels[1]` rows of a tile, and
    all columns. `cuda_attention` has a block of
    `rows` threads for `pixels[0]` queries of a head, 16 for each warp; warps that have the same queries share `channels`
    keys of each step.

    Example: `#dlc.schedule<direct_conv, lanes = 16, channels = 32, pixels = [14, 1], rows = 1>`
  }];
  let parameters = (ins
    "::dlc::Algorithm":$algorithm,
    "int64_t":$lanes,
    "int64_t":$channels,
    ArrayRefParameter<"int64_t">:$pixels,
    "int64_t":$rows,
    DefaultValuedParameter<"::dlc::Precision", "::dlc::Precision::fp32">:$precision,
    DefaultValuedParameter<"int64_t", "1">:$slices);
  let assemblyFormat = [{
    `<` $algorithm `,` `lanes` `=` $lanes `,` `channels` `=` $channels `,` `pixels` `=` `[` $pixels `]` `,`
    `rows` `=` $rows (`,` `precision` `=` $precision^)? (`,` `slices` `=` $slices^)? `>`
  }];
  let builders = [AttrBuilder<(ins "::dlc::Algorithm":$algorithm, "int64_t":$lanes, "int64_t":$channels,
                                   "::llvm::ArrayRef<int64_t>":$pixels, "int64_t":$rows), [{
    return $_get($_ctxt, algorithm, lanes, channels, pixels, rows, ::dlc::Precision::fp32, 1);
  }]>];
  let extraClassDeclaration = [{
    /// Of a product that tensor cores compute: the columns of a warp's part of a tile.
    int64_t getWarpColumns() const {
      bool areHalves = getAlgorithm() != Algorithm::cuda_wgmma && getChannels() >= 32;
      return areHalves ? getChannels() / 2 : getChannels();
    }
    /// The threads of a block of such a product, or of one in fp32.
    int64_t getTileThreads() const;
    /// Of `direct_conv`: whether tiles run over the ends of rows of `width` pixels.
    bool joinsRows(int64_t width) const;
  }];
  let genVerifyDecl = 1;
}

def Dlc_TargetAttr : Dlc_Attr<"Target", "target"> {
  let summary = "the CPU that code is generated for";
  let description = [{
    `cpu` and `features` are LLVM's names. `lanes` is the number of f32 in a vector register (a power of two),
    `registers` the number of vector registers; `fma` says whether the CPU multiplies and adds in one step.

    Example: `#dlc.target<cpu = "znver4", features = "", lanes = 16, registers = 32, fma = true>`
  }];
  let parameters = (ins
    StringRefParameter<>:$cpu,
    StringRefParameter<>:$features,
    "int64_t":$lanes,
    "int64_t":$registers,
    "bool":$fma);
  let assemblyFormat = "`<` struct(params) `>`";
  let genVerifyDecl = 1;
}

def Dlc_DeviceAttr : Dlc_Attr<"Device", "device"> {
  let summary = "the GPU that code is generated for beside the CPU's";
  let description = [{
    `architecture` is the number of the oldest one that the code runs on; `machine_code` are those that the artifact should
    have machine code for, which starts without the driver's compiler. Where it is `specific`, as sm_90a is, the code uses
    what later ones do not have, and runs on this one alone.

    Products are of operands that are rounded to `precision`; their sums, and all else, are f32. What many convolutions
    follow is not rounded: see AssignLayouts.

    Example: `#dlc.device<architecture = 80, precision = tf32>`
  }];
  let parameters = (ins "int64_t":$architecture, "::dlc::Precision":$precision,
                        OptionalArrayRefParameter<"int64_t">:$machineCode,
                        DefaultValuedParameter<"bool", "false">:$specific);
  let assemblyFormat = [{
    `<` `architecture` `=` $architecture `,` `precision` `=` $precision (`,` `machine_code` `=` `[` $machineCode^ `]`)?
    (`,` `specific` `=` $specific^)? `>`
  }];
}

def Dlc_Space : I32EnumAttr<"Space", "where memory lies", [
    I32EnumAttrCase<"host", 0>, I32EnumAttrCase<"device", 1>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}

//===-- Enumerations of ops -------------------------------------------------------------------------------------------===//

def Dlc_GuardRelation : I32EnumAttr<"GuardRelation", "what must hold of two sizes", [
    I32EnumAttrCase<"equals", 0>, I32EnumAttrCase<"equals_or_one", 1>, I32EnumAttrCase<"differs_from", 2>,
    I32EnumAttrCase<"at_least", 3>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_GuardRelationAttr : EnumAttr<Dlc_Dialect, Dlc_GuardRelation, "guard_relation"> {
  let assemblyFormat = "$value";
}

def Dlc_ResizeCoordinates : I32EnumAttr<"ResizeCoordinates", "from an output index to an input coordinate", [
    I32EnumAttrCase<"half_pixel", 0>, I32EnumAttrCase<"pytorch_half_pixel", 1>,
    I32EnumAttrCase<"align_corners", 2>, I32EnumAttrCase<"asymmetric", 3>, I32EnumAttrCase<"half_pixel_symmetric", 4>,
    I32EnumAttrCase<"tf_half_pixel_for_nn", 5>, I32EnumAttrCase<"tf_crop_and_resize", 6>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ResizeCoordinatesAttr : EnumAttr<Dlc_Dialect, Dlc_ResizeCoordinates, "resize_coordinates"> {
  let assemblyFormat = "`` $value";
}

def Dlc_ResizeMode : I32EnumAttr<"ResizeMode", "which neighbours an element is made of", [
    I32EnumAttrCase<"nearest", 0>, I32EnumAttrCase<"linear", 1>, I32EnumAttrCase<"cubic", 2>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ResizeModeAttr : EnumAttr<Dlc_Dialect, Dlc_ResizeMode, "resize_mode"> {
  let assemblyFormat = "`` $value";
}

def Dlc_ResizeRounding : I32EnumAttr<"ResizeRounding", "from a coordinate to the nearest neighbour", [
    I32EnumAttrCase<"round_prefer_floor", 0>, I32EnumAttrCase<"round_prefer_ceil", 1>, I32EnumAttrCase<"floor", 2>,
    I32EnumAttrCase<"ceil", 3>, I32EnumAttrCase<"floor_or_ceil", 4>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ResizeRoundingAttr : EnumAttr<Dlc_Dialect, Dlc_ResizeRounding, "resize_rounding"> {
  let assemblyFormat = "`` $value";
}

def Dlc_ResizePolicy : I32EnumAttr<"ResizePolicy", "whether all dims are scaled alike", [
    I32EnumAttrCase<"stretch", 0>, I32EnumAttrCase<"not_larger", 1>, I32EnumAttrCase<"not_smaller", 2>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ResizePolicyAttr : EnumAttr<Dlc_Dialect, Dlc_ResizePolicy, "resize_policy"> {
  let assemblyFormat = "`` $value";
}

def Dlc_ReduceKind : I32EnumAttr<"ReduceKind", "how elements become one", [
    I32EnumAttrCase<"sum", 0>, I32EnumAttrCase<"mean", 1>, I32EnumAttrCase<"max", 2>, I32EnumAttrCase<"min", 3>,
    I32EnumAttrCase<"prod", 4>, I32EnumAttrCase<"l1", 5>, I32EnumAttrCase<"l2", 6>, I32EnumAttrCase<"sum_square", 7>,
    I32EnumAttrCase<"log_sum", 8>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ReduceKindAttr : EnumAttr<Dlc_Dialect, Dlc_ReduceKind, "reduce_kind"> {
  let assemblyFormat = "`` $value";
}

def Dlc_ConvTransposePads : I32EnumAttr<"ConvTransposePads", "where the pads of a transposed convolution come from", [
    I32EnumAttrCase<"given", 0>, I32EnumAttrCase<"same_upper", 1>, I32EnumAttrCase<"same_lower", 2>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_ConvTransposePadsAttr : EnumAttr<Dlc_Dialect, Dlc_ConvTransposePads, "conv_transpose_pads"> {
  let assemblyFormat = "`` $value";
}

def Dlc_CellKind : I32EnumAttr<"CellKind", "what a recurrence computes in a step", [
    I32EnumAttrCase<"rnn", 0>, I32EnumAttrCase<"gru", 1>, I32EnumAttrCase<"lstm", 2>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_CellKindAttr : EnumAttr<Dlc_Dialect, Dlc_CellKind, "cell_kind"> {
  let assemblyFormat = "`` $value";
}

def Dlc_Direction : I32EnumAttr<"Direction", "from which end a recurrence starts", [
    I32EnumAttrCase<"forward", 0>, I32EnumAttrCase<"reverse", 1>, I32EnumAttrCase<"bidirectional", 2>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_DirectionAttr : EnumAttr<Dlc_Dialect, Dlc_Direction, "direction"> {
  let assemblyFormat = "`` $value";
}

def Dlc_PadMode : I32EnumAttr<"PadMode", "what lies beside a tensor", [
    I32EnumAttrCase<"constant", 0>, I32EnumAttrCase<"reflect", 1>, I32EnumAttrCase<"edge", 2>,
    I32EnumAttrCase<"wrap", 3>]> {
  let cppNamespace = "::dlc";
  let genSpecializedAttr = 0;
}
def Dlc_PadModeAttr : EnumAttr<Dlc_Dialect, Dlc_PadMode, "pad_mode"> {
  let assemblyFormat = "`` $value";
}

#endif
