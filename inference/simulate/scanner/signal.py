"""Spin echo signal of tissues, coil shading, noise."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from inference.simulate.body.tissue import Tissue, properties
from inference.types import FloatArray

Float32 = NDArray[np.float32]

#: Uptake of a contrast agent by tissue, relative to a vein.
_UPTAKE = {
    Tissue.VEIN: 1.0,
    Tissue.KIDNEY: 1.0,
    Tissue.LIVER: 0.35,
    Tissue.FACET_FLUID: 0.3,
    Tissue.MARROW: 0.06,
    Tissue.POSTERIOR_MARROW: 0.06,
    Tissue.SACRUM_MARROW: 0.06,
    Tissue.NERVE: 0.1,
}


#: Exponent of T1's growth with the field, and the T1 (ms) above which a tissue is fluid: its T1 does not grow.
T1_BY_FIELD, FLUID_MS = 0.22, 2500


@dataclass(frozen=True)
class Protocol:
    """How a series is acquired. Times in ms, lengths in mm, noise as a share of CSF-bright signal.

    coil_mm: depth over which the posterior coil's signal falls, from
    plateau_mm under the skin on. floor: sensitivity far from it. saturation:
    share of signal that a band in front of the spine removes. inversion_ms: time
    after an inversion, 0 without one. gadolinium: relaxation that an agent adds
    in veins, 1/s, 0 without one. tesla, bandwidth_hz (a pixel): they shift fat
    against water. fat_suppression: share of fat's signal that is removed.
    phase_axis: axis of the image along which phase is encoded. acquired: share
    of k-space that was sampled along phase and frequency. train_decay: decay of
    the weight of lines from the centre (log). flow: share of CSF's signal lost
    where it flows. motion_mm, wrap: amplitude of motion; share of the field of
    view that folds in at each end. bias: remaining unevenness of the coils.
    scale: stored value of a signal of one.
    """

    weighting: str
    repetition_ms: float
    echo_ms: float
    echo_train: int
    thickness_mm: float
    gap_mm: float
    noise: float
    coil_mm: float
    floor: float
    saturation: float
    seed: int
    inversion_ms: float = 0.0
    gadolinium: float = 0.0
    plateau_mm: float = 0.0
    tesla: float = 1.5
    bandwidth_hz: float = 220.0
    fat_suppression: float = 0.0
    phase_axis: int = 0
    acquired: tuple[float, float] = (0.8, 0.9)
    train_decay: float = 0.3
    flow: float = 0.0
    motion_mm: float = 0.0
    motion_pixel_mm: float = 0.75
    wrap: float = 0.0
    bias: float = 0.05
    scale: float = 2600.0

    @property
    def step_mm(self) -> float:
        """Distance between slice centres."""
        return self.thickness_mm + self.gap_mm


def spin_echo(protocol: Protocol, vary: np.random.Generator) -> tuple[Float32, Float32]:
    """(signal, texture) by tissue code, (256,) each; T1, T2 and density varied by a few per cent.

    S = PD |1 - 2 exp(-TI/T1) + exp(-TR/T1)| exp(-TE/T2), or without an
    inversion PD (1 - exp(-TR/T1)) exp(-TE/T2).
    """
    table = properties() * np.exp(vary.normal(0, [0.05, 0.06, 0.02, 0.0], size=(256, 4)))
    t1, t2, density, texture = table.T
    # The table is for 3 T; T1 of tissues, not of fluids, is shorter in a lower field.
    t1[t1 < FLUID_MS] *= (protocol.tesla / 3.0) ** T1_BY_FIELD
    for tissue, uptake in _UPTAKE.items():
        t1[tissue] = 1 / (1 / t1[tissue] + protocol.gadolinium * uptake / 1000)
    recovered = 1 - np.exp(-protocol.repetition_ms / t1)
    if protocol.inversion_ms > 0:
        recovered = np.abs(2 - recovered - 2 * np.exp(-protocol.inversion_ms / t1))
    signal = density * recovered * np.exp(-protocol.echo_ms / t2)
    return signal.astype(np.float32), texture.astype(np.float32)


def smooth_codes(signal: Float32, first: int, count: int) -> None:
    """Make a run of codes (hydration, fat) monotonous again after random variation, in place."""
    ends = signal[first], signal[first + count - 1]
    signal[first : first + count] = np.linspace(ends[0], ends[1], count)


def shade(points: FloatArray, back_y: float, protocol: Protocol, band_y: float) -> Float32:
    """Coil sensitivity at points (..., 3); `back_y` is the skin of the back, `band_y` the saturation band's edge."""
    depth = np.clip(back_y - points[..., 1] - protocol.plateau_mm, 0, None)
    gain = protocol.floor + (1.1 - protocol.floor) * np.exp(-depth / protocol.coil_mm)
    # The signal falls beyond the ends of the coil, which is about 280 mm long.
    gain *= 0.3 + 0.7 / (1 + np.exp((np.abs(points[..., 2]) - 140) / 18))
    gain *= 1 + protocol.bias * _uneven(points, protocol.seed)
    if protocol.saturation > 0:
        gain *= 1 - protocol.saturation / (1 + np.exp((points[..., 1] - band_y) / 3.0))
    return gain.astype(np.float32)


def _uneven(points: FloatArray, seed: int) -> FloatArray:
    """A smooth field of about unit size: three waves of 120 mm and more."""
    rng = np.random.default_rng([29, seed])
    field = np.zeros(points.shape[:-1])
    for _ in range(3):
        wave = rng.standard_normal(3)
        wave *= 2 * np.pi / rng.uniform(120, 300) / np.linalg.norm(wave)
        field += np.sin(points @ wave + rng.uniform(0, 2 * np.pi))
    return field


def rician(signal: Float32, sigma: float, rng: np.random.Generator) -> Float32:
    """Magnitude of a signal with Gaussian noise in both channels."""
    real = signal + sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    imaginary = sigma * rng.standard_normal(signal.shape, dtype=np.float32)
    result: Float32 = np.hypot(real, imaginary)
    return result
