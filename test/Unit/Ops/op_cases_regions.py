"""The cases of compare_ops.py, continued: samples between elements, regions of pictures, blocks of columns."""

import numpy as np

from op_cases import i64, tame


def samples(c):
    for shape, points in [((2, 3, 4, 5), (3, 2)), ((1, 1, 1, 1), (1, 1)), ((1, 2, 7, 1), (1, 5)), ((1, 2, 3, 2, 4), (2, 1, 3)), ((1, 1, 6), (4,)),
                          ((2, 2, 5, 4), (9, 8)), ((0, 2, 3, 3), (2, 2)), ((1, 2, 3, 3), (0, 2))]:
        # Eighths: the reference finds places and weights in f32, which holds those exactly.
        grid = (np.random.default_rng(1).integers(-14, 15, (shape[0], *points, len(shape) - 2)) / 8).astype(np.float32)
        for mode in ("linear", "nearest", "cubic"):
            for padding in ("zeros", "border", "reflection"):
                for corners in (0, 1):
                    if corners and 1 in shape[2:] and padding == "reflection":
                        continue  # the reference divides by zero
                    if 0 in shape[:2] + points:
                        c.equal("grid_sample", [tame(shape), grid], [np.zeros(shape[:2] + points)], mode=mode)
                        continue
                    c.onnx("grid_sample", [tame(shape), grid], "GridSample", mode=mode, padding_mode=padding, align_corners=corners)
    grid = (np.random.default_rng(1).integers(-10, 11, (1, 3, 2, 2)) / 8).astype(np.float32)
    for dtype in (np.float64, np.float16):
        c.onnx("grid_sample", [tame((1, 2, 3, 4), dtype), grid], "GridSample", mode="linear")
    ids = tame((1, 2, 3, 4), np.int64) + 2**60
    c.onnx("grid_sample", [ids, grid], "GridSample", exact=True, mode="nearest", padding_mode="border")
    wild = np.array([np.nan, np.inf, -np.inf, 1e30], np.float32).reshape(1, 1, 2, 2)
    c.equal("grid_sample", [np.ones((1, 1, 2, 2), np.float32), wild], [np.zeros((1, 1, 1, 2))], mode="nearest")
    c.equal("grid_sample", [np.ones((1, 1, 2, 2), np.float32), wild], [np.ones((1, 1, 1, 2))], padding_mode="border")
    c.fails("grid_sample", [tame((1, 1, 2, 2)), tame((1, 2, 2, 3))], "expected a grid of rank 4 with a last dim of 2")
    c.fails("grid_sample", [tame((1, 1, 2, 2), np.int32), tame((1, 2, 2, 2))], "expected elements of a float type")


    for corners in (0, 1):
        for sizes in [(2, 3, 4, 5), (1, 1, 1, 7), (2, 1, 3, 2, 4), (0, 1, 2, 2), (1, 2, 0, 3)]:
            theta = tame((sizes[0], len(sizes) - 2, len(sizes) - 1))
            if 0 in sizes:
                c.equal("affine_grid", [theta, i64(*sizes)], [np.zeros((sizes[0], *sizes[2:], len(sizes) - 2))], align_corners=corners)
                continue
            if corners and 1 in sizes[2:]:
                continue  # the reference divides by zero
            c.onnx("affine_grid", [theta, i64(*sizes)], "AffineGrid", align_corners=corners)
    c.fails("affine_grid", [tame((1, 2, 3)), i64(1, 1, 3)], "expected 4 or 5 sizes, found 3")
    c.fails("affine_grid", [tame((1, 2, 3)), i64(2, 1, 3, 3)], "expected a matrix of 2 x 3 for each of 2 pictures")


def regions(c):
    picture = tame((2, 3, 9, 7))
    corners = np.array([[0, 0, 6, 8], [1.5, 2, 4, 3.25], [-3, -4, 2, 2], [5, 5, 20, 20], [2, 2, 2, 2]], np.float32)
    batches = i64(0, 1, 1, 0, 1)
    for mode in ("avg", "max"):
        for way in ("half_pixel", "output_half_pixel"):
            for ratio in (1, 2, 3):
                c.onnx("roi_align", [picture, corners, batches], "RoiAlign", mode=mode, coordinate_transformation_mode=way, output_height=3,
                       output_width=2, sampling_ratio=ratio, spatial_scale=0.75)
    for dtype in (np.float64, np.float16):
        c.onnx("roi_align", [picture.astype(dtype), corners.astype(dtype), batches], "RoiAlign", mode="avg", output_height=2, output_width=2, sampling_ratio=2)
    c.onnx("roi_align", [picture, corners[:2], batches[:2]], "RoiAlign", coordinate_transformation_mode="output_half_pixel", output_height=2,
           output_width=2, sampling_ratio=0, spatial_scale=1.0)
    c.fails("roi_align", [picture, corners, i64(0, 1, 2, 0, 1)], "region 2 lies in batch 2")
    c.fails("roi_align", [picture, corners[:3], batches], "expected regions of dims [5, 4]")
    c.fails("roi_align", [picture, np.full((5, 4), np.inf, np.float32), batches], "is not of a size that can be sampled")
    random = np.random.default_rng(2)
    boxes = random.uniform(0, 1, (2, 11, 4)).astype(np.float32)
    scores = random.uniform(0, 1, (2, 3, 11)).round(1).astype(np.float32)
    for most in (0, 1, 4, 100):
        for overlap, least in ((0.0, 0.0), (0.3, 0.5), (1.0, 0.95)):
            for centered in (0, 1):
                numbers = [np.array([overlap], np.float32), np.array([least], np.float32)]
                c.onnx("non_max_suppression", [boxes, scores, i64(most), *numbers], "NonMaxSuppression", center_point_box=centered)
    c.equal("non_max_suppression", [boxes, scores], [np.zeros((0, 3), np.int64)])
    c.fails("non_max_suppression", [boxes[:, :5], scores], "expected boxes of dims [2, 11, 4]")


