"""A Result -> files: reading.json, segmentation.nii.gz, overview.png, draft.txt, masks/."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import nibabel
import numpy as np
from numpy.typing import NDArray

from inference import draft, geometry, overview, record
from inference.pipeline import Result


def write(result: Result, folder: Path) -> None:
    """Write everything into `folder`, which is made when missing.

    masks/index.json lists per series the images with their byte offset in
    masks/UID.bin.gz, the gzipped uint8 label images (row by row), projected
    into each image's own plane.
    """
    folder.mkdir(parents=True, exist_ok=True)
    reading = json.dumps(record.to_dict(result.reading), indent=1, ensure_ascii=False)
    (folder / "reading.json").write_text(reading + "\n", encoding="utf-8")
    (folder / "draft.txt").write_text(draft.text_of(result.reading.draft), encoding="utf-8")
    nifti = nibabel.Nifti1Image(result.segmentation.labels, geometry.RAS_TO_LPS @ result.segmentation.affine)
    nifti.header.set_xyzt_units("mm")
    nibabel.save(nifti, folder / "segmentation.nii.gz")
    overview.draw(result.volume, result.segmentation, result.reading).save(folder / "overview.png")
    _write_masks(result, folder / "masks")


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
