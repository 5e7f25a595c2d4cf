// Writes ONNX's wire format by hand, so that tests can also write what no library would.
#ifndef DLC_TEST_UNIT_IMPORT_ONNXWRITER_H
#define DLC_TEST_UNIT_IMPORT_ONNXWRITER_H

#include "llvm/ADT/ArrayRef.h"
#include "llvm/ADT/StringRef.h"

#include <string>

namespace dlc::test {

std::string varint(uint64_t value);
/// A field of wire type 0.
std::string number(unsigned field, uint64_t value);
/// A field of wire type 2: text, bytes, a message or a packed list.
std::string bytes(unsigned field, llvm::StringRef content);

/// A TensorProto of f32 with `data` as its field of this number.
std::string floatTensor(llvm::StringRef name, llvm::ArrayRef<int64_t> dims, unsigned field,
                        llvm::StringRef data);

/// The data of the filter of `convModel`.
std::string convFilter();
/// A model of Conv (input 1 x 3 x H x W, filter 8 x 3 x 3 x 3 as raw data, bias as float data) and
/// Relu.
std::string convModel();
/// A model that calls function "f" (attribute "k", a LeakyRelu and a call of "g") twice.
std::string functionModel();

} // namespace dlc::test

#endif
