// Convolution kernels over layouts, tiles, and sizes around tile boundaries.

#include "ConvCheck.h"

#include "llvm/Support/FormatVariadic.h"

#include <gtest/gtest.h>

using namespace dlc::test;
using llvm::formatv;

TEST(DirectConv, RowsAroundTileBoundaries) {
  for (int64_t w : {1, 2, 3, 13, 14, 15, 17, 31}) {
    SCOPED_TRACE(w);
    check({.w = w, .m = 24, .blockedOutput = true, .vectors = {14}});
    check({.w = w, .m = 24, .vectors = {14, 4}});
  }
}

/// Rows of a known width, which tiles run over the ends of: several rows in a tile, images with
/// halos of their own, strides, and bands that leave something over.
TEST(DirectConv, JoinedRows) {
  for (int64_t w : {1, 2, 3, 7, 11, 13}) {
    SCOPED_TRACE(w);
    Conv conv = {.c = 20, .h = 8, .w = w, .m = 24, .outputHalo = {1, 1, 1, 1}, .shortcut = true};
    conv.blockedInput = conv.blockedOutput = conv.knowsWidth = true;
    conv.vectors = {5, 4}, conv.rows = 3;
    check(conv);
    conv.strides = {2, 2};
    check(conv);
    conv.kh = conv.kw = 1, conv.pads = {0, 0, 0, 0};
    check(conv);
    conv.extraHalo = 2, conv.outputHalo = {0, 0, 0, 0};
    check(conv);
    conv.n = 2, conv.strides = {1, 1}, conv.extraHalo = 0, conv.vectors = {6};
    check(conv);
  }
  // Windows that are clipped, and planar results, keep to rows.
  for (bool isClipped : {true, false})
    check({.h = 8,
           .w = 7,
           .extraHalo = isClipped ? -1 : 0,
           .blockedOutput = isClipped,
           .vectors = {4, 2},
           .rows = 3,
           .knowsWidth = true});
}

/// Rows of planar images without halos are one for a filter of one element.
TEST(DirectConv, PlanarRowsAreOne) {
  for (int64_t w : {1, 2, 7, 13})
    for (bool knowsWidth : {true, false}) {
      SCOPED_TRACE(w);
      Conv conv = {.n = 2, .c = 20, .h = 8, .w = w, .m = 24, .kh = 1, .kw = 1};
      conv.pads = {0, 0, 0, 0}, conv.knowsWidth = knowsWidth;
      conv.vectors = {6, 4}, conv.rows = 3;
      check(conv);
      conv.shortcut = true; // which has a halo
      check(conv);
      conv.shortcut = false, conv.outputHalo = {0, 1, 0, 1};
      check(conv);
    }
}

/// Panels that are read part by part: over rows that are joined, one, each by itself, and longer
/// than what tiles read together; with windows that are clipped, and shuffles.
TEST(DirectConv, PartsOfPanels) {
  Conv conv = {.c = 420, .h = 5, .w = 7, .m = 24, .outputHalo = {1, 1, 1, 1}, .shortcut = true};
  conv.vectors = {4, 3}, conv.rows = 3;
  for (bool isBlocked : {true, false})
    for (bool knowsWidth : {true, false}) {
      conv.blockedInput = conv.blockedOutput = isBlocked, conv.knowsWidth = knowsWidth;
      check(conv);
    }
  Conv ofLongRows = conv;
  ofLongRows.h = 2, ofLongRows.w = 150, ofLongRows.kh = 2;
  check(ofLongRows);
  ofLongRows.knowsWidth = ofLongRows.blockedInput = ofLongRows.blockedOutput = true;
  check(ofLongRows);
  Conv clipped = conv;
  clipped.extraHalo = -1, clipped.w = 9;
  check(clipped);
  Conv ofOneRow = {.c = 3100, .h = 3, .w = 9, .m = 24, .kh = 1, .kw = 1, .pads = {0, 0, 0, 0}};
  ofOneRow.vectors = {4, 3}, ofOneRow.rows = 2;
  check(ofOneRow);
  Conv shuffled = {.c = 200, .w = 9, .m = 64, .shuffle = {2, 2}};
  shuffled.blockedInput = shuffled.blockedOutput = shuffled.shortcut = true;
  shuffled.vectors = {4, 3};
  check(shuffled);
}

/// The steps of an iteration lie apart from each other.
TEST(DirectConv, SinglePixels) {
  for (int64_t c : {1, 3, 16, 24, 100})
    for (bool isBlocked : {true, false}) {
      SCOPED_TRACE(c);
      Conv conv = {.c = c, .h = 1, .w = 2, .m = 40, .kh = 1, .kw = 1};
      conv.pads = {0, 0, 0, 0}, conv.vectors = {1};
      conv.blockedInput = conv.blockedOutput = isBlocked;
      check(conv);
      conv.h = 3, conv.kh = 2, conv.kw = 3, conv.dilations = {1, 2}, conv.pads = {1, 2, 0, 2};
      check(conv);
    }
}

