"""Writes a NIfTI volume as a classic DICOM MR series."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from inference.images import preprocess
from inference.images.dicom_writer import SeriesTags, StudyTags, uid_of, write_series
from inference.images.geometry import RAS_TO_LPS, plane_of, unit
from inference.types import Plane, Volume


@dataclass(frozen=True)
class WrapOptions:
    """Names and identifiers of a volume without DICOM header.

    weighting: ``"T1"``, ``"T2"`` or empty; written to the description so that
        readers know the contrast. slice_axis: which array axis of the file
        holds the slices; None takes the one with the coarsest spacing.
    uid_seed: UIDs follow from it; empty takes the file's own digest, so that
        wrapping a file twice gives the same series. Volumes with the same
        seed share study and frame of reference.
    """

    patient_id: str = ""
    patient_name: str = ""
    study_description: str = "MRI LUMBAR SPINE"
    series_description: str = ""
    weighting: str = "T2"
    slice_axis: int | None = None
    uid_seed: str = ""
    series_number: int = 1


def read_nifti(path: Path, slice_axis: int | None = None) -> Volume:
    """Read a NIfTI volume in LPS with its slice axis first.

    Sagittal stacks are oriented as radiologists view them: rows to the feet,
    columns to the back. No voxel is interpolated.
    Raises ValueError when the file is not one three-dimensional volume.
    """
    import nibabel

    image = nibabel.load(path)
    array: NDArray[Any] = np.squeeze(np.asanyarray(image.dataobj))
    if array.ndim != 3:
        raise ValueError(f"{path.name} has {array.ndim} dimensions; only one three-dimensional volume can be wrapped.")
    affine = RAS_TO_LPS @ np.asarray(image.affine, dtype=np.float64)
    spacing = np.linalg.norm(affine[:3, :3], axis=0)
    axis = int(np.argmax(spacing)) if slice_axis is None else slice_axis
    order = (axis, *(remaining for remaining in range(3) if remaining != axis))
    array, matrix = np.transpose(array, order), affine.copy()
    matrix[:, :3] = affine[:, list(order)]
    if plane_of(np.cross(unit(matrix[:3, 2]), unit(matrix[:3, 1]))) is Plane.SAGITTAL:
        array, matrix = preprocess.canonical(array, matrix)
    return Volume(np.ascontiguousarray(array, dtype=np.float32), matrix)


def wrap(volume_path: Path, out_dir: Path, options: WrapOptions | None = None) -> list[Path]:
    """Write a NIfTI volume (.nii, .nii.gz) as a DICOM MR series below `out_dir`.

    Returns the files. Raises ValueError for a volume that DICOM cannot hold.
    """
    options = options or WrapOptions()
    volume = read_nifti(volume_path, options.slice_axis)
    seed = options.uid_seed or hashlib.sha256(volume_path.read_bytes()).hexdigest()
    name = volume_path.name.removesuffix(".gz").removesuffix(".nii")
    plane = plane_of(np.cross(unit(volume.affine[:3, 2]), unit(volume.affine[:3, 1]))).value
    study = StudyTags(
        study_instance_uid=uid_of(seed, "study"),
        frame_of_reference_uid=uid_of(seed, "frame"),
        patient_name=options.patient_name or f"Wrapped^{name}",
        patient_id=options.patient_id or name,
        study_description=options.study_description,
    )
    description = options.series_description or f"{options.weighting} {plane}".strip().upper()
    tags = SeriesTags(
        study=study,
        series_instance_uid=uid_of(seed, "series", options.series_number, description),
        series_number=options.series_number,
        description=description,
        acquisition="",
        comments="Wrapped from a volume that had no acquisition data.",
    )
    return write_series(volume, out_dir, replace(tags, protocol=name))
