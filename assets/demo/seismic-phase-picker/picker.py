"""Picks P and S arrivals from three-component waveforms."""

from dataclasses import dataclass

import numpy as np
from safetensors.numpy import load_file


@dataclass(frozen=True)
class Pick:
    phase: str
    time: float
    probability: float


class PhasePicker:
    threshold = 0.3
    least_distance = 1.0  # seconds

    def __init__(self, weights: dict[str, np.ndarray]):
        self.weights = weights

    @classmethod
    def from_file(cls, path: str) -> "PhasePicker":
        return cls(load_file(path))

    @staticmethod
    def normalise(waveform: np.ndarray) -> np.ndarray:
        """Removes the mean of every component and divides by its standard deviation."""
        centred = waveform - waveform.mean(axis=-1, keepdims=True)
        return centred / np.maximum(centred.std(axis=-1, keepdims=True), 1e-9)
