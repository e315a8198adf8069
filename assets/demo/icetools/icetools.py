"""Small functions for glaciology."""

from dataclasses import dataclass

import numpy as np

WATER = 1000.0  # kg m-3


@dataclass(frozen=True)
class MassBalance:
    metres_water_equivalent_per_year: float
    gigatonnes_per_year: float


def mass_balance(dh_metres: float, area_km2: float, years: float, density: float = 850.0) -> MassBalance:
    """Geodetic mass balance from a mean change of elevation."""
    rate = dh_metres / years * density / WATER
    return MassBalance(round(rate, 4), round(rate * area_km2 * 1e6 * WATER / 1e12, 4))


def elevation_bands(dem: np.ndarray, step: float = 100.0) -> list[tuple[float, int]]:
    """Lower edge and number of pixels of each band."""
    edges = np.arange(np.floor(dem.min() / step) * step, dem.max() + step, step)
    counts, _ = np.histogram(dem, bins=edges)
    return list(zip(edges[:-1].tolist(), counts.tolist()))
