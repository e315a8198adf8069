import numpy as np
from icetools import elevation_bands, mass_balance


def test_a_lowering_glacier_loses_mass():
    assert mass_balance(-0.46, 14.2, 5).gigatonnes_per_year < 0


def test_bands_hold_every_pixel():
    dem = np.linspace(3_050, 3_950, 400).reshape(20, 20)
    assert sum(count for _, count in elevation_bands(dem)) == 400
