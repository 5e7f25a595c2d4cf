// RUN: dlc-opt %s --dlc-choose-schedules --verify-diagnostics

// expected-error @below {{expected module attribute 'dlc.target'}}
module {}
