// Passes of the graph phase.
#ifndef DLC_GRAPH_PASSES_TD
#define DLC_GRAPH_PASSES_TD

include "mlir/Pass/PassBase.td"

def InlineFunctions : Pass<"dlc-inline-functions", "::mlir::ModuleOp"> {
  let summary = "Put the bodies of functions in the place of their calls";
  let description = [{
    Afterwards no calls and no private functions are left.

    ```mlir
    func.func private @twice(%t: !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32> {
      %0 = dlc.add %t, %t : (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
      return %0 : !dlc.tensor<* x f32>
    }
    %1 = call @twice(%x) : (!dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
    // becomes
    %1 = dlc.add %x, %x : (!dlc.tensor<* x f32>, !dlc.tensor<* x f32>) -> !dlc.tensor<* x f32>
    ```
  }];
}

def SpecializeShapes : Pass<"dlc-specialize-shapes", "::mlir::ModuleOp"> {
  let summary = "Give dims of the inputs the values, names and ranges that a user declares";
  let description = [{
    A dim with a name becomes a number or gets another name, everywhere; dims of one name are equal. A dim that the model
    says must be given as it is. Ranges reach the artifact, and a run outside of them is refused. Hints are the usual
    values of symbols, which the memory plan compares sizes at.

    Versions are copies of `main` for some sizes, with attribute `dlc.when`, before it: one for each value, and for each
    combination where several symbols have values. A run takes the first version that fits, and `main` where none does.

    ```mlir
    // --dlc-specialize-shapes='shapes={{x=N,H,W}} ranges=H=1:1024 versions={{N=1}}'
    func.func @main(%x: !dlc.tensor<M x A x B x f32> {dlc.name = "x"})
    // becomes
    func.func @main_1(%x: !dlc.tensor<1 x H x W x f32> {dlc.name = "x"}) attributes {dlc.when = {N = 1}}
    func.func @main(%x: !dlc.tensor<N x H x W x f32> {dlc.name = "x"})
    ```
  }];
  let options = [
    ListOption<"shapes", "shapes", "std::string", "Shapes of inputs, each NAME=DIM,DIM,...">,
    ListOption<"ranges", "ranges", "std::string", "Ranges of symbols, each SYMBOL=MIN:MAX">,
    ListOption<"hints", "hints", "std::string", "Usual values of symbols, each SYMBOL=VALUE">,
    ListOption<"versions", "versions", "std::string", "Values to make versions for, each SYMBOL=VALUE,VALUE,...">];
}

def InferShapes : Pass<"dlc-infer-shapes", "::mlir::ModuleOp"> {
  let summary = "Compute the shape of every value as an expression over symbols";
  let description = [{
    Visits the ops of each function in order and gives their results the types that `inferShapes` computes; function
    types follow. Every op is visited, so that all problems of a model are reported at once.

    Ops that find shapes, axes or bounds in tensors become ops that have them as attributes, as far as the elements of
    small tensors are known. Elements that are not known become symbols (`dlc.bind`). Where not even that is possible
    the op becomes a call of its library function, whose results are handles that `dlc.match` gives new symbols. Sizes
    that must be equal but are not known to be get a `dlc.guard`. Branches and loops are inferred with what all of their
    branches and iterations have in common.

    ```mlir
    %0 = dlc.relu %x : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<* x f32>
    // becomes
    %0 = dlc.relu %x : (!dlc.tensor<N x 8 x f32>) -> !dlc.tensor<N x 8 x f32>
    ```
  }];
}

def WidenHalves : Pass<"dlc-widen-halves", "::mlir::ModuleOp"> {
  let summary = "Compute in f32 where a program of f16 or bf16 has more than elementwise ops";
  let description = [{
    Products, sums, norms and what else has kernels for f32 alone take and give f32 in place of halves, and so does the
    arithmetic around them; moves of such values follow. A value is rounded to a half where it leaves: for an output, a
    branch or a loop, a library call, a comparison, or an op whose result jumps, such as a floor. Between two such
    ops it is not rounded, as in ONNX Runtime; a cast to halves that the model has stays. Programs that are elementwise
    throughout have kernels for halves, and stay what they are.

    ```mlir
    %0 = dlc.matmul %x, %w : (!dlc.tensor<N x 8 x f16>, !dlc.tensor<8 x 4 x f16>) -> !dlc.tensor<N x 4 x f16>
    %1 = dlc.relu %0 : (!dlc.tensor<N x 4 x f16>) -> !dlc.tensor<N x 4 x f16>
    // becomes
    %2 = dlc.cast %x : (!dlc.tensor<N x 8 x f16>) -> !dlc.tensor<N x 8 x f32>
    %3 = dlc.cast %w : (!dlc.tensor<8 x 4 x f16>) -> !dlc.tensor<8 x 4 x f32>
    %4 = dlc.matmul %2, %3 : (!dlc.tensor<N x 8 x f32>, !dlc.tensor<8 x 4 x f32>) -> !dlc.tensor<N x 4 x f32>
    %5 = dlc.relu %4 : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<N x 4 x f32>
    %1 = dlc.cast %5 : (!dlc.tensor<N x 4 x f32>) -> !dlc.tensor<N x 4 x f16>
    ```
  }];
}

