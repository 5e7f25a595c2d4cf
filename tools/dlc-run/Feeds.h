// From --input to tensors.
#ifndef DLC_RUN_FEEDS_H
#define DLC_RUN_FEEDS_H

#include "Options.h"
#include "Tensor.h"

#include <deque>

namespace dlc::run {

/// A picture whose pixels are still to be decoded.
struct PictureFile {
  std::string path;
  Buffer contents;
  size_t input; // which it feeds
};

/// What a run takes.
struct Feeds {
  std::deque<Tensor> tensors;    // in the session's order
  std::vector<dlc_input> inputs; // point into `tensors`
  std::vector<PictureFile> pictures;
};

/// Reads what every --input names. Reports all problems: unknown names, missing inputs, unreadable
/// files, wrong types. Of pictures it reads the dims alone: a small file may hold so many pixels
/// that a plan should judge them first.
[[nodiscard]] bool readFeeds(const Options &options, const dlc_session *session, Feeds &feeds,
                             Problems &problems);

/// Decodes the pictures. False after a report.
[[nodiscard]] bool decodePictures(Feeds &feeds, Problems &problems);

/// The part of a path behind its last dot, in lower case: "png"; empty without one.
std::string suffixOf(const std::string &path);

} // namespace dlc::run

#endif
