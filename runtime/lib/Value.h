// The objects behind dlc_values: strings, sequences, optionals, and tensors whose size a run finds.
#ifndef DLC_RUNTIME_VALUE_H
#define DLC_RUNTIME_VALUE_H

#include "Error.h"

#include "dlc/ABI/Op.h"

#include <atomic>

namespace dlc::runtime {

class ObjectList;

/// An object. In one allocation lie this, the dims, the elements, and further bytes.
struct Object {
  dlc_value value; // first, so that a dlc_value * of an object is an Object *
  std::atomic<uint64_t> references{1};
  /// Whose dims and elements these are, with one reference: an object that another run or a caller
  /// may hold too. Null: its own.
  Object *origin = nullptr;
  /// The run that made it; null for those of callers.
  ObjectList *holder = nullptr;
  Object *previous = nullptr, *next = nullptr; // in the holder
};

// New objects with one reference, which no run holds. Errors, without a text: SHAPE_MISMATCH (a
// negative dim), TYPE_MISMATCH (no element type), OVERFLOW, OUT_OF_MEMORY.

/// `extra` bytes follow the elements; both are undefined.
[[nodiscard]] dlc_status makeTensor(int32_t dtype, uint32_t rank, const int64_t *dims,
                                    uint64_t extra, dlc_value *&object);
/// Of null elements.
[[nodiscard]] dlc_status makeList(uint32_t kind, int32_t dtype, uint64_t count, dlc_value *&object);
/// A tensor with elements and strings of its own.
[[nodiscard]] dlc_status copyTensor(const dlc_value &tensor, dlc_value *&object);
/// Another object with the dims and elements of this one, which it keeps.
[[nodiscard]] dlc_status makeAlias(dlc_value &of, dlc_value *&object);

/// Whether an object has one reference and memory that no other has a part in.
bool isOwn(const dlc_value &object);

void retain(dlc_value &object);
/// Gives a reference back; the last frees the object and gives back what it holds.
void release(dlc_value *object);

/// Bytes that hold a copy of a tensor: its elements, and the bytes of its strings behind them.
/// False where they do not fit 63 bits.
[[nodiscard]] bool copiedBytes(const dlc_value &tensor, uint64_t &bytes);
/// Writes elements and strings to `memory`, which has room for copiedBytes().
void copyElements(const dlc_value &tensor, void *memory);

/// The object whose elements begin at `data`.
dlc_value *objectOfElements(void *data);

/// The elements of a sequence or optional.
inline dlc_value **elementsOf(const dlc_value &list) {
  return static_cast<dlc_value **>(list.data);
}

/// The objects that a run has made and not freed. Whatever their counts are, they end with it
/// unless they are handed over: a program that stops on its way gives nothing back. Used by the
/// run's thread alone.
class ObjectList {
public:
  ObjectList() = default;
  ObjectList(const ObjectList &) = delete;
  ObjectList &operator=(const ObjectList &) = delete;
  ~ObjectList() { clear(); }

  void add(dlc_value &object);
  void remove(Object &object);
  bool holds(const dlc_value &value) const;

  /// Voids the references of the program: from here on an object has those that `roots` (which may
  /// be null) and lists among what these reach have; objects without any are freed.
  void recount(dlc_value *const *roots, size_t count);
  /// Makes all objects the caller's.
  void handOver();
  void clear();

private:
  void countFrom(dlc_value &value);

  Object *first = nullptr;
};

} // namespace dlc::runtime

#endif
