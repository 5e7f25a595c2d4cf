// The operands and numbers of an attention, whatever it is recognized from.
#ifndef DLC_LIB_GRAPH_ATTENTIONFORM_H
#define DLC_LIB_GRAPH_ATTENTIONFORM_H

#include "dlc/IR/Dlc.h"

#include "mlir/IR/PatternMatch.h"

#include <optional>

namespace dlc {

/// An attention whose queries, keys and values have the form batch x heads x length x size.
struct AttentionForm {
  mlir::Value query, key, value, mask; // mask may be null
  double scale = 1;
  std::optional<double> softcap = {};
  /// The score of pairs that a mask of i1 blocks; -infinity where absent.
  std::optional<double> blocked = {};
  bool isCausal = false, isNanBlocked = false;
};

mlir::Value createAttention(mlir::PatternRewriter &rewriter, mlir::Location loc,
                            const AttentionForm &form);

/// Adds patterns that make calls of library function `attention` the op.
void addAttentionCallPatterns(mlir::RewritePatternSet &patterns);

} // namespace dlc

#endif
