// Ops of the domain ai.onnx.ml, and n-grams.

#include "Elements.h"

#include <math.h>

using namespace dlc::ops;

/// A NaN is the same as another.
static bool isSame(const dlc_value *lhs, int64_t i, const dlc_value *rhs, int64_t k) {
  if (lhs->dtype == DLC_DTYPE_STRING)
    return equals(stringAt(lhs, i), stringAt(rhs, k));
  if (!isIn(lhs->dtype, floats))
    return loadInteger(lhs, i) == loadInteger(rhs, k);
  double left = loadReal(lhs, i), right = loadReal(rhs, k);
  return left == right || (left != left && right != right);
}

/// For each element the value beside the first key that is the same, or else operand 3.
DLC_LIBRARY_OP(label_encoder) {
  const dlc_value *input = call.tensor(0), *values = call.tensor(2);
  const dlc_value *keys = input ? call.tensorLike(1, input) : nullptr;
  const dlc_value *absent = values ? call.tensorLike(3, values) : nullptr;
  if (!keys || !absent)
    return stopped;
  if (keys->count != values->count || absent->count != 1)
    return call.fail("expected as many keys as values, and one more value, found %lu, %lu and %lu",
                     (unsigned long)keys->count, (unsigned long)values->count,
                     (unsigned long)absent->count);
  return moveElements(call, 0, values->dtype, Dims(input), [&](const Dims &, int64_t i) {
    for (uint64_t k = 0; k < keys->count; ++k)
      if (isSame(input, i, keys, int64_t(k)))
        return Element{values, int64_t(k)};
    return Element{absent, 0};
  });
}

//===----------------------------------------------------------------------===//
// N-grams
//===----------------------------------------------------------------------===//

namespace {
/// The n-grams that are counted, and where.
struct Pool {
  List<int64_t> numbers, counts, places;
  List<dlc_string> texts;
  List<double> weights;
  int64_t shortest, longest, mostSkipped;

  uint64_t size() const { return texts.count ? texts.count : numbers.count; }
  bool read(OpCall &call);
  /// Calls visit(length, first, number) for each n-gram of these lengths, `first` its first item.
  template <typename Visit> void visit(Visit visit) const {
    int64_t number = 0;
    for (uint64_t i = 0; i < counts.count; ++i) {
      int64_t length = int64_t(i) + 1,
              end = int64_t(i + 1 < counts.count ? counts[i + 1] : int64_t(size()));
      for (int64_t first = counts[i]; first + length <= end; first += length, ++number)
        if (length >= shortest && length <= longest)
          visit(length, first, number);
    }
  }
  bool isItem(const dlc_value *input, int64_t place, int64_t item) const {
    return texts.count ? equals(stringAt(input, place), texts[item])
                       : loadInteger(input, place) == numbers[item];
  }
  /// How often the n-gram is in a row, with up to so many items skipped between its own.
  int64_t countIn(const dlc_value *input, int64_t begin, int64_t end, int64_t length,
                  int64_t first) const;
};
} // namespace

bool Pool::read(OpCall &call) {
  numbers = call.intsAttribute("pool_int64s");
  texts = call.stringsAttribute("pool_strings");
  counts = call.intsAttribute("ngram_counts");
  places = call.intsAttribute("ngram_indexes");
  weights = call.floatsAttribute("weights");
  shortest = call.intAttribute("min_gram_length", 1);
  longest = call.intAttribute("max_gram_length", 1);
  mostSkipped = call.intAttribute("max_skip_count", 0);
  if (shortest < 1 || longest < shortest || mostSkipped < 0)
    return call.fail("expected lengths of at least 1 and skips of at least 0"), false;
  int64_t last = 0, total = 0;
  for (uint64_t i = 0; i < counts.count; ++i) {
    int64_t end = int64_t(i + 1 < counts.count ? counts[i + 1] : int64_t(size()));
    if (counts[i] < last || end < counts[i] || (i == 0 && counts[i] != 0))
      return call.fail("expected ngram_counts that rise from 0 to at most the pool's size"), false;
    last = counts[i];
    total += (end - counts[i]) / int64_t(i + 1);
  }
  if (uint64_t(total) != places.count || (weights.count && weights.count != places.count))
    return call.fail("expected ngram_indexes, and weights, for each of %ld n-grams", long(total)),
           false;
  return true;
}

int64_t Pool::countIn(const dlc_value *input, int64_t begin, int64_t end, int64_t length,
                      int64_t first) const {
  int64_t found = 0;
  for (int64_t step = 1; step <= (length == 1 ? 1 : mostSkipped + 1); ++step)
    for (int64_t at = begin; at < end && (length - 1) <= (end - 1 - at) / step; ++at) {
      bool isHere = true;
      for (int64_t i = 0; i < length && isHere; ++i)
        isHere = isItem(input, at + i * step, first + i);
      found += isHere;
    }
  return found;
}

