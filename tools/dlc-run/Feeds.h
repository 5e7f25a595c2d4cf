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
  Tensor decoded; // its own type and dims
  size_t input;   // which it feeds
};

/// What a run takes.
struct Feeds {
  std::deque<Tensor> tensors;    // in the session's order
  std::vector<dlc_input> inputs; // point into `tensors`
  std::vector<PictureFile> pictures;
  std::vector<std::string> lines; // what is to be said of random inputs
};

/// Reads what every --input names, and fills the other inputs at random where --random says so.
/// Reports all problems: unknown names, missing inputs, unreadable files, wrong types. Of pictures
/// it reads the dims alone: a small file may hold so many pixels that a plan should judge them
/// first.
[[nodiscard]] bool readFeeds(const Options &options, const dlc_session *session, Feeds &feeds,
                             Problems &problems);

/// Decodes and prepares the pictures. False after a report.
[[nodiscard]] bool decodePictures(const Options &options, Feeds &feeds, Problems &problems);

} // namespace dlc::run

#endif
