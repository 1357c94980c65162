"""Which studies a folder of DICOM files holds, from headers alone. What was read once is not read again.

Identifiers are needed to match and to tell patients apart, and for nothing else: here they are hashed at once.
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
#: What another run may find readable.
UNREAD = "files and folders that cannot be opened, and links to folders"


@dataclass(frozen=True)
class Study:
    """One study of MR images; `accession` and `patient` are hashes, empty where the header names none.

    mark: changes when its files do.
    """

    accession: str
    patient: str
    files: tuple[Path, ...]
    mark: str


def hashed(text: str) -> str:
    """A name for an identifier that does not tell it to who looks; nothing for nothing."""
    # The name of a file need not be UTF-8.
    return hashlib.sha256(text.encode(errors="surrogateescape")).hexdigest()[:20] if text else ""


@dataclass(frozen=True)
class Found:
    """What a folder holds. studies: in the order of their hashes. dropped: why others are not among them.

    files: how many of which kind. accessions: how many studies have which number, the dropped ones too.
    """

    studies: list[Study]
    dropped: Counter[str]
    files: Counter[str]
    accessions: Counter[str]


def studies(folder: Path, index: Path, workers: int) -> Found:
    """index: file that keeps what was read of each file."""
    by_study: dict[str, list[_File]] = {}
    kinds: Counter[str] = Counter()
    for file in _files(folder, index, workers):
        kinds[file.kind] += 1
        if file.kind == MR:
            by_study.setdefault(file.study, []).append(file)
    found, dropped, numbers = [], Counter[str](), Counter[str]()
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
            told = "\n".join([uid, *(f"{file.path} {file.size} {file.changed}" for file in files)])
            paths = tuple(folder / file.path for file in files)
            found.append(Study(accessions.pop(), patients.pop(), paths, hashed(told)))
    return Found(found, dropped, kinds, numbers)


@dataclass(frozen=True)
class _File:
    """A line of the index. path: below the archive's folder. changed: ns. study, accession, patient: hashes."""

    path: str
    size: int
    changed: int
    kind: str
    study: str = ""
    accession: str = ""
    patient: str = ""


def _files(folder: Path, index: Path, workers: int) -> Iterator[_File]:
    """Every file below `folder`, in order; those that the index knows unchanged come from there."""
    known = {(one.path, one.size, one.changed): one for one in _known(index)}
    there = [_seen(folder, path) for path in _walk(folder)]
    missing = [seen for seen in there if seen not in known]
    bar, total = Bar("files"), len(there)
    bar(total - len(missing), total)
    with index.open("a", encoding="utf-8") as lines:
        asked = [(folder, seen) for seen in missing]
        for done, file in enumerate(spread(_read, asked, workers, chunk=200), start=total - len(missing) + 1):
            known[file.path, file.size, file.changed] = file
            if file.kind != UNREAD:
                lines.write(json.dumps(list(vars(file).values())) + "\n")
            bar(done, total)
    yield from (known[seen] for seen in there)


def _known(index: Path) -> Iterator[_File]:
    if index.exists():
        for line in index.read_text(encoding="utf-8").splitlines():
            try:
                yield _File(*json.loads(line))
            except (ValueError, TypeError):  # the last line of a run that was broken off
                continue


def _walk(folder: Path) -> Iterator[Path]:
    """Files in order, without hidden ones: those are being written. Folders that are not gone into are told, too."""
    shut: list[Path] = []
    for place, folders, names in os.walk(folder, onerror=lambda error: shut.append(Path(error.filename))):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        links = [name for name in folders if (Path(place) / name).is_symlink()]
        yield from (Path(place) / name for name in sorted(names + links) if not name.startswith("."))
    yield from shut


def _seen(folder: Path, path: Path) -> tuple[str, int, int]:
    name = str(path.relative_to(folder))
    try:
        found = path.stat()
    except OSError:
        return name, 0, 0
    return name, found.st_size, found.st_mtime_ns


def _read(asked: tuple[Path, tuple[str, int, int]]) -> _File:
    folder, seen = asked
    try:
        with (folder / seen[0]).open("rb") as stream:
            stream.seek(128)
            if stream.read(4) != b"DICM":
                return _File(*seen, NO_DICOM)
        data = pydicom.dcmread(folder / seen[0], stop_before_pixels=True, specific_tags=_TAGS)
        modality, *names = (str(data.get(tag) or "").strip() for tag in _TAGS)
    except (InvalidDicomError, EOFError, OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        # The system gives a number to what it could not do; pydicom gives none to what it cannot read.
        return _File(*seen, UNREAD if isinstance(error, OSError) and error.errno else BROKEN)
    return _File(*seen, MR if modality == "MR" else OTHER, *map(hashed, names))
