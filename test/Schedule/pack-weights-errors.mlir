// RUN: dlc-opt %s --dlc-pack-weights --verify-diagnostics --split-input-file

!x = !dlc.tensor<1 x 1 x H x W x f32>
!w = !dlc.tensor<1 x 1 x 1 x 1 x f32>

func.func @without_schedule(%x: !x, %w: !w) {
  // expected-error @below {{expected a schedule}}
  %0 = dlc.kernel anchor (%x, %w) : (!x, !w) -> !x {
  ^bb0(%a: !x, %b: !w):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !x
    dlc.yield %1 : !x
  }
  return
}

// -----

!x = !dlc.tensor<1 x 1 x H x W x f32>
!w = !dlc.tensor<1 x 1 x 1 x 1 x f32>

func.func @computed_filter(%x: !x, %w: !w) {
  // expected-error @below {{expected constant weights}}
  %0 = dlc.kernel anchor (%x, %w) schedule <direct_conv, lanes = 16, channels = 16, pixels = [14, 1], rows = 1> : (!x, !w) -> !x {
  ^bb0(%a: !x, %b: !w):
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !x
    dlc.yield %1 : !x
  }
  return
}

// -----

!x = !dlc.tensor<1 x 1 x H x W x f32>
!w = !dlc.tensor<1 x 1 x 1 x 1 x f32>

func.func @filter_inside(%x: !x) {
  // expected-error @below {{expected weights that are operands of the box}}
  %0 = dlc.kernel anchor (%x) schedule <direct_conv, lanes = 16, channels = 16, pixels = [14, 1], rows = 1> : (!x) -> !x {
  ^bb0(%a: !x):
    %b = dlc.constant dense<1.0> : tensor<1x1x1x1xf32> -> !w
    %1 = dlc.conv %a, %b strides [1, 1] pads [0, 0, 0, 0] dilations [1, 1] group 1 : (!x, !w) -> !x
    dlc.yield %1 : !x
  }
  return
}
