"""DICOM files -> headers -> chosen series, as stacks of slices.

Series are told apart by geometry first (PS3.3 C.7.6.2, Image Plane), then by
timing, then by what their description says: descriptions are written by people.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pydicom
from pydicom.dataset import Dataset
from pydicom.errors import InvalidDicomError

from inference.errors import (
    DuplicateSlicesError,
    MissingSpacingError,
    NoSagittalSeriesError,
    NotDicomError,
    StudyError,
    TooFewSlicesError,
    TruncatedFileError,
    WrongModalityError,
    WrongRegionError,
)
from inference.images import geometry
from inference.types import Plane, Role, SeriesChoice, Slice

#: A sagittal series with fewer slices than this is not read.
MIN_SLICES = 3
#: Two slices nearer to each other than this lie at the same place.
SAME_PLACE_MM = 0.05

_OTHER_REGION = re.compile(
    r"\b(c[- ]?spine|cspine|cerv\w*|hws|cwk|t[- ]?spine|tspine|thora\w*|dorsal\w*|bws|twk|brain|head)\b"
)
#: Also thoracolumbar, and as German, Dutch and French say it.
_LUMBAR = re.compile(r"\b(l[- ]?spine|lspine|\w*lumb\w*|\w*lomb\w*|lws|lwk|ls[- ]?spine|lsspine)\b")
_SURVEY = re.compile(r"\b(loc|locali[sz]er\w*|locator|\w*survey|scout|topogram|rep[eé]rage|3[- ]?pl(ane)?)\b")
_FAT_SUPPRESSED = re.compile(r"stir|tirm|\bfs\b|fat ?sat|\bspair\b|\bspir\b|dixon")
_POST_CONTRAST = re.compile(r"\+ ?c\b|\bc ?\+|\bpost\b|\bgd\b|gado|contrast|\bkm\b|\binj")


@dataclass(frozen=True)
class Header:
    """What the choice of series needs of one file; `slices` is empty without geometry."""

    path: Path
    study_instance_uid: str
    series_instance_uid: str
    sop_instance_uid: str
    modality: str
    description: str
    protocol: str
    body_part: str
    echo_time_ms: float | None
    repetition_time_ms: float | None
    inversion_time_ms: float | None
    localiser: bool
    contrast: bool
    frame_of_reference_uid: str
    study_description: str = ""
    slices: tuple[Slice, ...] = ()

    @property
    def words(self) -> str:
        """What people wrote of the series, in lower case."""
        return f"{self.description} {self.protocol}".lower().replace("_", " ")


@dataclass(frozen=True)
class Stack:
    """Parallel images of one series with one echo time, sorted along their normal."""

    series_instance_uid: str
    headers: tuple[Header, ...]
    slices: tuple[Slice, ...] = field(default=())

    @property
    def head(self) -> Header:
        return self.headers[0]

    @property
    def plane(self) -> Plane | None:
        return geometry.plane_of(self.slices[0].normal) if self.slices else None


def find_files(folder: Path) -> list[Path]:
    """Every regular file below `folder` that starts like DICOM part 10, sorted."""
    found = []
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        with path.open("rb") as stream:
            stream.seek(128)
            if stream.read(4) == b"DICM":
                found.append(path)
    return found


def read_headers(paths: Iterable[Path]) -> list[Header]:
    """Read everything but the pixels.

    Raises NotDicomError, TruncatedFileError or WrongModalityError for the first
    file that is none of ours.
    """
    headers = [_read_header(path) for path in paths]
    if not headers:
        raise NotDicomError("There are no DICOM files here.")
    return headers


def _read_header(path: Path) -> Header:
    try:
        data = pydicom.dcmread(path, stop_before_pixels=True)
        return _header_of(path, data)
    except InvalidDicomError as error:
        raise NotDicomError("A file is not DICOM.") from error
    except (EOFError, OSError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise TruncatedFileError("A file ends too early or is damaged.") from error


def _header_of(path: Path, data: Dataset) -> Header:
    modality = str(data.get("Modality", ""))
    if modality != "MR":
        raise WrongModalityError(f"This is a {modality or 'file without a modality'} image, not MR.")
    return Header(
        path=path,
        study_instance_uid=str(data.get("StudyInstanceUID", "")),
        series_instance_uid=str(data.get("SeriesInstanceUID", "")),
        sop_instance_uid=str(data.get("SOPInstanceUID", "")),
        modality=modality,
        description=str(data.get("SeriesDescription", "")),
        protocol=str(data.get("ProtocolName", "")),
        body_part=str(data.get("BodyPartExamined", "")),
        echo_time_ms=_timing(data, "EchoTime", ("MREchoSequence", "EffectiveEchoTime")),
        repetition_time_ms=_timing(data, "RepetitionTime", ("MRTimingAndRelatedParametersSequence", "RepetitionTime")),
        inversion_time_ms=_timing(data, "InversionTime", ("MRModifierSequence", "InversionTimes")),
        localiser="LOCALIZER" in [str(part).upper() for part in data.get("ImageType") or []],
        contrast=bool(data.get("ContrastBolusAgent")) or "ContrastBolusAgentSequence" in data,
        frame_of_reference_uid=str(data.get("FrameOfReferenceUID", "")),
        study_description=str(data.get("StudyDescription", "")),
        slices=tuple(_slices_of(data)),
    )


def _timing(data: Dataset, keyword: str, enhanced: tuple[str, str]) -> float | None:
    """A time in ms from a classic or an enhanced multi-frame object."""
    value = data.get(keyword)
    if value is None:
        for groups in ("SharedFunctionalGroupsSequence", "PerFrameFunctionalGroupsSequence"):
            for group in list(data.get(groups, []))[:1]:
                inner = group.get(enhanced[0])
                value = inner[0].get(enhanced[1]) if inner else value
    try:
        return float(value) if value is not None else None
    except (TypeError, ValueError):
        return None


def _slices_of(data: Dataset) -> list[Slice]:
    """The image planes of a file, or none when any part of the geometry is missing."""
    uid = str(data.get("SOPInstanceUID", ""))
    shape = (int(data.get("Rows", 0)), int(data.get("Columns", 0)))
    frames = data.get("PerFrameFunctionalGroupsSequence")
    if frames is None:
        sources = [(data, data, data)]
    else:
        shared = (list(data.get("SharedFunctionalGroupsSequence", [])) or [Dataset()])[0]
        sources = [
            (
                _first(frame, shared, "PlanePositionSequence"),
                _first(frame, shared, "PlaneOrientationSequence"),
                _first(frame, shared, "PixelMeasuresSequence"),
            )
            for frame in frames
        ]
    planes = [
        _plane(uid, number, shape, position.get("ImagePositionPatient"), orientation.get("ImageOrientationPatient"), m)
        for number, (position, orientation, m) in enumerate(sources, start=1)
    ]
    return [plane for plane in planes if plane is not None] if None not in planes else []


def _first(frame: Dataset, shared: Dataset, name: str) -> Dataset:
    for group in (frame, shared):
        if group.get(name):
            item: Dataset = group[name][0]
            return item
    return Dataset()


def _plane(
    uid: str, frame: int, shape: tuple[int, int], position: object, orientation: object, measures: Dataset
) -> Slice | None:
    spacing = measures.get("PixelSpacing")
    try:
        origin = np.array([float(v) for v in position], dtype=np.float64)  # type: ignore[attr-defined]
        cosines = np.array([float(v) for v in orientation], dtype=np.float64)  # type: ignore[attr-defined]
        between = (float(spacing[0]), float(spacing[1]))
        across, down = geometry.unit(cosines[:3]), geometry.unit(cosines[3:])
    except (TypeError, ValueError, IndexError):
        return None
    numbers = np.concatenate([origin, cosines, between])
    if origin.shape != (3,) or cosines.shape != (6,) or min(between) <= 0 or not np.isfinite(numbers).all():
        return None
    if abs(float(across @ down)) > 0.02 or min(shape) < 1:
        return None
    return Slice(uid, origin, across, down, between, shape, float(measures.get("SliceThickness") or 0.0), frame)


def stacks_of(headers: Sequence[Header]) -> list[Stack]:
    """Split headers into stacks: one series, orientation, matrix and echo time each."""
    groups: dict[tuple[object, ...], list[tuple[Header, Slice | None]]] = {}
    for header in headers:
        for plane in header.slices or (None,):
            turned = tuple(np.round(plane.normal, 1) + 0.0) if plane is not None else None
            key = (header.series_instance_uid, turned, plane.shape if plane else None, header.echo_time_ms)
            groups.setdefault(key, []).append((header, plane))
    stacks = []
    for members in groups.values():
        planes = [plane for _, plane in members if plane is not None]
        if planes:
            normal = planes[0].normal
            members.sort(key=lambda item: float(item[1].origin_mm @ normal) if item[1] is not None else 0.0)
        stacks.append(
            Stack(
                members[0][0].series_instance_uid,
                tuple(header for header, _ in members),
                tuple(plane for _, plane in members if plane is not None),
            )
        )
    return stacks


def weighting(header: Header) -> tuple[str, str]:
    """(`"T1"`, `"T2"`, `"STIR"`, `"PD"` or `""`, why), by timing first and description second."""
    text = header.words
    echo, repetition, inversion = header.echo_time_ms, header.repetition_time_ms, header.inversion_time_ms
    if (inversion is not None and 80 <= inversion <= 260) or re.search(r"stir|tirm", text):
        return "STIR", "short inversion time or named STIR"
    if echo is not None and echo >= 60:
        return "T2", f"echo time {echo:.0f} ms"
    if echo is not None and repetition is not None and echo < 40 and (repetition < 1300 or inversion):
        return "T1", f"echo time {echo:.0f} ms, repetition time {repetition:.0f} ms"
    for name in ("T1", "T2", "PD"):
        if re.search(rf"\b{name.lower()}", text):
            return name, f"described as {name}"
    if echo is not None and repetition is not None and echo < 40 and repetition >= 1300:
        return "PD", f"echo time {echo:.0f} ms, repetition time {repetition:.0f} ms"
    return "", "no timing and no description"


def is_enhanced(header: Header) -> bool:
    """Whether a series was made after a contrast agent, by its tags or by what people wrote."""
    return header.contrast or bool(_POST_CONTRAST.search(header.words))


def is_suppressed(header: Header) -> bool:
    """Whether people wrote that fat is suppressed."""
    return bool(_FAT_SUPPRESSED.search(header.words))


def check_region(headers: Sequence[Header]) -> None:
    """Raise WrongRegionError when what is written of study and series says only another region."""
    texts = [f"{header.words} {header.body_part} {header.study_description}".lower() for header in headers]
    if any(_LUMBAR.search(text) for text in texts):
        return
    if any(_OTHER_REGION.search(text) for text in texts):
        raise WrongRegionError("The images say that they show another part of the body.")


def choose_series(headers: Sequence[Header]) -> tuple[SeriesChoice, ...]:
    """Which series plays which role, and why; every role has an entry, perhaps an empty one.

    Raises WrongRegionError, NoSagittalSeriesError, MissingSpacingError,
    TooFewSlicesError or DuplicateSlicesError when no sagittal series can be read.
    """
    check_region(headers)
    stacks = stacks_of(headers)
    sagittal = _sagittal_choices(stacks)
    return (*sagittal, _choice(Role.AXIAL_T2, _ranked(stacks, Plane.AXIAL, "T2", 1)))


def _sagittal_choices(stacks: list[Stack]) -> list[SeriesChoice]:
    choices, problems = [], []
    for role, weight in ((Role.SAGITTAL_T2, "T2"), (Role.SAGITTAL_T1, "T1")):
        usable = []
        for stack in _ranked(stacks, Plane.SAGITTAL, weight, 0):
            try:
                check_stack(stack)
                usable.append(stack)
            except StudyError as problem:
                problems.append(problem)
        choices.append(_choice(role, usable))
    if any(choice.uid for choice in choices):
        return choices
    if problems:
        raise problems[0]
    if any(not stack.slices for stack in stacks):
        raise MissingSpacingError("The images do not say how large their pixels are, or where they lie in the patient.")
    if any(stack.plane is Plane.SAGITTAL and _elsewhere(stack.head) for stack in stacks):
        raise WrongRegionError("The sagittal images say that they show another part of the body.")
    if any(stack.plane is Plane.SAGITTAL for stack in stacks):
        raise NoSagittalSeriesError("The sagittal series is neither T2 nor T1 weighted.")
    raise NoSagittalSeriesError("There is no sagittal series.")


def _ranked(stacks: list[Stack], plane: Plane, weight: str, least: int) -> list[Stack]:
    """Stacks of a plane and weighting, best first: plain before suppressed or enhanced, then more slices.

    Localisers and what says that it shows another region are left out.
    """
    fitting = [
        stack
        for stack in stacks
        if stack.plane is plane and weighting(stack.head)[0] == weight
        if not stack.head.localiser and not _SURVEY.search(stack.head.words) and not _elsewhere(stack.head)
        if len(stack.slices) >= least
    ]
    return sorted(fitting, key=_demerits)


def _elsewhere(header: Header) -> bool:
    """Whether a series says that it shows another region: in its own words, else by its body part."""
    for text in (header.words, header.body_part.lower()):
        if _LUMBAR.search(text):
            return False
        if _OTHER_REGION.search(text):
            return True
    return False


def _demerits(stack: Stack) -> tuple[int, int, float]:
    special = 2 * is_suppressed(stack.head) + is_enhanced(stack.head)
    few = 0 if len(stack.slices) >= MIN_SLICES else 1
    return (special, few, -float(len(stack.slices)))


def _choice(role: Role, ranked: list[Stack]) -> SeriesChoice:
    name = role.value.replace("_t", " T")
    if not ranked:
        return SeriesChoice(role, "", "", f"No {name} series in the study.")
    best = ranked[0]
    others = len({stack.series_instance_uid for stack in ranked}) - 1
    count = sum(len(stack.slices) for stack in ranked if stack.series_instance_uid == best.series_instance_uid)
    why = f"{name} by its geometry and {weighting(best.head)[1]}; {count} images"
    why += f"; preferred to {others} other{'s' if others > 1 else ''}." if others else "."
    return SeriesChoice(role, best.series_instance_uid, best.head.description, why[0].upper() + why[1:])


def check_stack(stack: Stack) -> None:
    """Raise TooFewSlicesError or DuplicateSlicesError for a stack that is no volume."""
    if len(stack.slices) < MIN_SLICES:
        count = len(stack.slices)
        raise TooFewSlicesError(
            f"The sagittal series has {count} slice{'s' if count != 1 else ''}; {MIN_SLICES} are needed."
        )
    gaps = np.diff([float(s.origin_mm @ stack.slices[0].normal) for s in stack.slices])
    if (gaps < SAME_PLACE_MM).any():
        raise DuplicateSlicesError("Two slices of the sagittal series lie at the same place.")


def series_stacks(headers: Sequence[Header], series_instance_uid: str) -> list[Stack]:
    """The stacks of one series, largest first."""
    members = [header for header in headers if header.series_instance_uid == series_instance_uid]
    return sorted(stacks_of(members), key=lambda stack: -len(stack.slices))


def digest(paths: Iterable[Path]) -> str:
    """SHA-256 over the sorted SHA-256 of the files: the same input, the same digest."""
    each = sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in paths)
    return hashlib.sha256("\n".join(each).encode()).hexdigest()