def JoinPixelChannels : Pass<"dlc-join-pixel-channels", "::mlir::ModuleOp"> {
  let summary = "Make channels of a pixel neighbours among the channels that become pixels";
  let description = [{
    Where channels of a convolution by constants become pixels, and each one makes neighbouring pixels, filter and bias
    are brought into the order in which each pixel is made of neighbouring channels. Folding the constants does the rest.

    ```mlir
    %0 = dlc.conv %x, %w ... -> !dlc.tensor<1 x 256 x H x W x f32>
    %1 = dlc.view %0 : <1 x 256 x H x W x f32> -> <1 x 64 x 2 x 2 x H x W x f32>
    %2 = dlc.transpose %1 perm [0, 1, 4, 2, 5, 3] : ...
    // becomes, with another %w
    %0 = dlc.conv %x, %w ... -> !dlc.tensor<1 x 256 x H x W x f32>
    %1 = dlc.view %0 : <1 x 256 x H x W x f32> -> <1 x 2 x 2 x 64 x H x W x f32>
    %2 = dlc.transpose %1 perm [0, 3, 4, 1, 5, 2] : ...
    ```
  }];
}

def HoistBatchNorm : Pass<"dlc-hoist-batch-norm", "::mlir::ModuleOp"> {
  let summary = "Move batch normalizations in front of what makes channels pixels";
  let description = [{
    A normalization by constants of pixels that channels of a convolution by constants become, as those of a transposed
    convolution, is one of these channels: its vectors are repeated for each pixel. The convolution then takes it.

    ```mlir
    %0 = dlc.conv %x, %filter ... -> !dlc.tensor<1 x 256 x H x W x f32>
    %1 = dlc.view %0 : <1 x 256 x H x W x f32> -> <1 x 2 x 2 x 64 x H x W x f32>
    %2 = dlc.transpose %1 perm [0, 3, 4, 1, 5, 2] : ...
    %3 = dlc.view %2 : <1 x 64 x H x 2 x W x 2 x f32> -> <1 x 64 x 2*H x 2*W x f32>
    %4 = dlc.batch_norm %3, %scale, %shift, %mean, %variance epsilon 1.0e-05 : ...
    // becomes
    %0 = dlc.conv %x, %filter ... -> !dlc.tensor<1 x 256 x H x W x f32>
    %1 = dlc.batch_norm %0, %scale4, %shift4, %mean4, %variance4 epsilon 1.0e-05 : ...
    %2 = dlc.view %1 : <1 x 256 x H x W x f32> -> <1 x 2 x 2 x 64 x H x W x f32>
    %3 = dlc.transpose %2 perm [0, 3, 4, 1, 5, 2] : ...
    %4 = dlc.view %3 : <1 x 64 x H x 2 x W x 2 x f32> -> <1 x 64 x 2*H x 2*W x f32>
    ```
  }];
}

def CropFilters : Pass<"dlc-crop-filters", "::mlir::ModuleOp"> {
  let summary = "Crop filters to the taps that reach the image";
  let description = [{
    In a spatial dim whose sizes are known, taps at the ends of a filter that lie in the pads for all outputs are left out,
    and as many pads. What is left is a slice of the filter, which is folded where the filter is a constant.

    ```mlir
    %0 = dlc.conv %x, %filter strides [1, 1] pads [24, 24, 24, 24] dilations [24, 24] group 1
       : (!dlc.tensor<N x 8 x 20 x 20 x f32>, !dlc.tensor<4 x 8 x 3 x 3 x f32>) -> !dlc.tensor<N x 4 x 20 x 20 x f32>
    // becomes
    %middle = dlc.slice %filter starts [#dlc.expr<0>, #dlc.expr<0>, #dlc.expr<1>, #dlc.expr<1>]
              sizes [#dlc.expr<4>, #dlc.expr<8>, #dlc.expr<1>, #dlc.expr<1>] steps [1, 1, 1, 1]
            : (!dlc.tensor<4 x 8 x 3 x 3 x f32>) -> !dlc.tensor<4 x 8 x 1 x 1 x f32>
    %0 = dlc.conv %x, %middle strides [1, 1] pads [0, 0, 0, 0] dilations [24, 24] group 1
       : (!dlc.tensor<N x 8 x 20 x 20 x f32>, !dlc.tensor<4 x 8 x 1 x 1 x f32>) -> !dlc.tensor<N x 4 x 20 x 20 x f32>
    ```
  }];
}