def blocks(c):
    x = tame((1, 2, 2, 3))
    places = i64(0, 5, 7, 9, 12, 14, 24, 26, 33, 40, 41, 47).reshape(1, 2, 2, 3)
    window = {"kernel_shape": [2, 2], "strides": [2, 2]}
    c.onnx("max_unpool", [x, places], "MaxUnpool", **window)
    c.onnx("max_unpool", [x, places, i64(1, 2, 5, 7)], "MaxUnpool", **window)
    c.fails("max_unpool", [x, places + 1], "index 48 lies outside of dims [1, 2, 4, 6]", **window)
    c.fails("max_unpool", [x, places - 1], "index -1 lies outside", **window)
    c.fails("max_unpool", [x, places[..., :2]], "expected indices of the dims", **window)
    for image, block, given in [((5, 5), (1, 5), {}), ((6, 6), (2, 2), {"dilations": [1, 5]}), ((5, 5), (1, 5), {"pads": [0, 1, 0, 1]}),
                                ((5, 5), (3, 3), {"strides": [2, 2]}), ((3, 4, 5), (1, 1, 5), {}), ((7, 4), (3, 2), {"strides": [2, 1], "pads": [1, 0, 0, 1]})]:
        rank = len(image)
        pads, steps, holes = given.get("pads", [0] * 2 * rank), given.get("strides", [1] * rank), given.get("dilations", [1] * rank)
        counts = [(image[i] + pads[i] + pads[rank + i] - (block[i] - 1) * holes[i] - 1) // steps[i] + 1 for i in range(rank)]
        columns = tame((2, 3 * int(np.prod(block)), int(np.prod(counts))))
        expected = np.zeros((2, 3, *image))
        for b in range(columns.shape[1]):
            tap = np.unravel_index(b % int(np.prod(block)), block)
            for place in range(columns.shape[2]):
                at = [int(n) * steps[i] - pads[i] + int(tap[i]) * holes[i] for i, n in enumerate(np.unravel_index(place, counts))]
                if all(0 <= p < size for p, size in zip(at, image)):
                    expected[(slice(None), b // int(np.prod(block)), *at)] += columns[:, b, place]
        c.equal("col2im", [columns, i64(*image), i64(*block)], [expected], **given)
    c.fails("col2im", [tame((1, 5, 4)), i64(5, 5), i64(1, 5)], "expected columns of a multiple of 5 elements, 5 of them")
    c.fails("col2im", [tame((1, 5, 5)), i64(5, 5), i64(0, 5)], "do not fit an image")


def deformed(c):
    picture, bias = tame((2, 4, 5, 6)), tame((6,))
    for group, parts, pads, steps in [(1, 1, [0, 0, 0, 0], [1, 1]), (2, 2, [1, 0, 1, 2], [2, 1]), (1, 4, [1, 1, 1, 1], [1, 2])]:
        sizes = [(size + pads[i] + pads[i + 2] - kernel) // steps[i] + 1 for i, (size, kernel) in enumerate([(5, 2), (6, 3)])]
        offsets = (np.random.default_rng(3).integers(-6, 7, (2, parts * 12, *sizes)) / 4).astype(np.float32)
        mask = tame((2, parts * 6, *sizes))
        given = {"group": group, "offset_group": parts, "pads": pads, "strides": steps, "kernel_shape": [2, 3]}
        for operands in ([offsets], [offsets, bias], [offsets, bias, mask]):
            c.onnx("deform_conv", [picture, tame((6, 4 // group, 2, 3)), *operands], "DeformConv", **given)
    c.fails("deform_conv", [picture, tame((6, 4, 2, 3)), tame((2, 12, 4, 3))], "expected offsets of dims [2, 12, 4, 4]")
    c.fails("deform_conv", [picture, tame((6, 3, 2, 3)), tame((2, 12, 4, 4))], "1 groups and 1 groups of offsets do not fit")


REGION_FAMILIES = [samples, regions, blocks, deformed]