DLC_LIBRARY_OP(tfidf_vectorizer) {
  const dlc_value *input = call.tensor(0, strings | indices);
  Pool pool;
  uint32_t mode;
  if (!input || !pool.read(call) || !call.keyword("mode", "TF", "TF IDF TFIDF", mode))
    return stopped;
  if (input->rank < 1 || input->rank > 2 ||
      (pool.texts.count != 0) != (input->dtype == DLC_DTYPE_STRING))
    return call.fail("expected a vector or matrix of what the pool holds, found %s of %s",
                     DimsText(Dims(input)).text, dtypeName(input->dtype));
  int64_t width = 0, columns = input->dims[input->rank - 1];
  for (int64_t place : pool.places) {
    if (place < 0)
      return call.fail("a place of ngram_indexes is negative");
    width = place + 1 > width ? place + 1 : width;
  }
  Dims dims(input);
  dims[dims.rank - 1] = width;
  dlc_value *result = call.output(0, DLC_DTYPE_F32, dims);
  if (!result)
    return stopped;
  for (uint64_t i = 0; i < result->count; ++i)
    storeReal(result, i, 0);
  int64_t rows = width ? int64_t(result->count) / width : 0;
  for (int64_t row = 0; row < rows; ++row)
    pool.visit([&](int64_t length, int64_t first, int64_t number) {
      int64_t found = pool.countIn(input, row * columns, (row + 1) * columns, length, first);
      double weight = pool.weights.count ? pool.weights[number] : 1;
      if (found)
        storeReal(result, row * width + pool.places[number],
                  mode == 0   ? double(found)
                  : mode == 1 ? weight
                              : double(found) * weight);
    });
  return done;
}

//===----------------------------------------------------------------------===//
// Trees
//===----------------------------------------------------------------------===//

namespace {
struct Trees {
  const dlc_value *input, *modes, *splits, *weights, *members;
  List<int64_t> features, trueNodes, falseNodes, trueLeaves, falseLeaves, tracks, roots, targets;
  int64_t *membersOf = nullptr; // where the numbers of each node with a set begin

  bool read(OpCall &call);
  int64_t findLeaf(int64_t row, int64_t node) const;

private:
  bool check(OpCall &call);
  bool holds(int64_t row, int64_t node) const;
};
} // namespace

bool Trees::read(OpCall &call) {
  input = call.tensor(0, floats);
  modes = call.tensor(1, 1u << DLC_DTYPE_U8);
  splits = input ? call.tensorLike(2, input) : nullptr;
  weights = input ? call.tensorLike(3, input) : nullptr;
  members = input && call.input(4) ? call.tensorLike(4, input) : nullptr;
  if (!modes || !splits || !weights || (call.input(4) && !members) || !call.expectRank(0, input, 2))
    return false;
  features = call.intsAttribute("nodes_featureids");
  trueNodes = call.intsAttribute("nodes_truenodeids");
  falseNodes = call.intsAttribute("nodes_falsenodeids");
  trueLeaves = call.intsAttribute("nodes_trueleafs");
  falseLeaves = call.intsAttribute("nodes_falseleafs");
  tracks = call.intsAttribute("nodes_missing_value_tracks_true");
  roots = call.intsAttribute("tree_roots");
  targets = call.intsAttribute("leaf_targetids");
  return check(call);
}

bool Trees::check(OpCall &call) {
  uint64_t nodes = features.count;
  if (modes->count != nodes || splits->count != nodes || trueNodes.count != nodes ||
      falseNodes.count != nodes || trueLeaves.count != nodes || falseLeaves.count != nodes ||
      (tracks.count && tracks.count != nodes) || weights->count != targets.count)
    return call.fail("expected lists of one element for each node, %lu, or for each leaf, %lu",
                     (unsigned long)nodes, (unsigned long)targets.count),
           false;
  auto isIndex = [](int64_t index, uint64_t end) { return index >= 0 && uint64_t(index) < end; };
  for (int64_t root : roots)
    if (!isIndex(root, nodes))
      return call.fail("node %ld does not exist", long(root)), false;
  if (!(membersOf = call.scratch<int64_t>(int64_t(nodes))))
    return false;
  int64_t member = 0;
  for (uint64_t i = 0; i < nodes; ++i) {
    if (!isIndex(features[i], uint64_t(input->dims[1])) || loadInteger(modes, i) > 6 ||
        !isIndex(trueNodes[i], trueLeaves[i] ? targets.count : nodes) ||
        !isIndex(falseNodes[i], falseLeaves[i] ? targets.count : nodes))
      return call.fail("node %lu leads to what does not exist", (unsigned long)i), false;
    membersOf[i] = member;
    if (loadInteger(modes, i) != 6)
      continue;
    while (members && uint64_t(member) < members->count && !isnan(loadReal(members, member)))
      ++member;
    ++member; // the NaN that ends a set
  }
  return true;
}

