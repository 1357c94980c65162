"""Slices through a patient: their planes and their images."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from inference.images.geometry import plane_grid
from inference.simulate.body import arch
from inference.simulate.body.anatomy import Anatomy
from inference.simulate.body.layout import Place
from inference.simulate.body.tissue import DISC, LEVELS, MUSCLE, Tissue, fat_share
from inference.simulate.scanner import artefacts, signal
from inference.simulate.scanner.signal import Protocol
from inference.types import FloatArray, Slice

Float32 = NDArray[np.float32]

#: Positions of samples in a pixel (rows, columns, slice), as shares of its size.
SAMPLES = (
    (-0.25, 0.125, -0.375),
    (0.125, 0.25, -0.125),
    (0.25, -0.125, 0.125),
    (-0.125, -0.25, 0.375),
)
#: Largest number of pixels of the slices that are computed in one batch.
TOGETHER = 90_000
#: Shifts of the samples of four neighbouring pixels through the slice, as shares of the samples' distance. Differences
#: between neighbouring pixels are finer than what a truncated k-space shows.
DEPTHS = np.array([[-0.375, 0.125], [0.375, -0.125]])


def stack(
    centre_mm: FloatArray,
    along_row: FloatArray,
    along_column: FloatArray,
    pixels: tuple[int, int],
    spacing_mm: float,
    count: int,
    protocol: Protocol,
) -> list[Slice]:
    """`count` parallel slices around a centre, the first against the normal."""
    normal = np.cross(along_row, along_column)
    rows, columns = pixels
    corner = centre_mm - along_row * spacing_mm * (columns - 1) / 2 - along_column * spacing_mm * (rows - 1) / 2
    offsets = (np.arange(count) - (count - 1) / 2) * protocol.step_mm
    return [
        Slice(
            "",
            np.asarray(np.round(corner + normal * offset, 6)),
            along_row,
            along_column,
            (spacing_mm, spacing_mm),
            pixels,
            protocol.thickness_mm,
        )
        for offset in offsets
    ]


def disc_block(place: Place, pixels: int, spacing_mm: float, count: int, protocol: Protocol) -> list[Slice]:
    """An axial block angled along one disc, cranial end last."""
    centre = place.world(0, 14, 0)
    return stack(centre, place.axes[0], place.axes[1], (pixels, pixels), spacing_mm, count, protocol)


@dataclass(frozen=True)
class _Look:
    """Signal of each tissue code by a protocol, (256,): of water and of fat, and the texture."""

    protocol: Protocol
    water: Float32
    fat: Float32
    texture: Float32
    noise: np.random.Generator


def images(
    anatomy: Anatomy, planes: Sequence[Slice], protocols: Sequence[Protocol], samples: int
) -> list[list[NDArray[np.uint16]]]:
    """The slices by several protocols: one list of images for each protocol.

    samples: points per pixel, spread through the slice's thickness (at most 4).
    """
    looks = [_look(protocol) for protocol in protocols]
    image_lists: list[list[NDArray[np.uint16]]] = [[] for _ in protocols]
    margin = max(_margin(planes[0], protocol) for protocol in protocols)
    batch = max(1, TOGETHER // (planes[0].shape[0] * planes[0].shape[1]))
    for first in range(0, len(planes), batch):
        widened = [_widened(plane, margin, protocols[0].phase_axis) for plane in planes[first : first + batch]]
        for plane, scene in zip(planes[first : first + batch], _scenes(anatomy, widened, samples), strict=True):
            for look, image_list in zip(looks, image_lists, strict=True):
                image_list.append(_image(scene, look, margin, _margin(plane, look.protocol)))
    return image_lists


def _look(protocol: Protocol) -> _Look:
    rng = np.random.default_rng([3, protocol.seed])
    values, texture = signal.spin_echo(protocol, rng)
    for first in (DISC, MUSCLE):
        signal.smooth_codes(values, first, LEVELS)
    share = fat_share()
    return _Look(protocol, values * (1 - share), values * share, texture, rng)


@dataclass(frozen=True)
class _Scene:
    """Content of a slice: points, codes at each sample, tissue noise, streaming CSF, distance to metal."""

    grid: FloatArray
    codes: list[NDArray[np.uint8]]
    grain: Float32
    stream: Float32
    metal_mm: Float32 | None
    back_y: float
    band_y: float


def _scenes(anatomy: Anatomy, planes: Sequence[Slice], samples: int) -> Iterator[_Scene]:
    """Scenes of planes of one shape; their tissues are computed in one call, which is faster for small planes."""
    grids = [plane_grid(plane) for plane in planes]
    points = [_points(plane, grid, samples) for plane, grid in zip(planes, grids, strict=True)]
    codes = [anatomy.codes(np.stack(sample)).numpy() for sample in zip(*points, strict=True)]
    for number, grid in enumerate(grids):
        scene_codes = [sample[number] for sample in codes]
        noise, stream, metal = _marrow_noise(anatomy, grid), _stream(anatomy, grid), _metal(anatomy, grid)
        yield _Scene(grid, scene_codes, noise, stream, metal, *_landmarks(anatomy))


def _image(scene: _Scene, look: _Look, margin: int, wrap_margin: int) -> NDArray[np.uint16]:
    """One slice by one protocol. margin: extra pixels at each end; wrap_margin: those of them that fold in."""
    protocol, share = look.protocol, 1 / len(scene.codes)
    water = np.zeros(scene.grid.shape[:2], dtype=np.float32)
    fat = np.zeros_like(water)
    streaming = 1 - protocol.flow * scene.stream
    for code in scene.codes:
        texture = 1 + look.texture[code] * scene.grain
        water += look.water[code] * texture * np.where(code == Tissue.CSF, streaming, 1) * share
        fat += look.fat[code] * texture * share
    image = artefacts.with_chemical_shift(water, fat, protocol)
    if scene.metal_mm is not None:
        image = artefacts.beside_metal(image, scene.metal_mm, protocol)
    image *= signal.shade(scene.grid, scene.back_y, protocol, scene.band_y)
    image = artefacts.sampled(image, protocol)
    image = _cut(image, margin - wrap_margin, protocol.phase_axis)
    image = artefacts.folded(image, wrap_margin, protocol)
    image = signal.rician(image, protocol.noise, look.noise)
    return np.clip(np.round(image * protocol.scale), 0, 4095).astype(np.uint16)


def _margin(plane: Slice, protocol: Protocol) -> int:
    """Pixels beyond each end of the phase axis that fold in."""
    return round(protocol.wrap * plane.shape[protocol.phase_axis])


def _widened(plane: Slice, margin: int, axis: int) -> Slice:
    """The plane with more pixels at both ends of an axis."""
    if margin == 0:
        return plane
    step = (plane.along_column, plane.along_row)[axis] * plane.spacing_mm[axis]
    shape = list(plane.shape)
    shape[axis] += 2 * margin
    return replace(plane, origin_mm=plane.origin_mm - step * margin, shape=(shape[0], shape[1]))


def _cut(image: Float32, pixels: int, axis: int) -> Float32:
    if pixels == 0:
        return image
    return image[pixels:-pixels] if axis == 0 else image[:, pixels:-pixels]


def _stream(anatomy: Anatomy, grid: FloatArray) -> Float32:
    """0 where CSF is at rest, up to 1 where it flows: long patches, mostly in the upper lumbar canal."""
    points = torch.from_numpy(grid.reshape(-1, 3).astype(np.float32))
    patches = anatomy.around.grain(points * torch.tensor([0.5, 0.5, 0.12]), 1.0, 71, anatomy.around.broad)
    upper = 1 / (1 + torch.exp((-20 - points[:, 2]) / 25))
    result: Float32 = ((patches - 0.3).clamp(0, 1) * upper).numpy().reshape(grid.shape[:-1])
    return result


def _metal(anatomy: Anatomy, grid: FloatArray) -> Float32 | None:
    """Distance to the nearest pedicle screw, mm, or None for a patient without."""
    points = torch.from_numpy(grid.reshape(-1, 3).astype(np.float32))
    nearest = [
        arch.screws(body, left, back - body.depth_mm / 2, up)
        for body in anatomy.patient.bodies
        if body.screws
        for left, back, up in [anatomy.layout.bodies[body.name].local(points)]
    ]
    if not nearest:
        return None
    result: Float32 = torch.stack(nearest).amin(dim=0).numpy().reshape(grid.shape[:-1])
    return result


def _points(plane: Slice, grid: FloatArray, samples: int) -> list[FloatArray]:
    """Sample points of a plane's pixels, (rows, columns, 3) for each sample."""
    chosen = SAMPLES if samples >= 4 else SAMPLES[:: 4 // samples][:samples]
    # Neighbouring pixels are sampled at other depths, so that a slanting surface has no steps.
    tiles = -(-np.array(grid.shape[:2]) // 2)
    depth = np.tile(DEPTHS, tiles)[: grid.shape[0], : grid.shape[1]] * min(1 / len(chosen), 0.5)
    depth_shift = depth[..., None] * plane.thickness_mm * plane.normal
    points = []
    for row, column, deep in chosen:
        offset = (
            plane.along_column * (row * plane.spacing_mm[0])
            + plane.along_row * (column * plane.spacing_mm[1])
            + plane.normal * (deep * plane.thickness_mm)
        )
        points.append(grid + depth_shift + offset)
    return points


def _marrow_noise(anatomy: Anatomy, grid: FloatArray) -> Float32:
    """Texture in tissues, of unit variance: fine grain and larger islands."""
    points = torch.from_numpy(grid.reshape(-1, 3).astype(np.float32))
    around = anatomy.around
    fine, broad = around.grain(points, 0.7, 5), around.grain(points, 0.8, 29, around.broad)
    result: Float32 = (0.6 * fine + 0.8 * broad).numpy().reshape(grid.shape[:-1])
    return result


def _landmarks(anatomy: Anatomy) -> tuple[float, float]:
    """Height (y, mm) of the back's skin and of a saturation band's edge before the spine."""
    around = anatomy.around
    return float(np.percentile(around.skin_y.numpy(), 70)), float(around.centre_y.min()) - 26.0
