// Element types that elementwise operators allow: those of their newest version.
#ifndef DLC_IMPORT_OPS_ELEMENTSETS_H
#define DLC_IMPORT_OPS_ELEMENTSETS_H

#include "OnnxNode.h"

namespace dlc {

inline constexpr ElementSet anyElements = {"any type", [](mlir::Type) { return true; }};
inline constexpr ElementSet boolElements = {"type i1", isBool};
inline constexpr ElementSet floatElements = {"a float type", isFloat};
inline constexpr ElementSet anyFloatElements = {
    "a float type", [](mlir::Type type) { return llvm::isa<mlir::FloatType>(type); }};
inline constexpr ElementSet integerElements = {"an integer type", isInteger};
inline constexpr ElementSet signedElements = {"a float or signed integer type", isSignedNumber};
inline constexpr ElementSet numberElements = {"a float or integer type", isNumber};

} // namespace dlc

#endif