bool Trees::holds(int64_t row, int64_t node) const {
  double x = loadReal(input, row * input->dims[1] + features[node]), split = loadReal(splits, node);
  if (isnan(x) && tracks.count && tracks[node])
    return true;
  switch (loadInteger(modes, node)) {
  case 0:
    return x <= split;
  case 1:
    return x < split;
  case 2:
    return x >= split;
  case 3:
    return x > split;
  case 4:
    return x == split;
  case 5:
    return x != split;
  }
  for (int64_t i = membersOf[node]; members && uint64_t(i) < members->count; ++i) {
    double member = loadReal(members, i);
    if (isnan(member))
      break;
    if (member == x)
      return true;
  }
  return false;
}

/// -1 where the path comes back to a node.
int64_t Trees::findLeaf(int64_t row, int64_t node) const {
  for (uint64_t step = 0; step < features.count; ++step) {
    bool isTrue = holds(row, node);
    bool isLeaf = isTrue ? trueLeaves[node] : falseLeaves[node];
    node = isTrue ? trueNodes[node] : falseNodes[node];
    if (isLeaf)
      return node;
  }
  return -1;
}

/// The inverse of the normal distribution, by Winitzki's approximation, as ONNX Runtime has it.
static double probit(double share) {
  constexpr double a = 0.147, pi = 0x1.921fb54442d18p+1;
  double x = 2 * share - 1, logarithm = log((1 - x) * (1 + x));
  double half = 2 / (pi * a) + logarithm / 2;
  double size = sqrt(sqrt(half * half - logarithm / a) - half);
  return sqrt(2.0) * (x < 0 ? -size : size);
}

static void transform(double *scores, int64_t count, int64_t how) {
  double most = -INFINITY, sum = 0;
  for (int64_t i = 0; i < count; ++i)
    most = larger(scores[i], most);
  for (int64_t i = 0; i < count; ++i) {
    bool stays = how == 3 && scores[i] == 0;
    if ((how == 1 || how == 3) && !stays)
      sum += scores[i] = exp(scores[i] - most);
    else if (how == 2)
      scores[i] = 1 / (1 + exp(-scores[i]));
    else if (how == 4)
      scores[i] = probit(scores[i]);
  }
  for (int64_t i = 0; (how == 1 || how == 3) && sum > 0 && i < count; ++i)
    scores[i] /= sum;
}

DLC_LIBRARY_OP(tree_ensemble) {
  enum Aggregate : int64_t { average, sum, least, largest };
  Trees trees;
  int64_t aggregate = call.intAttribute("aggregate_function", sum);
  int64_t how = call.intAttribute("post_transform", 0), width = call.intAttribute("n_targets", 1);
  if (!trees.read(call))
    return stopped;
  if (aggregate < 0 || aggregate > 3 || how < 0 || how > 4 || width < 0)
    return call.fail("expected known numbers as aggregate_function and post_transform");
  for (int64_t target : trees.targets)
    if (target < 0 || target >= width)
      return call.fail("target %ld does not exist", long(target));
  Dims dims(trees.input);
  dims[1] = width;
  dlc_value *result = call.output(0, trees.input->dtype, dims);
  auto *scores = call.scratch<double>(width);
  auto *isReached = call.scratch<bool>(width);
  if (!result || !scores || !isReached)
    return stopped;
  for (int64_t row = 0; row < dims[0]; ++row) {
    for (int64_t i = 0; i < width; ++i)
      scores[i] = 0, isReached[i] = false;
    for (int64_t root : trees.roots) {
      int64_t leaf = trees.findLeaf(row, root);
      if (leaf < 0)
        return call.fail("the nodes of a tree lead in a circle");
      int64_t target = trees.targets[leaf];
      double weight = loadReal(trees.weights, leaf);
      if (aggregate == average || aggregate == sum)
        scores[target] += weight;
      else if (!isReached[target] || (aggregate == least) == (weight < scores[target]))
        scores[target] = weight;
      isReached[target] = true;
    }
    for (int64_t i = 0; aggregate == average && i < width; ++i)
      scores[i] /= double(trees.roots.count);
    transform(scores, width, how);
    for (int64_t i = 0; i < width; ++i)
      storeReal(result, row * width + i, scores[i]);
  }
  return done;
}