/// Channels that become pixels: in rows of their own and over the ends of rows, with panels that
/// hold several parts of a pixel or less than one, halos, shortcuts, and empty images.
TEST(DirectConv, PixelShuffles) {
  for (auto shuffle : {std::array<int64_t, 2>{2, 2}, {1, 3}, {4, 1}})
    for (int64_t w : {1, 9}) {
      SCOPED_TRACE(formatv("{0} x {1}, {2}", shuffle[0], shuffle[1], w).str());
      Conv conv = {.n = 2, .c = 20, .w = w, .outputHalo = {1, 2, 3, 1}, .shuffle = shuffle};
      conv.blockedInput = conv.blockedOutput = conv.shortcut = true;
      conv.m = 32 * conv.parts(), conv.vectors = {4, 3}, conv.rows = 2;
      check(conv);
      conv.knowsWidth = true;
      check(conv);
      conv.m = 16 * conv.parts(), conv.channelVectors = 3;
      conv.kh = conv.kw = 1, conv.pads = {0, 0, 0, 0}, conv.shortcut = false;
      check(conv);
      conv.h = 0;
      check(conv);
    }
}

TEST(DirectConv, Channels) {
  for (int64_t channels : {1, 3, 17, 24, 64}) {
    SCOPED_TRACE(channels);
    check({.c = channels,
           .w = 9,
           .m = 17,
           .blockedInput = true,
           .blockedOutput = true,
           .vectors = {4}});
    check({.c = 3, .w = 9, .m = channels, .blockedOutput = true, .vectors = {4}});
    check({.c = 5, .w = 9, .m = channels, .blockedInput = true, .vectors = {8, 4}});
  }
}

TEST(DirectConv, HalosOfTheOutput) {
  check({.m = 20, .outputHalo = {2, 3, 1, 4}, .blockedOutput = true, .vectors = {4}});
  check({.m = 20, .outputHalo = {2, 3, 1, 4}, .vectors = {8, 2}});
  check({.n = 2, .h = 1, .w = 1, .m = 3, .outputHalo = {1, 1, 1, 1}, .vectors = {8}});
}

/// Without rows or columns there is still a halo, and pads alone may make an output.
TEST(DirectConv, EmptyImages) {
  Conv conv = {.m = 3, .outputHalo = {1, 2, 3, 1}, .blockedOutput = true, .vectors = {4}};
  for (int64_t rows : {1, 2})
    for (auto [h, w] : {std::pair<int64_t, int64_t>{0, 5}, {5, 0}, {0, 0}}) {
      conv.h = h, conv.w = w, conv.rows = rows;
      check(conv);
    }
  conv.h = 0, conv.n = 0;
  check(conv);
  conv.n = 1, conv.pads = {2, 2, 2, 2};
  check(conv);
}

TEST(DirectConv, StridesDilationsAndPads) {
  check({.h = 9, .m = 8, .strides = {2, 2}, .blockedOutput = true, .vectors = {4}});
  check({.c = 20, .h = 9, .m = 8, .strides = {1, 3}, .blockedInput = true, .vectors = {4}});
  check({.c = 20,
         .h = 9,
         .m = 8,
         .dilations = {2, 3},
         .pads = {2, 3, 1, 0},
         .blockedInput = true,
         .vectors = {4}});
  check(
      {.h = 9, .m = 8, .dilations = {1, 2}, .pads = {0, 2, 3, 1}, .extraHalo = 2, .vectors = {4}});
}

/// The buffer has no halo, or less than the pads: at the borders of small images, larger kernels
/// than images, and no image at all.
TEST(DirectConv, ClippedWindows) {
  for (int64_t w : {0, 1, 2, 4, 9, 31}) {
    SCOPED_TRACE(w);
    check({.h = 3,
           .w = w,
           .m = 20,
           .kh = 5,
           .kw = 5,
           .pads = {2, 2, 2, 2},
           .extraHalo = -2,
           .blockedOutput = true,
           .vectors = {8, 4}});
    check({.c = 20,
           .w = w,
           .m = 8,
           .strides = {2, 2},
           .dilations = {2, 2},
           .pads = {2, 3, 1, 4},
           .extraHalo = -1,
           .blockedInput = true,
           .vectors = {4}});
  }
  check({.n = 2, .h = 0, .pads = {3, 3, 3, 3}, .extraHalo = -3, .vectors = {4}});
  check({.h = 30,
         .w = 30,
         .m = 64,
         .kh = 7,
         .kw = 7,
         .strides = {2, 2},
         .pads = {3, 3, 3, 3},
         .outputHalo = {1, 1, 1, 1},
         .extraHalo = -3,
         .blockedOutput = true,
         .vectors = {14, 8}});
}

