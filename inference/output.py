"""A Result -> files: reading.json, the two .nii.gz of labels, overview.png, draft.txt, evidence.json, masks/."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from inference.images import geometry
from inference.result import draft, overview, record
from inference.result.compose import Result
from inference.types import FloatArray


def write(result: Result, folder: Path) -> None:
    """Write everything into `folder`, which is made when missing.

    instances.nii.gz holds the ids of `instances.IDS`; reading.json names those
    that are there. masks/index.json lists per series the images with their byte offset in
    masks/UID.bin.gz, the gzipped uint8 label images (row by row), projected
    into each image's own plane. evidence.json: ``maps``, a list of `evidence.EvidenceMap`, where there is any.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reading = json.dumps(record.to_dict(result.reading), indent=1, ensure_ascii=False)
    (folder / "reading.json").write_text(reading + "\n", encoding="utf-8")
    (folder / "draft.txt").write_text(draft.text_of(result.reading.draft), encoding="utf-8")
    _write_labels(result.segmentation.labels, result.segmentation.affine, folder / "segmentation.nii.gz")
    _write_labels(result.instances.labels, result.instances.affine, folder / "instances.nii.gz")
    overview.draw(result.volume, result.segmentation, result.reading).save(folder / "overview.png")
    if result.evidence:
        maps = json.dumps({"maps": record.to_dict(result.evidence)}, separators=(",", ":"))
        (folder / "evidence.json").write_text(maps + "\n", encoding="utf-8")
    _write_masks(result, folder / "masks")


def _write_labels(labels: NDArray[np.uint8], affine: FloatArray, path: Path) -> None:
    nifti = nibabel.Nifti1Image(labels, geometry.RAS_TO_LPS @ affine)
    nifti.header.set_xyzt_units("mm")
    nibabel.save(nifti, path)


def _write_masks(result: Result, folder: Path) -> None:
    folder.mkdir(exist_ok=True)
    index: dict[str, list[dict[str, object]]] = {}
    for uid, planes in result.planes.items():
        offset, images = 0, []
        index[uid] = []
        for plane in planes:
            labels: NDArray[np.uint8] = geometry.project_labels(result.segmentation, plane)
            images.append(labels.tobytes())
            rows, columns = labels.shape
            entry = {"sop": plane.sop_instance_uid, "frame": plane.frame, "rows": rows, "columns": columns}
            index[uid].append({**entry, "offset": offset})
            offset += rows * columns
        # mtime 0: the same reading gives the same bytes.
        (folder / f"{uid}.bin.gz").write_bytes(gzip.compress(b"".join(images), 6, mtime=0))
    (folder / "index.json").write_text(json.dumps({"series": index}), encoding="utf-8")
