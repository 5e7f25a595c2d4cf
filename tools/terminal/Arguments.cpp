#include "Arguments.h"

#include <numeric>

using namespace dlc;

/// Edits (insert, delete, replace one character) that turn `a` into `b`.
static size_t editDistance(std::string_view a, std::string_view b) {
  std::vector<size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (size_t i = 1; i <= a.size(); ++i) {
    size_t diagonal = row[0];
    row[0] = i;
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replaced = diagonal + (a[i - 1] != b[j - 1]);
      diagonal = row[j];
      row[j] = std::min({replaced, row[j] + 1, row[j - 1] + 1});
    }
  }
  return row.back();
}

std::string dlc::refuseOption(const std::string &argument, std::string_view name,
                              const std::vector<std::string_view> &known) {
  const auto nearest =
      std::min_element(known.begin(), known.end(), [&](std::string_view a, std::string_view b) {
        return editDistance(name, a) < editDistance(name, b);
      });
  std::string problem = "unknown option '" + argument + "'";
  if (nearest != known.end() && editDistance(name, *nearest) * 3 <= name.size())
    problem += "; the nearest is --" + std::string(*nearest);
  return problem;
}