def SplitVolumes : Pass<"dlc-split-volumes", "::mlir::ModuleOp"> {
  let summary = "Compute volumes as images of their planes";
  let description = [{
    A convolution over three dims by a constant filter becomes one over two: the planes that an output plane sees are
    joined along channels, and the filter has as many more. So do the ops behind it that volumes of such images
    reach: batch normalizations, elementwise ops, concatenations of channels, what makes channels pixels, and reductions
    over all places. Poolings run along the planes, then along the depth.
    What needs the volume itself gets it by a transposition. A convolution by a filter that only the run knows stays
    what it is, and so a library call.

    ```mlir
    %0 = dlc.conv %x, %w strides [1, 1, 1] pads [1, 1, 1, 1, 1, 1] dilations [1, 1, 1] group 1
       : (!dlc.tensor<1 x 8 x D x H x W x f32>, !dlc.tensor<4 x 8 x 3 x 3 x 3 x f32>) -> !dlc.tensor<1 x 4 x D x H x W x f32>
    // becomes
    %planes = dlc.transpose %x perm [0, 2, 1, 3, 4] : ... -> !dlc.tensor<1 x D x 8 x H x W x f32>
    %0 = dlc.pad constant %planes ... -> !dlc.tensor<1 x D + 2 x 1 x 8 x H x W x f32>
    %1 = dlc.slice %0 ... -> !dlc.tensor<1 x D x 1 x 8 x H x W x f32> // from planes 0, 1 and 2 on
    %4 = dlc.concat %1, %2, %3 axis 3 : ... -> !dlc.tensor<1 x D x 1 x 24 x H x W x f32>
    %5 = dlc.view %4 : ... -> !dlc.tensor<D x 24 x H x W x f32>
    %6 = dlc.conv %5, %w2 strides [1, 1] pads [1, 1, 1, 1] dilations [1, 1] group 1
       : (!dlc.tensor<D x 24 x H x W x f32>, !dlc.tensor<4 x 24 x 3 x 3 x f32>) -> !dlc.tensor<D x 4 x H x W x f32>
    %7 = dlc.view %6 : ... -> !dlc.tensor<1 x D x 4 x H x W x f32>
    %8 = dlc.transpose %7 perm [0, 2, 1, 3, 4] : ... -> !dlc.tensor<1 x 4 x D x H x W x f32>
    ```
  }];
}

def FoldConstants : Pass<"dlc-fold-constants", "::mlir::ModuleOp"> {
  let summary = "Compute ops whose operands are constants";
  let description = [{
    Ops that a function of the op library computes, and whose operands are constants of known shape. Results of at most
    64 elements become dense constants; larger ones lie in a source of their own, which the compiler keeps beside the
    model's. A function that fails is an error, except in a branch or a loop, which may never be entered.

    What would cost more than it saves stays as it is: results of more than 64 KiB and more than four times the size of
    their operands (expansions), and what a few seconds or the budget are too short for. The budget counts all bytes
    that are written, results that other folded ops use up as well; they are on disk, not in memory.

    ```mlir
    %0 = dlc.constant dense<[1.0, -2.0]> : tensor<2xf32> -> <2 x f32>
    %1 = dlc.relu %0 : (!dlc.tensor<2 x f32>) -> !dlc.tensor<2 x f32>
    // becomes
    %1 = dlc.constant dense<[1.0, 0.0]> : tensor<2xf32> -> <2 x f32>
    ```
  }];
  let options = [
    Option<"budget", "budget", "uint64_t", "uint64_t(1) << 31", "Bytes that folding may write to the temporary folder">];
}

def FoldBatchNorm : Pass<"dlc-fold-batch-norm", "::mlir::ModuleOp"> {
  let summary = "Fold batch normalizations into the convolutions before them";
  let description = [{
    Filter and bias of the convolution get recipe steps; nothing is computed here. A normalization that follows no
    convolution, or one whose result is used elsewhere too, becomes a product and a sum.

    ```mlir
    %0 = dlc.conv %x, %filter ...
    %1 = dlc.batch_norm %0, %scale, %shift, %mean, %variance epsilon 1.0e-05 : ...
    // becomes, with factors scale / sqrt(variance + epsilon)
    %1 = dlc.conv %x, %filter_times_factors, %shift_minus_mean_times_factors ...
    ```
  }];
}