/// Taps that lie outside of the image for all pixels of a tile, with a halo as wide as tiles, less,
/// none, and one as the pads; at last all taps do.
TEST(DirectConv, FarTaps) {
  using Halo = std::array<int64_t, 4>;
  for (int64_t d : {2, 6, 12, 36})
    for (Halo halo : {Halo{0, 5, 0, 5}, Halo{0, 2, 1, 3}, Halo{0, 0, 0, 0}, Halo{40, 40, 40, 40}}) {
      SCOPED_TRACE(d);
      SCOPED_TRACE(halo[1]);
      check({.c = 20,
             .h = 7,
             .w = 20,
             .m = 24,
             .dilations = {d, d},
             .pads = {d, d, d, d},
             .mostHalo = halo,
             .blockedInput = true,
             .blockedOutput = true,
             .vectors = {6}});
    }
  for (bool blocked : {false, true}) {
    check({.h = 9,
           .w = 33,
           .m = 8,
           .strides = {2, 3},
           .dilations = {7, 12},
           .pads = {14, 25, 9, 13},
           .mostHalo = {0, 9, 0, 9},
           .blockedInput = blocked,
           .vectors = {4}});
    check({.h = 1, // the last tap, over one dim
           .w = 33,
           .m = 8,
           .kh = 1,
           .dilations = {1, 16},
           .pads = {0, 32, 0, 0},
           .mostHalo = {0, 0, 0, 0},
           .blockedInput = blocked,
           .vectors = {4}});
    for (int64_t most : {0, 5, 100}) // a long filter
      check({.h = 1,
             .w = 20,
             .m = 8,
             .kh = 1,
             .kw = 40,
             .pads = {0, 20, 0, 20},
             .mostHalo = {0, most, 0, most},
             .blockedInput = blocked,
             .vectors = {4}});
    check({.h = 3,
           .w = 2,
           .m = 8,
           .dilations = {2, 3},
           .pads = {20, 30, 7, 40},
           .mostHalo = {0, 3, 0, 3},
           .blockedInput = blocked,
           .vectors = {4}});
  }
}

TEST(DirectConv, Shortcuts) {
  for (int64_t w : {1, 7, 16, 23}) {
    SCOPED_TRACE(w);
    check({.n = 2, .w = w, .m = 24, .shortcut = true, .blockedOutput = true, .vectors = {14}});
    check({.n = 2, .w = w, .m = 24, .shortcut = true, .vectors = {14, 4}});
  }
  check({.m = 5, .outputHalo = {1, 2, 3, 4}, .shortcut = true, .relu = false, .vectors = {16}});
}

TEST(DirectConv, PanelsOfATask) {
  for (int64_t m : {15, 16, 64, 72})
    check({.n = 2,
           .h = 5,
           .w = 6,
           .m = m,
           .outputHalo = {1, 1, 1, 1},
           .blockedOutput = true,
           .vectors = {4},
           .rows = 2});
}

TEST(DirectConv, RowsOfATask) {
  for (int64_t rows : {1, 2, 3, 8})
    check({.n = 3,
           .h = 7,
           .m = 8,
           .outputHalo = {1, 1, 1, 1},
           .blockedOutput = true,
           .vectors = {4},
           .rows = rows});
}

TEST(DirectConv, ShapesOfSuperResolution) {
  check({.c = 3,
         .h = 11,
         .w = 45,
         .m = 64,
         .kh = 9,
         .kw = 9,
         .pads = {4, 4, 4, 4},
         .blockedOutput = true,
         .vectors = {14, 7}});
  check({.c = 64,
         .h = 5,
         .w = 45,
         .m = 32,
         .kh = 1,
         .kw = 1,
         .pads = {0, 0, 0, 0},
         .outputHalo = {2, 2, 2, 2},
         .blockedInput = true,
         .vectors = {8}});
}

TEST(DirectConv, WithoutBiasAndEpilogue) {
  check({.m = 5, .blockedOutput = true, .bias = false, .relu = false, .vectors = {4}});
}

TEST(RowConv, RowsAroundTileBoundaries) {
  for (int64_t w : {1, 3, 15, 16, 17, 33, 130})
    check({.c = 5,
           .w = w,
           .m = 3,
           .kh = 5,
           .kw = 5,
           .pads = {2, 2, 2, 2},
           .rowConv = true,
           .vectors = {4, 2},
           .channelVectors = 3});
}

TEST(RowConv, GroupsOfChannels) {
  for (int64_t m : {1, 2, 3, 4, 7})
    check({.n = 2,
           .c = 4,
           .m = m,
           .outputHalo = {1, 2, 3, 4},
           .rowConv = true,
           .channelVectors = 3,
           .rows = 2});
}

