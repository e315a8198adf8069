"""Outlines landslides in one scene."""

import argparse

import numpy as np
import rasterio

TILE, OVERLAP = 512, 64


def windows(height: int, width: int):
    """Tiles that cover the scene, each overlapping its neighbours."""
    step = TILE - OVERLAP
    for row in range(0, max(height - OVERLAP, 1), step):
        for column in range(0, max(width - OVERLAP, 1), step):
            yield row, column


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scene")
    parser.add_argument("--slope", required=True)
    parser.add_argument("--out", required=True)
    arguments = parser.parse_args()
    with rasterio.open(arguments.scene) as scene, rasterio.open(arguments.slope) as slope:
        stack = np.concatenate([scene.read() / 10_000, slope.read() / 90]).astype("float32")
    print(f"{stack.shape[0]} layers, {sum(1 for _ in windows(*stack.shape[1:]))} tiles")


if __name__ == "__main__":
    main()
