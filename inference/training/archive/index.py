"""Which studies a folder of DICOM files holds, from headers alone. A file that did not change is read once.

Identifiers are needed only to match reports and to distinguish patients, so they are hashed at once.
The index on disk holds hashes and the paths of files, and belongs where the archive is.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pydicom
from pydicom.errors import InvalidDicomError

from inference.progress import Bar
from inference.training.data.processes import spread

_TAGS = ["Modality", "StudyInstanceUID", "AccessionNumber", "PatientID"]
MR, OTHER, BROKEN, NO_DICOM = "MR images", "other DICOM objects", "damaged files", "files that are no DICOM"
#: Not stored in the index: another run may be able to open them.
UNREAD = "files and folders that cannot be opened, and links to folders"


@dataclass(frozen=True)
class Study:
    """One study of MR images; `accession` and `patient` are hashes, empty where the header names none.

    mark: hash that changes when its files do.
    """

    accession: str
    patient: str
    files: tuple[Path, ...]
    mark: str


def hashed(text: str) -> str:
    """A hash that stands for an identifier without disclosing it; empty for an empty one."""
    # The name of a file need not be UTF-8.
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:20] if text else ""


@dataclass(frozen=True)
class FolderContents:
    """What a folder holds. studies: the usable ones, in the order of their hashes. dropped: the others, by reason.

    files: counts by kind. accessions: number of studies by hashed accession number, dropped ones included.
    """

    studies: list[Study]
    dropped: Counter[str]
    files: Counter[str]
    accessions: Counter[str]


def studies(folder: Path, index: Path, workers: int) -> FolderContents:
    """The studies below `folder`. index: file that stores the header fields of each file."""
    by_study: dict[str, list[_File]] = {}
    kinds: Counter[str] = Counter()
    for file in _files(folder, index, workers):
        kinds[file.kind] += 1
        if file.kind == MR:
            by_study.setdefault(file.study, []).append(file)
    usable, dropped, numbers = [], Counter[str](), Counter[str]()
    for uid, files in sorted(by_study.items()):
        patients, accessions = ({getattr(file, name) for file in files} for name in ("patient", "accession"))
        numbers.update(accessions - {""})
        if not uid:
            dropped["images: without a study"] += 1
        elif len(patients) > 1 or len(accessions) > 1:
            dropped["images: files of one study name several patients or accession numbers"] += 1
        elif patients == {""}:
            dropped["images: no patient ID"] += 1
        else:
            files_listed = "\n".join([uid, *(f"{file.path} {file.size} {file.changed}" for file in files)])
            paths = tuple(folder / file.path for file in files)
            usable.append(Study(accessions.pop(), patients.pop(), paths, hashed(files_listed)))
    return FolderContents(usable, dropped, kinds, numbers)


@dataclass(frozen=True)
class _File:
    """A row of the index. path: below the archive's folder. changed: ns. study, accession, patient: hashes."""

    path: str
    size: int
    changed: int
    kind: str
    study: str = ""
    accession: str = ""
    patient: str = ""


def _files(folder: Path, index: Path, workers: int) -> Iterator[_File]:
    """Every file below `folder`, in order; unchanged files are taken from the index."""
    entries = {(entry.path, entry.size, entry.changed): entry for entry in _stored_entries(index)}
    keys = [_key(folder, path) for path in _walk(folder)]
    unread = [key for key in keys if key not in entries]
    bar, total = Bar("files"), len(keys)
    bar(total - len(unread), total)
    with index.open("a", encoding="utf-8") as lines:
        tasks = [(folder, key) for key in unread]
        for done, file in enumerate(spread(_read, tasks, workers, chunk=200), start=total - len(unread) + 1):
            entries[file.path, file.size, file.changed] = file
            if file.kind != UNREAD:
                lines.write(json.dumps(list(vars(file).values())) + "\n")
            bar(done, total)
    yield from (entries[key] for key in keys)


def _stored_entries(index: Path) -> Iterator[_File]:
    if index.exists():
        for row in index.read_text(encoding="utf-8").splitlines():
            try:
                yield _File(*json.loads(row))
            except (ValueError, TypeError):  # the last line of a run that was broken off
                continue


def _walk(folder: Path) -> Iterator[Path]:
    """Files in order, without hidden ones, which are still being written. Folders that cannot be opened come last."""
    shut: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=lambda error: shut.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted(names + links) if not name.startswith("."))
    yield from shut


def _key(folder: Path, path: Path) -> tuple[str, int, int]:
    name = str(path.relative_to(folder))
    try:
        status = path.stat()
    except OSError:
        return name, 0, 0
    return name, status.st_size, status.st_mtime_ns


def _read(task: tuple[Path, tuple[str, int, int]]) -> _File:
    folder, key = task
    try:
        with (folder / key[0]).open("rb") as stream:
            stream.seek(128)
            if stream.read(4) != b"DICM":
                return _File(*key, NO_DICOM)
        data = pydicom.dcmread(folder / key[0], stop_before_pixels=True, specific_tags=_TAGS)
        modality, *names = (str(data.get(tag) or "").strip() for tag in _TAGS)
    except (InvalidDicomError, EOFError, OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # The system gives a number to what it could not do; pydicom gives none to what it cannot read.
        return _File(*key, UNREAD if isinstance(error, OSError) and error.errno else BROKEN)
    return _File(*key, MR if modality == "MR" else OTHER, *map(hashed, names))
