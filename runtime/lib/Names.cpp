#include "Names.h"

#include <cstring>

uint32_t dlc::runtime::editDistance(const char *a, const char *b) {
  constexpr size_t maxLength = 64;
  const size_t lengthA = strnlen(a, maxLength), lengthB = strnlen(b, maxLength);
  uint32_t row[maxLength + 1];
  for (size_t j = 0; j <= lengthB; ++j)
    row[j] = static_cast<uint32_t>(j);
  for (size_t i = 1; i <= lengthA; ++i) {
    uint32_t diagonal = row[0];
    row[0] = static_cast<uint32_t>(i);
    for (size_t j = 1; j <= lengthB; ++j) {
      uint32_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      uint32_t edited = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
      row[j] = replaced < edited ? replaced : edited;
    }
  }
  return row[lengthB];
}
