"""Artefacts of acquisition, each a function of one image (rows, columns), float32.

Frequency is encoded along one axis of the image and phase along the other.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.ndimage import gaussian_filter1d, shift

from inference.simulate.scanner.signal import Protocol

Float32 = NDArray[np.float32]

#: Between water and fat, parts per million, and the proton's frequency in MHz per tesla.
FAT_PPM, PROTON_MHZ = 3.4, 42.577
#: Width of the bright rim around a signal void at metal, mm, and its gain.
BRIM_MM, BRIM = 1.6, 1.7
#: Number of phase lines in one breath, as a share of the matrix.
BREATH = 0.09


def fat_shift_pixels(protocol: Protocol) -> float:
    """Shift of fat against water along the frequency axis, pixels."""
    return FAT_PPM * PROTON_MHZ * protocol.tesla / protocol.bandwidth_hz


def with_chemical_shift(water: Float32, fat: Float32, protocol: Protocol) -> Float32:
    """Water, plus the fat that is not suppressed, shifted along the frequency axis."""
    moved = [0.0, 0.0]
    moved[1 - protocol.phase_axis] = fat_shift_pixels(protocol)
    remaining_fat = shift(fat, moved, order=1, mode="nearest") if moved != [0.0, 0.0] else fat
    result: Float32 = water + (1 - protocol.fat_suppression) * remaining_fat
    return result


def beside_metal(image: Float32, distance_mm: Float32, protocol: Protocol) -> Float32:
    """A signal void around metal with a bright rim. distance_mm: to the nearest implant.

    The void grows with the field and shrinks with the bandwidth.
    """
    void = 3.0 * protocol.tesla * np.sqrt(220.0 / protocol.bandwidth_hz)
    depth = distance_mm - void
    gain = np.clip(depth / 1.0 + 0.5, 0, 1) * (1 + (BRIM - 1) * np.exp(-np.square((depth - 1.0) / BRIM_MM)))
    result: Float32 = (image * gain).astype(np.float32)
    return result


def sampled(image: Float32, protocol: Protocol) -> Float32:
    """The magnitude image of a k-space that is truncated, weighted by the echo train and disturbed by motion.

    Truncation rings at edges (Gibbs) and widens the point spread; the later
    echoes of a train weigh less, which blurs along phase; a body that moves
    puts ghosts along phase.
    """
    space = np.fft.fftshift(np.fft.fft2(image))
    for axis in (0, 1):
        lines = np.linspace(-1, 1, image.shape[axis], endpoint=False)
        keep = protocol.acquired[0] if axis == protocol.phase_axis else protocol.acquired[1]
        # A soft edge, as reconstructions filter it, though not enough to hide the ringing.
        window = 1 / (1 + np.exp((np.abs(lines) - keep) / 0.03))
        if axis == protocol.phase_axis:
            window = window * np.exp(-protocol.train_decay * np.abs(lines))
        space *= np.expand_dims(window, 1 - axis)
    if protocol.motion_mm > 0:
        space *= np.expand_dims(_motion(image.shape[protocol.phase_axis], protocol), 1 - protocol.phase_axis)
    result: Float32 = np.abs(np.fft.ifft2(np.fft.ifftshift(space))).astype(np.float32)
    return result


def _motion(lines: int, protocol: Protocol) -> NDArray[np.complex128]:
    """Phase factor of each line for a patient who breathes and drifts."""
    rng = np.random.default_rng([23, protocol.seed])
    line = np.arange(lines) - lines / 2
    breath = np.sin(2 * np.pi * line / (BREATH * lines) + rng.uniform(0, 2 * np.pi))
    drift = gaussian_filter1d(rng.standard_normal(lines), lines / 12)
    displacement_mm = protocol.motion_mm * (0.7 * breath + 0.5 * drift / drift.std())
    phase: NDArray[np.complex128] = np.exp(2j * np.pi * line / lines * displacement_mm / protocol.motion_pixel_mm)
    return phase


def folded(image: Float32, margin: int, protocol: Protocol) -> Float32:
    """The image with its outer `margin` pixels at both ends of the phase axis folded in."""
    if margin == 0:
        return image
    wide = np.moveaxis(image, protocol.phase_axis, 0)
    inner = wide[margin:-margin].copy()
    inner[:margin] += wide[-margin:]
    inner[-margin:] += wide[:margin]
    return np.moveaxis(inner, 0, protocol.phase_axis)
