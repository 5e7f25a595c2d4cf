"""How far arrays are from what they should be."""

import numpy as np


def find_difference(found, wanted):
    """The largest difference over the largest |wanted|; infinite where that is no number."""
    error = float(np.abs(found.astype(np.float64) - wanted).max() / max(np.abs(wanted).max(), np.finfo(np.float32).tiny))
    return error if np.isfinite(error) else np.inf


def find_error(found, wanted):
    """find_difference() of floats; infinite where the two cannot be compared, or differ and are none."""
    if found.dtype != wanted.dtype or found.shape != wanted.shape:
        return np.inf
    if wanted.dtype.kind != "f" or not wanted.size:
        return 0.0 if np.array_equal(found, wanted) else np.inf
    return find_difference(found, wanted)
