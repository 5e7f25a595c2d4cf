// Passes of the schedule phase.
#ifndef DLC_SCHEDULE_PASSES_TD
#define DLC_SCHEDULE_PASSES_TD

include "mlir/Pass/PassBase.td"

def InsertReorders : Pass<"dlc-insert-reorders", "::mlir::ModuleOp"> {
  let summary = "Copy images into and out of blocks where that makes a convolution much faster";
  let description = [{
    Convolutions in Winograd's form read and write blocks of channels. Where another box keeps such an image planar, and
    the form saves more than a copy takes, a box that copies goes in between; layouts are assigned afterwards. Where
    channels of a convolution become pixels, the result lies in blocks, too: others read a copy. A direct convolution reads
    a copy of a planar image where that takes less than its many channels, which lie far from each other, would cost it.

    ```mlir
    %1 = dlc.kernel anchor (%planar, %w) ... { ... dlc.conv ... }
    // becomes
    %0 = dlc.kernel loops (%planar) ... { ^bb0(%a: ...): dlc.yield %a }
    %1 = dlc.kernel anchor (%0, %w) ... { ... dlc.conv ... }
    ```
  }];
  let options = [Option<"winograd", "winograd", "bool", "true", "Whether convolutions may run in Winograd's form">];
}

def AssignLayouts : Pass<"dlc-assign-layouts", "::mlir::ModuleOp"> {
  let summary = "Choose the layout of each value between boxes";
  let description = [{
    A value gets the halo that the convolutions which read it need, and blocks of channels where all boxes that write
    and read it can handle them. Rows that one matrix product writes for others lie a little further apart where they
    would be a multiple of half a page long. The program's inputs and outputs stay dense, and so does what views show.

    On a device that rounds operands of products, what a product reads or writes lies in their type, and images lie with
    channels last. What more than 40 convolutions follow, one after the other, lies as f32.

    ```mlir
    %0 = dlc.kernel loops (%x) ... -> !dlc.tensor<1 x 8 x H x W x f32> { ... }
    %1 = dlc.kernel anchor (%0, %w) ... { ... dlc.conv ... pads [1, 1, 1, 1] ... }
    // becomes
    %0 = dlc.kernel loops (%x) ...
      -> !dlc.tensor<1 x 8 x H x W x f32, #dlc.image_layout<block = 1, halo = [1, 1, 1, 1]>> { ... }
    ```
  }];
}

def ChooseSchedules : Pass<"dlc-choose-schedules", "::mlir::ModuleOp"> {
  let summary = "Choose algorithm and tiles of each box for the module's target";
  let description = [{
    Convolutions with fewer output channels than half a vector run along rows (`row_conv`), others across output
    channels (`direct_conv`), with as many accumulators as the vector registers hold; so do matrix products by
    constants, whose rows stand for pixels. Tasks of a `direct_conv` are bands of rows, whose inputs stay in the L2 cache
    while all panels of channels read them, and tiles run over the ends of narrow rows. Other products are `matmul`. Convolutions of one channel each are
    `depthwise`, windows and reductions of blocked images `pool`, elementwise ops on them and resizes `blocks`, softmaxes `softmax`, and
    everything else `loops`. Convolutions by 3 x 3 filters of many channels are computed in Winograd's form (`winograd`) where
    a model of the cycles says that this is faster. It rounds differently: by some 3e-6 of the largest output, where a
    direct sum rounds by 1e-6. An infinity or a NaN of the input reaches all of a tile of 4 x 4 outputs.

    ```mlir
    %1 = dlc.kernel anchor (%x, %w) : ... { ... dlc.conv ... }
    // becomes, for 16 lanes and 32 registers
    %1 = dlc.kernel anchor (%x, %w)
      schedule <direct_conv, lanes = 16, channels = 32, pixels = [14, 4, 1], rows = 6> : ... { ... dlc.conv ... }
    ```

    In a module with a device a box gets an algorithm of the device's (`cuda_loops`, ...) where there is one for all of its ops.
    Products are computed of operands in the device's precision, or of pairs of tf32 (tf32x3) where these lie as f32 because
    many convolutions follow.
  }];
  let options = [Option<"winograd", "winograd", "bool", "true", "Whether convolutions may run in Winograd's form">,
                 Option<"explain", "explain", "bool", "false", "Say in a remark which boxes run on the host beside a device, and why">];
}

def PackWeights : Pass<"dlc-pack-weights", "::mlir::ModuleOp"> {
  let summary = "Give the weights of convolutions and matrix products the layouts that their kernels read";
  let description = [{
    Filters and matrices become panels of output channels, biases are padded to whole panels. Only the recipe is written here; the
    package phase carries it out.

    ```mlir
    %w = dlc.constant #dlc.weight<source = ..., shape = [64, 3, 9, 9], type = f32>
    // becomes
    %w = dlc.constant #dlc.weight<source = ..., shape = [64, 3, 9, 9], type = f32,
      recipe = [#dlc.pack<#dlc.filter_layout<outputs = 32, inputs = 1>>]>
    ```
  }];
}

#endif
