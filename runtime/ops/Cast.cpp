// Conversion between element types, numbers and their texts.

#include "Decimal.h"
#include "Elements.h"

using namespace dlc::ops;

/// The integer, or for magnitudes beyond 53 bits the double beside it whose last bit is 1, which
/// rounds right once more.
static double toOddDouble(bool isNegative, uint64_t magnitude) {
  uint64_t low = magnitude & 0x7ff;
  if (magnitude >> 53)
    magnitude = (magnitude & ~uint64_t(0x7ff)) | (low ? 0x800 : 0);
  return isNegative ? -double(magnitude) : double(magnitude);
}

static void convertNumber(const dlc_value *input, dlc_value *result, int64_t i, Rounding rounding) {
  bool isReal = isIn(input->dtype, floats | smallFloats);
  if (isIn(result->dtype, smallFloats)) {
    static_cast<uint8_t *>(result->data)[i] =
        doubleToByte(result->dtype, loadReal(input, i), rounding);
    return;
  }
  if (isIn(result->dtype, smallIntegers)) { // cut to an integer, which wraps around
    double real = isReal ? loadReal(input, i) : 0;
    bool fits = real > -0x1p62 && real < 0x1p62;
    return storeInteger(result, i, !isReal ? loadInteger(input, i) : fits ? int64_t(real) : 0);
  }
  if (result->dtype == DLC_DTYPE_BOOL)
    return storeInteger(result, i, isReal ? loadReal(input, i) != 0 : loadInteger(input, i) != 0);
  if (isIn(result->dtype, integers))
    return isReal ? storeConverted(result, i, loadReal(input, i))
                  : storeInteger(result, i, loadInteger(input, i));
  if (isReal || result->dtype == DLC_DTYPE_F64)
    return storeReal(result, i, loadReal(input, i));
  int64_t integer = loadInteger(input, i);
  bool isNegative = integer < 0 && input->dtype != DLC_DTYPE_U64;
  storeReal(result, i,
            toOddDouble(isNegative, isNegative ? 0 - uint64_t(integer) : uint64_t(integer)));
}

//===----------------------------------------------------------------------===//
// Texts
//===----------------------------------------------------------------------===//

/// The number's text: floats of all types with 8 significant digits, as ONNX Runtime writes them.
static uint32_t formatElement(const dlc_value *input, int64_t i, char *out) {
  if (isIn(input->dtype, floats | smallFloats))
    return formatReal(loadReal(input, i), 8, out);
  if (input->dtype == DLC_DTYPE_U64)
    return formatUnsigned(uint64_t(loadInteger(input, i)), out);
  return formatInteger(loadInteger(input, i), out);
}

static Status castToStrings(OpCall &call, const dlc_value *input) {
  char text[decimalRoom];
  uint64_t extra = 0;
  for (uint64_t i = 0; i < input->count; ++i)
    extra += formatElement(input, i, text);
  dlc_value *result = call.output(0, DLC_DTYPE_STRING, Dims(input), extra);
  if (!result)
    return stopped;
  Copier copier(result);
  for (uint64_t i = 0; i < input->count; ++i)
    copier.copyString(i, {text, formatElement(input, i, text)});
  return done;
}

/// Parses into an integer or bool; a text with a point or an exponent is cut towards zero.
static bool parseIntegerElement(dlc_string text, dlc_value *result, int64_t i) {
  bool isNegative;
  uint64_t magnitude;
  double value = 0;
  if (!parseInteger(text, isNegative, magnitude)) {
    if (!parseReal(text, false, value) || !(value >= -0x1p63 && value < 0x1p64))
      return false;
    isNegative = value < 0;
    magnitude = uint64_t(isNegative ? -value : value);
  }
  if (result->dtype == DLC_DTYPE_BOOL)
    return storeInteger(result, i, magnitude != 0), true;
  int64_t integer = int64_t(isNegative ? 0 - magnitude : magnitude);
  storeInteger(result, i, integer);
  bool fitsSign = result->dtype == DLC_DTYPE_U64 ? !isNegative || magnitude == 0
                                                 : (integer < 0) == (isNegative && magnitude);
  return fitsSign && loadInteger(result, i) == integer;
}

static Status castFromStrings(OpCall &call, const dlc_value *input, int32_t dtype) {
  dlc_value *result = call.output(0, dtype, Dims(input));
  if (!result)
    return stopped;
  for (uint64_t i = 0; i < input->count; ++i) {
    dlc_string text = stringAt(input, i);
    bool isNumber;
    if (isIn(dtype, floats | smallFloats)) {
      double value = 0;
      isNumber = parseReal(text, dtype != DLC_DTYPE_F64, value);
      storeReal(result, i, value);
    } else {
      isNumber = parseIntegerElement(text, result, i);
    }
    if (!isNumber)
      return call.fail("'%.*s' is no %s", int(text.size < 40 ? text.size : 40), text.data,
                       dtypeName(dtype));
  }
  return done;
}

DLC_LIBRARY_OP(cast) {
  const dlc_value *input = call.tensor(0);
  if (!input)
    return stopped;
  int64_t to = call.intAttribute("to", 0);
  if (to < 0 || to > DLC_DTYPE_F6E3M2 || !isIn(int32_t(to), anyDtype))
    return call.fail("unknown element type %ld", long(to));
  if (to == input->dtype)
    return call.keepAsOutput(0, input);
  if (to == DLC_DTYPE_STRING)
    return castToStrings(call, input);
  if (input->dtype == DLC_DTYPE_STRING)
    return castFromStrings(call, input, int32_t(to));
  uint32_t way;
  if (!call.keyword("round_mode", "up", "up down nearest", way))
    return stopped;
  Rounding rounding{call.intAttribute("saturate", 1) != 0, Rounding::Way(way)};
  dlc_value *result = call.output(0, int32_t(to), Dims(input));
  if (!result)
    return stopped;
  for (uint64_t i = 0; i < input->count; ++i)
    convertNumber(input, result, i, rounding);
  return done;
}