TEST(RowConv, StridesAndDilations) {
  check({.h = 9,
         .w = 37,
         .m = 2,
         .strides = {2, 1},
         .dilations = {2, 3},
         .pads = {2, 3, 2, 3},
         .extraHalo = 1,
         .rowConv = true,
         .channelVectors = 2});
}

TEST(RowConv, FarTaps) {
  for (int64_t most : {0, 4, 100}) {
    SCOPED_TRACE(most);
    check({.h = 5,
           .w = 37,
           .m = 2,
           .strides = {1, 1},
           .dilations = {6, 24},
           .pads = {6, 24, 6, 24},
           .mostHalo = {most, most, most, most},
           .rowConv = true,
           .channelVectors = 2});
    check({.h = 5,
           .w = 19,
           .m = 2,
           .dilations = {3, 12},
           .pads = {3, 40, 9, 12},
           .mostHalo = {most, most, most, most},
           .rowConv = true,
           .vectors = {2, 1},
           .channelVectors = 1,
           .rows = 2});
  }
}

/// Whole bands of rows are one tile, the last one's rows may be fewer.
TEST(RowConv, TilesOfSeveralRows) {
  for (int64_t h : {0, 2, 3, 8}) {
    SCOPED_TRACE(h);
    check({.n = 2,
           .h = h,
           .w = 19,
           .m = 3,
           .kh = 5,
           .kw = 3,
           .pads = {2, 1, 2, 1},
           .outputHalo = {1, 1, 2, 1},
           .shortcut = true,
           .rowConv = true,
           .vectors = {1},
           .channelVectors = 1,
           .rows = 3});
    check({.h = h,
           .w = 21,
           .m = 4,
           .strides = {2, 1},
           .dilations = {3, 2},
           .pads = {3, 2, 3, 2},
           .extraHalo = 1,
           .rowConv = true,
           .vectors = {2, 1},
           .channelVectors = 2,
           .rows = 3});
    check({.h = h, // clipped windows
           .w = 21,
           .m = 2,
           .extraHalo = -1,
           .rowConv = true,
           .vectors = {1},
           .channelVectors = 1,
           .rows = 2});
  }
}

TEST(RowConv, ClippedWindowsAndShortcuts) {
  for (int64_t w : {0, 1, 3, 16, 17, 33, 130}) {
    SCOPED_TRACE(w);
    check({.n = 2,
           .c = 4,
           .h = 4,
           .w = w,
           .m = 3,
           .kh = 5,
           .kw = 5,
           .pads = {2, 2, 2, 2},
           .extraHalo = -2,
           .shortcut = true,
           .rowConv = true,
           .vectors = {4, 2},
           .channelVectors = 3});
    check({.h = 0,
           .w = w,
           .m = 2,
           .dilations = {1, 2},
           .pads = {3, 1, 1, 4},
           .outputHalo = {1, 1, 1, 1},
           .extraHalo = -1,
           .rowConv = true,
           .channelVectors = 2});
  }
}

/// Tiles that fill the registers leave none on the stack. One CPU here prefers vectors of 256 bits
/// by itself.
TEST(DirectConv, TilesStayInRegisters) {
  Conv conv = {.c = 40, .m = 64, .blockedInput = true, .blockedOutput = true, .vectors = {14}};
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
  EXPECT_EQ(countSpills(conv, "skylake-avx512", 16), 0);
  conv.blockedInput = false;
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
  Conv first = {.m = 64,
                .kh = 7,
                .kw = 7,
                .strides = {2, 2},
                .pads = {3, 3, 3, 3},
                .outputHalo = {1, 1, 1, 1},
                .extraHalo = -3,
                .blockedOutput = true,
                .vectors = {14}};
  EXPECT_EQ(countSpills(first, "znver4", 16), 0) << "clipped windows";
  conv.blockedOutput = false, conv.vectors = {8};
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
  conv.blockedOutput = true, conv.vectors = {6};
  EXPECT_EQ(countSpills(conv, "x86-64-v3", 8), 0);
  conv.vectors = {5};
  EXPECT_EQ(countSpills(conv, "x86-64-v2", 4), 0);
}

TEST(RowConv, TilesStayInRegisters) {
  Conv conv = {.c = 32,
               .m = 3,
               .kh = 5,
               .kw = 5,
               .pads = {2, 2, 2, 2},
               .rowConv = true,
               .vectors = {8},
               .channelVectors = 3};
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
  conv.vectors = {4};
  EXPECT_EQ(countSpills(conv, "x86-64-v3", 8), 0);
  conv = {.c = 1,
          .m = 4,
          .kh = 7,
          .kw = 7,
          .pads = {3, 3, 3, 3},
          .rowConv = true,
          .vectors = {1},
          .channelVectors = 1,
          .rows = 8};
  EXPECT_EQ(countSpills(conv, "znver4", 16), 0);
}