def ExpandConv : Pass<"dlc-expand-conv", "::mlir::ModuleOp"> {
  let summary = "Make convolutions by computed filters matrix products";
  let description = [{
    Convolutions over two dims of f32 whose filter, of known size, or bias is not a constant: each tap is a slice of the padded
    input, and the taps of a pixel and group are a column of the right operand.

    ```mlir
    %0 = dlc.conv %x, %filter strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1
       : (!dlc.tensor<N x 8 x H x W x f32>, !dlc.tensor<4 x 8 x 1 x 2 x f32>) -> !dlc.tensor<N x 4 x H x W - 1 x f32>
    // becomes
    %left = dlc.slice %x ... -> !dlc.tensor<N x 8 x H x W - 1 x f32>
    %right = dlc.slice %x ... -> !dlc.tensor<N x 8 x H x W - 1 x f32>
    %1 = dlc.concat ... dim 3 : ... -> !dlc.tensor<N x 1 x 8 x 2 x H x W - 1 x f32>
    %2 = dlc.view %1 : ... -> <N x 1 x 16 x H*W - H x f32>
    %3 = dlc.view %filter : ... -> <1 x 4 x 16 x f32>
    %4 = dlc.matmul %3, %2 : ... -> !dlc.tensor<N x 1 x 4 x H*W - H x f32>
    %0 = dlc.view %4 : ... -> <N x 4 x H x W - 1 x f32>
    ```
  }];
}

def ExpandEinsum : Pass<"dlc-expand-einsum", "::mlir::ModuleOp"> {
  let summary = "Make an einsum of two tensors a matrix product";
  let description = [{
    Calls of library function `einsum` on two tensors of f32 where each label of a term is in the other term or in the result.
    Labels of all three are batch dims; those of one term become rows and columns, and the others are summed over.

    ```mlir
    %0 = dlc.library_call "einsum"(%x, %y) {equation = "bhwc,hkc->bhwk"} : ...
    // becomes
    %0 = dlc.transpose %x perm [1, 0, 2, 3] : ... -> !dlc.tensor<H x B x W x C x f32>
    %1 = dlc.view %0 : ... -> !dlc.tensor<H x B*W x C x f32>
    %2 = dlc.transpose %y perm [0, 2, 1] : ... -> !dlc.tensor<H x C x K x f32>
    %3 = dlc.matmul %1, %2 : ... -> !dlc.tensor<H x B*W x K x f32>
    %4 = dlc.view %3 : ... -> !dlc.tensor<H x B x W x K x f32>
    %5 = dlc.transpose %4 perm [1, 0, 2, 3] : ... -> !dlc.tensor<B x H x W x K x f32>
    ```
  }];
}

def ExpandIndexTuples : Pass<"dlc-expand-index-tuples", "::mlir::ModuleOp"> {
  let summary = "Make gathers and scatters by tuples of indices gathers along a dim";
  let description = [{
    Calls of library function `gather_nd` without batch dims, whose tuples have a known length. A tuple with an index out of
    range gets a number out of range, so that the gather reports it. So do calls of `scatter_nd` that combine nothing and
    have an update: each row of the result is that of the last update which names it, or the input's.

    ```mlir
    %0 = dlc.library_call "gather_nd"(%x, %i) : (!dlc.tensor<N x M x K x f32>, !dlc.tensor<L x 2 x i64>) -> ...
    // becomes
    %0 = ... : !dlc.tensor<L x i64> // (i[.., 0] mod N) * M + i[.., 1] mod M
    %1 = dlc.view %x : <N x M x K x f32> -> <M*N x K x f32>
    %2 = dlc.gather %1, %0 axis 0 : ...

    %0 = dlc.library_call "scatter_nd"(%x, %i, %u) : (!dlc.tensor<N x K x f32>, !dlc.tensor<8 x 1 x i64>, !dlc.tensor<8 x K x f32>) -> ...
    // becomes
    %0 = ... : !dlc.tensor<8 x i64> // i mod N
    %1 = dlc.last_writer %0 : (!dlc.tensor<8 x i64>) -> !dlc.tensor<N x i64>
    %2 = dlc.gather %u, %max_of_1_and_0 axis 0 : ...
    %3 = dlc.select %1_is_not_negative, %2, %x : ...
    ```
  }];
}

