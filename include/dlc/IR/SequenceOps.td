// Ops along the steps of sequences. Included by DlcOps.td.
#ifndef DLC_IR_SEQUENCEOPS_TD
#define DLC_IR_SEQUENCEOPS_TD

//===-- Recurrences ---------------------------------------------------------------------------------------------------===//

def Dlc_RecurrenceOp
    : Dlc_Op<"recurrence", [Pure, AttrSizedOperandSegments,
                            DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface, ["getEqualDims"]>]> {
  let summary = "the steps of an RNN, a GRU or an LSTM";
  let description = [{
    `products` are those of the inputs, S x B x D*G*H for S steps, a batch of B, D directions, G gates and a state of H
    elements: input * W^T and all biases that are added to it. A step adds state * weights^T and applies the activations,
    with the state of the step before. The gates are those of ONNX, in its order: none for `rnn` (G is 1), z r h for
    `gru`, i o f c for `lstm`.

    `bias` is added to the product of the state before anything else, as a GRU with `linear_before_reset` needs it, whose
    reset gate multiplies that product; without, it multiplies the state. `lengths` are the steps of each sequence: later
    results are zeros. `peepholes` are the weights of the cell for i, o and f. With `input_forget`, f is 1 - i. `clip`
    bounds the sums that f and g are applied to. Lengths below 0 and above S count as 0 and S. There are activations for each direction (one for `rnn`, f g for `gru`,
    f g h for `lstm`), each with its `alphas` and `betas`, used or not.

    The results are the state after each step, S x D x B x H, the last state, and for `lstm` the last cell. What the
    sequence starts with are zeros where it is not given.

    Constraints:
    - C1: the dims are those said here; initial_h and initial_c are D x B x H, weights D x G*H x H, bias D x G*H, lengths
      B, peepholes D x 3*H
    - C2: all but lengths have the same element type
    - C3: initial_c, peepholes and last_c are those of an `lstm`
    - C4: there are as many activations, alphas and betas as the cell and directions need

    Example:
    ```mlir
    %y, %h = dlc.recurrence gru forward %products, %weights bias %bias activations ["Sigmoid", "Tanh"] alphas [0.0, 0.0]
       betas [0.0, 0.0] linear_before_reset
       : (!dlc.tensor<S x B x 12 x f32>, !dlc.tensor<1 x 12 x 4 x f32>, !dlc.tensor<1 x 12 x f32>)
         -> (!dlc.tensor<S x 1 x B x 4 x f32>, !dlc.tensor<1 x B x 4 x f32>)
    ```
  }];
  let arguments = (ins
    Dlc_CellKindAttr:$cell, Dlc_DirectionAttr:$direction, Dlc_Tensor:$products, Dlc_Tensor:$weights,
    Optional<Dlc_Tensor>:$bias, Optional<Dlc_Tensor>:$lengths, Optional<Dlc_Tensor>:$initial_h,
    Optional<Dlc_Tensor>:$initial_c, Optional<Dlc_Tensor>:$peepholes, StrArrayAttr:$activations,
    DenseF32ArrayAttr:$alphas, DenseF32ArrayAttr:$betas, OptionalAttr<F32Attr>:$clip, UnitAttr:$input_forget,
    UnitAttr:$linear_before_reset);
  let results = (outs Dlc_Tensor:$states, Dlc_Tensor:$last_h, Optional<Dlc_Tensor>:$last_c);
  let assemblyFormat = [{
    $cell $direction $products `,` $weights (`bias` $bias^)? (`lengths` $lengths^)? (`initial_h` $initial_h^)?
    (`initial_c` $initial_c^)? (`peepholes` $peepholes^)? `activations` $activations `alphas` $alphas `betas` $betas
    (`clip` $clip^)? (`input_forget` $input_forget^)? (`linear_before_reset` $linear_before_reset^)? attr-dict
    `:` functional-type(operands, results)
  }];
  let hasVerifier = 1;
  let extraClassDeclaration = [{
    int64_t getNumGates() { return getCell() == CellKind::rnn ? 1 : getCell() == CellKind::gru ? 3 : 4; }
    int64_t getNumDirections() { return getDirection() == Direction::bidirectional ? 2 : 1; }
    /// Activations of each direction.
    int64_t getNumActivations() { return getCell() == CellKind::rnn ? 1 : getCell() == CellKind::gru ? 2 : 3; }
  }];
}

//===-- Attention -----------------------------------------------------------------------------------------------------===//

def Dlc_AttentionOp
    : Dlc_Op<"attention", [Pure, DeclareOpInterfaceMethods<Dlc_ShapeInferenceInterface,
                                        ["getEqualDims", "getBroadcastDims"]>]> {
  let summary = "softmax(query * key^T * scale + mask) * value, for each head";
  let description = [{
    Queries are B x H x L x D, keys B x G x T x D, values B x G x T x E; the result is B x H x L x E. H is a multiple of
    G: that many neighbouring heads share keys and values. The scores, B x H x L x T, are multiplied by `scale`; with
    `softcap` score s becomes softcap * tanh(s / softcap). Then the mask, which broadcasts to them, is added, or where it is
    of i1 says which pairs may attend: the others have score `blocked`, or where it is absent -infinity. With `causal`,
    query i attends to no key behind key i. A query that may attend to nothing gets zeros, or with `nan_blocked` NaNs, as a
    softmax of -infinity alone does.

    Constraints:
    - C1: all operands but the mask have the element type of the result, and rank 4
    - C2: the dims are those said here, and H is known to be a multiple of G
    - C3: the mask has rank 1 to 4 and dims of the scores or 1
    - C4: with `blocked` there is a mask of i1

    Example:
    ```mlir
    %0 = dlc.attention %q, %k, %v mask %m scale 1.250000e-01 : (!dlc.tensor<N x 8 x S x 64 x f32>,
       !dlc.tensor<N x 8 x T x 64 x f32>, !dlc.tensor<N x 8 x T x 64 x f32>, !dlc.tensor<N x 1 x 1 x T x i1>)
       -> !dlc.tensor<N x 8 x S x 64 x f32>
    ```
  }];
  let arguments = (ins Dlc_Tensor:$query, Dlc_Tensor:$key, Dlc_Tensor:$value, Optional<Dlc_Tensor>:$mask, F32Attr:$scale,
                       OptionalAttr<F32Attr>:$softcap, OptionalAttr<F32Attr>:$blocked, UnitAttr:$is_causal,
                       UnitAttr:$nan_blocked);
  let results = (outs Dlc_Tensor:$result);
  let assemblyFormat = [{
    $query `,` $key `,` $value (`mask` $mask^)? `scale` $scale (`softcap` $softcap^)? (`blocked` $blocked^)?
    (`causal` $is_causal^)? (`nan_blocked` $nan_blocked^)? attr-dict `:` functional-type(operands, results)
  }];
  let extraClassDeclaration = [{
    /// B x H x L x T
    ::llvm::SmallVector<ExprAttr> getScoreDims();
  }];
}

#endif
