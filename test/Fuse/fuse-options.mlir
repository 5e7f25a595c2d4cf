// RUN: dlc-opt %s --dlc-fuse=rules=conv-rule --verify-diagnostics

// expected-error @below {{unknown fusion rule 'conv-rule'; known are conv-elementwise, matmul-elementwise, norm-elementwise}}
module {}
