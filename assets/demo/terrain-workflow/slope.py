"""Slope in degrees by Horn's method."""

import sys

import numpy as np
import rasterio


def slope(dem: np.ndarray, spacing: float) -> np.ndarray:
    rows, columns = np.gradient(dem.astype("float64"), spacing)
    return np.degrees(np.arctan(np.hypot(rows, columns)))


if __name__ == "__main__":
    source, target = sys.argv[1:]
    with rasterio.open(source) as dem:
        profile = dem.profile | {"dtype": "float32"}
        result = slope(dem.read(1), dem.res[0])
    with rasterio.open(target, "w", **profile) as out:
        out.write(result.astype("float32"), 1)