def RecognizeComposites : Pass<"dlc-recognize-composites", "::mlir::ModuleOp"> {
  let summary = "Make one op again of what exporters have taken apart";
  let description = [{
    Layer normalizations, also those by the root mean square alone, softmax, and biases of matrix products. Squares and
    cubes become products, and constants of one element scalars. Views of rows move from behind a product with weights or a
    softmax to where they may meet another one. Expects common subexpressions to be one value.

    ```mlir
    %0 = dlc.reduce mean %x axes [-1] keep_dims : ...
    %1 = dlc.sub %x, %0 : ...
    %2 = dlc.mul %1, %1 : ...
    %3 = dlc.reduce mean %2 axes [-1] keep_dims : ...
    %4 = dlc.add %3, %epsilon : ...
    %5 = dlc.sqrt %4 : ...
    %6 = dlc.div %1, %5 : ...
    %7 = dlc.mul %6, %scale : ...
    // becomes
    %7 = dlc.layer_norm %x scale %scale axis 1 epsilon 1.0e-05 : ...
    ```
  }];
}

def RecognizeAttention : Pass<"dlc-recognize-attention", "::mlir::ModuleOp"> {
  let summary = "Make attention one op";
  let description = [{
    Calls of library function `attention` on f32 tensors batch x heads x length x size, or batch x length x heads * size;
    and a product by the softmax of a product, whose scores may be scaled, before or after the product, and masked by a
    sum or by a choice of -infinity. Dims must be known not to broadcast but for those of the mask. A query of a softmax
    that its mask lets attend to nothing gets NaNs, unless zeros are chosen for these. All else stays.

    ```mlir
    %0 = dlc.mul %q, %half : ...
    %1 = dlc.matmul %0, %k transpose_rhs : ...
    %2 = dlc.softmax %1 axis -1 : ...
    %3 = dlc.matmul %2, %v : ...
    // becomes
    %3 = dlc.attention %q, %k, %v scale 5.000000e-01 nan_blocked : ...
    ```
  }];
}

def JoinProducts : Pass<"dlc-join-products", "::mlir::ModuleOp"> {
  let summary = "Make products of one value with several weights one product";
  let description = [{
    Matrix products of one left operand with weights, all of them with a bias of weights or none, whose results only
    attentions read, through moves of heads: their kernels read parts of a value in place. The weights, transposed, and the
    biases are joined when the artifact is written.

    ```mlir
    %q = dlc.matmul %x, %wq : (!dlc.tensor<S x 8 x f32>, !dlc.tensor<8 x 4 x f32>) -> !dlc.tensor<S x 4 x f32>
    %k = dlc.matmul %x, %wk : (!dlc.tensor<S x 8 x f32>, !dlc.tensor<8 x 6 x f32>) -> !dlc.tensor<S x 6 x f32>
    // becomes
    %0 = dlc.matmul %x, %w transpose_rhs : (!dlc.tensor<S x 8 x f32>, !dlc.tensor<10 x 8 x f32>) -> !dlc.tensor<S x 10 x f32>
    %q = dlc.slice %0 ... -> !dlc.tensor<S x 4 x f32>
    %k = dlc.slice %0 ... -> !dlc.tensor<S x 6 x f32>
    ```
  }];
}

def HoistElementwise : Pass<"dlc-hoist-elementwise", "::mlir::ModuleOp"> {
  let summary = "Compute elementwise ops before views and transpositions of a product";
  let description = [{
    An elementwise op of one value, and of scalars, changes places with the views and transpositions before it where a
    product alone feeds them: its kernel then takes the op into its epilogue, as behind a transposed convolution whose
    channels become pixels. So does an op of several values that are all shown in the same way, as those of a convolution of
    three dims are, whose products have four.

    ```mlir
    %0 = dlc.matmul %x, %w : (!dlc.tensor<S x 8 x f32>, !dlc.tensor<8 x 4 x f32>) -> !dlc.tensor<S x 4 x f32>
    %1 = dlc.transpose %0 perm [1, 0] : (!dlc.tensor<S x 4 x f32>) -> !dlc.tensor<4 x S x f32>
    %2 = dlc.relu %1 : (!dlc.tensor<4 x S x f32>) -> !dlc.tensor<4 x S x f32>
    // becomes
    %0 = dlc.matmul %x, %w : (!dlc.tensor<S x 8 x f32>, !dlc.tensor<8 x 4 x f32>) -> !dlc.tensor<S x 4 x f32>
    %1 = dlc.relu %0 : (!dlc.tensor<S x 4 x f32>) -> !dlc.tensor<S x 4 x f32>
    %2 = dlc.transpose %1 perm [1, 0] : (!dlc.tensor<S x 4 x f32>) -> !dlc.tensor<4 x S x f32>
    ```
  }];
}

#endif
