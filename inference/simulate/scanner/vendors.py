"""The habits of scanner makers: how each would write the same images.

The makers are invented; each habit is one found in hospital archives. See
docs/simulator.md for which maker has which.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, TypeVar

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import (
    UID,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    JPEG2000Lossless,
    JPEGLSLossless,
    RLELossless,
)

from inference.simulate.causes.options import Habit
from inference.simulate.scanner.enhanced import enhanced
from inference.simulate.scanner.series import Kind

Item = TypeVar("Item")


class Between(StrEnum):
    """What a maker takes Spacing Between Slices to mean: centre to centre (as the standard), the gap, or nothing."""

    CENTRES = "centres"
    GAP = "gap"
    ABSENT = "absent"


class Order(StrEnum):
    """Which slice has Instance Number 1, 2, ...: from one end, from the other, or every second one first."""

    FORWARD = "forward"
    REVERSED = "reversed"
    INTERLEAVED = "interleaved"


class Files(StrEnum):
    """One file for each image, or one for the series."""

    SINGLE = "single"
    MULTI_FRAME = "multi-frame"


@dataclass(frozen=True)
class Private:
    """A private group. elements: offset, VR and value; an int as value of OB is a length of noise."""

    group: int
    creator: str
    elements: tuple[tuple[int, str, Any], ...]


@dataclass(frozen=True)
class Maker:
    """One maker's habits.

    words: series description by kind. person: the patient's
    name, with ``{given}`` or ``{GIVEN}``. image_type: of all images but
    localisers. missing: optional elements that are left out, or left empty
    where the standard requires them. digits: decimals of positions and cosines.
    slope: rescale slope, which some write though classic MR has none. windows:
    names of several windows.
    """

    manufacturer: str
    models: tuple[str, ...]
    software: str
    institution: str
    study: str
    words: Mapping[Kind, str]
    person: str = "Simulated^{given}"
    character_set: str = "ISO_IR 100"
    body_part: str = "LSPINE"
    image_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "OTHER")
    survey_type: tuple[str, ...] = ("ORIGINAL", "PRIMARY", "LOCALIZER")
    series_step: int = 1
    between: Between = Between.CENTRES
    order: Order = Order.FORWARD
    syntax: UID = ExplicitVRLittleEndian
    files: Files = Files.SINGLE
    private: tuple[Private, ...] = ()
    missing: tuple[str, ...] = ()
    digits: int | None = None
    slope: float | None = None
    bits: int = 16
    signed: int = 0
    windows: tuple[str, ...] = ()
    file_name: str = "IM{:04d}.dcm"


def _words(*texts: str) -> Mapping[Kind, str]:
    """Descriptions in the order of `Kind`."""
    return dict(zip(Kind, texts, strict=True))


MAKERS: dict[Habit, Maker] = {
    Habit.PLAIN: Maker(
        manufacturer="DeepSPINE simulator",
        models=("Simulated MR",),
        software="1",
        institution="Simulated Hospital",
        study="MRI LUMBAR SPINE (SIMULATED)",
        words=_words(
            "T2 TSE SAG", "T1 TSE SAG", "T2 TSE AX", "LOCALIZER", "STIR SAG", "T2 COR", "T1 SAG +C", "T2 SAG T-SPINE"
        ),
        character_set="ISO_IR 192",
    ),
    Habit.AUSTER: Maker(
        manufacturer="AUSTER (simulated)",
        models=("Auster Sola 1.5", "Auster Vida 3"),
        software="syn VE11C",
        institution="Simuliertes Krankenhaus Süd",
        study="LWS nativ (simulated)",
        words=_words(
            "t2_tse_sag", "t1_tse_sag", "t2_tse_tra", "localizer", "t2_tirm_sag", "t2_tse_cor", "t1_tse_sag_KM",
            "t2_tse_sag_BWS",
        ),
        person="Simulated^{given} Zoë",
        image_type=("ORIGINAL", "PRIMARY", "M", "NORM", "DIS2D"),
        survey_type=("ORIGINAL", "PRIMARY", "M", "NORM"),
        order=Order.INTERLEAVED,
        bits=12,
        windows=("Algo1", "Algo2"),
        private=(
            Private(0x0019, "AUSTER MR HEADER", ((0x08, "CS", "IMAGE NUM 4"), (0x0B, "DS", "142.5"))),
            Private(0x0029, "AUSTER CSA HEADER", ((0x08, "CS", "IMAGE NUM 4"), (0x10, "OB", 1800), (0x20, "OB", 3400))),
        ),
        file_name="{:08d}.IMA",
    ),
    Habit.BOREAL: Maker(
        manufacturer="BOREAL MEDICAL (simulated)",
        models=("BOREAL Optic 450w", "BOREAL Artic 3T"),
        software="27\\LX\\MR Software release:DV25.0",
        institution="SIMULATED IMAGING CENTER",
        study="MR LUMBAR SPINE W/O (SIMULATED)",
        words=_words(
            "Sag T2 FRFSE", "Sag T1 FSE", "Ax T2 FRFSE", "3-pl Loc", "Sag STIR", "Cor T2 FSE", "+C Sag T1",
            "Sag T2 T-Spine",
        ),
        person="SIMULATED^{GIVEN}^X",
        character_set="",
        body_part="SPINE",
        survey_type=("ORIGINAL", "PRIMARY", "OTHER"),
        order=Order.REVERSED,
        syntax=ImplicitVRLittleEndian,
        digits=4,
        signed=1,
        private=(
            Private(0x0009, "BOREAL_IDEN_01", ((0x01, "LO", "BOREAL_GENESIS_FF"), (0x27, "SL", 1712345678))),
            Private(0x0043, "BOREAL_PARM_01", ((0x01, "SS", 7), (0x2C, "SS", 12), (0x39, "IS", [8, 0, 0, 0]))),
        ),
        file_name="I{:04d}",
    ),
    Habit.CALIMA: Maker(
        manufacturer="Calima Medical Systems (simulated)",
        models=("Calima Ingen", "Calima Achiev"),
        software="5.7.1\\5.7.1.1",
        institution="Simulated Ziekenhuis",
        study="MRI LWK (simulated)",
        words=_words(
            "T2W_TSE sag", "T1W_TSE sag", "T2W_TSE tra", "Survey", "STIR_longTE sag", "T2W cor", "T1W_TSE sag GADO",
            "T2W_TSE sag TWK",
        ),
        person="Simulée^{given} Hélène",
        image_type=("ORIGINAL", "PRIMARY", "M_SE", "M", "SE"),
        survey_type=("ORIGINAL", "PRIMARY", "M_FFE", "M", "FFE"),
        series_step=100,
        syntax=JPEG2000Lossless,
        slope=1.6078144,
        bits=12,
        private=(
            Private(0x2001, "Calima Imaging DD 001", ((0x0A, "IS", 3), (0x0B, "CS", "SAGITTAL"), (0x60, "SL", 1))),
            Private(0x2005, "Calima MR Imaging DD 001", ((0x0D, "FL", 0.0), (0x0E, "FL", 0.0271), (0x11, "CS", "M"))),
        ),
        file_name="IM_{:04d}",
    ),
    Habit.DATOO: Maker(
        manufacturer="DATOO_MEC (simulated)",
        models=("Datoo Vantage",),
        software="V4.50",
        institution="模拟医院 (simulated)",
        study="L-spine (simulated)",
        words=_words(
            "SAG T2", "SAG T1", "AX T2", "Locator", "SAG STIR", "COR T2", "SAG T1 post Gd", "SAG T2 Thoracic"
        ),
        person="Simulated^{given}=模拟^病人",
        character_set="ISO_IR 192",
        between=Between.GAP,
        syntax=JPEGLSLossless,
        missing=("ProtocolName", "BodyPartExamined", "EchoTrainLength", "PatientWeight", "PatientSize"),
        digits=6,
        private=(Private(0x700D, "DATOO_MEC_MR3", ((0x00, "DS", "0.0"), (0x08, "SH", "AX"), (0x15, "OB", 512))),),
    ),
    Habit.ETESIAN: Maker(
        manufacturer="Etesian (simulated)",
        models=("Etesian Elition",),
        software="11.1",
        institution="Симулированная больница",
        study="Lumbar spine (simulated)",
        words=_words(
            "T2 SAG", "T1 SAG", "T2 AX", "SmartSurvey", "STIR SAG", "T2 COR", "T1 SAG POST", "T2 SAG DORSAL"
        ),
        person="Simulated^{given}^Симулятор",
        character_set="ISO_IR 192",
        series_step=100,
        files=Files.MULTI_FRAME,
        private=(Private(0x2005, "Etesian MR Imaging DD 005", ((0x30, "FL", 3500.0), (0x60, "OB", 256))),),
    ),
    Habit.FOEHN: Maker(
        manufacturer="Foehn (simulated)",
        models=("Foehn Aperto", "Foehn Oasis"),
        software="V6.1A",
        institution="Hôpital simulé",
        study="IRM rachis lombaire (simulated)",
        words=_words(
            "T2 sagittal lombaire", "T1 sagittal lombaire", "T2 axial lombaire", "Repérage",
            "STIR sagittal lombaire", "T2 coronal lombaire", "T1 sagittal lombaire injecté", "T2 sagittal dorsal",
        ),
        person="SIMULÉ^{given}",
        body_part="SPINE",
        between=Between.ABSENT,
        order=Order.INTERLEAVED,
        syntax=RLELossless,
        missing=(
            "EchoTime", "RepetitionTime", "FlipAngle", "MagneticFieldStrength", "WindowCenter", "WindowWidth",
            "PatientAge", "ContrastBolusAgent", "InversionTime", "ImageComments",
        ),
        digits=5,
        file_name="{:d}.dcm",
    ),
}  # fmt: skip
#: Elements that may be empty but not left out (types 2 and 2C), PS3.3 C.8.3.1.
_TYPE_2 = frozenset(("EchoTime", "RepetitionTime", "EchoTrainLength", "InversionTime"))
#: Acquisition contrast of an enhanced object by kind.
_CONTRAST = {Kind.SAGITTAL_T1: "T1", Kind.CONTRAST: "T1", Kind.LOCALISER: "T1", Kind.STIR: "STIR"}


def maker_of(habit: Habit | str, rng: np.random.Generator) -> Maker:
    """The maker of a habit; drawn for `Habit.DRAWN`."""
    drawn = list(MAKERS)[int(rng.integers(len(MAKERS)))]
    return MAKERS[drawn if habit == Habit.DRAWN else Habit(habit)]


def in_order(images: Sequence[Item], order: Order) -> list[Item]:
    """Images in the order of their instance numbers."""
    if order is Order.REVERSED:
        return list(reversed(images))
    if order is Order.INTERLEAVED:
        return [*images[::2], *images[1::2]]
    return list(images)


def dress(datasets: list[Dataset], maker: Maker, kind: Kind, rng: np.random.Generator) -> list[Dataset]:
    """The data sets of one classic series as `maker` writes them; the list's members are changed."""
    if maker.files is Files.MULTI_FRAME:
        datasets = [enhanced(datasets, _CONTRAST.get(kind, "T2"))]
    for dataset in datasets:
        for group in maker.private:
            _add_private(dataset, group, rng)
        if maker.files is Files.SINGLE:
            _classic(dataset, maker)
        dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = maker.bits, maker.bits - 1, maker.signed
        if maker.syntax.is_compressed:
            dataset.compress(maker.syntax, generate_instance_uid=False)
        dataset.file_meta.TransferSyntaxUID = maker.syntax
    return datasets


def _add_private(dataset: Dataset, group: Private, rng: np.random.Generator) -> None:
    block = dataset.private_block(group.group, group.creator, create=True)
    for offset, vr, value in group.elements:
        block.add_new(offset, vr, rng.bytes(value) if vr == "OB" else value)


def _classic(dataset: Dataset, maker: Maker) -> None:
    """Habits of single files: spacing, rescale, windows, decimals, what is missing."""
    thickness, step = float(dataset.SliceThickness), float(dataset.SpacingBetweenSlices)
    if maker.between is Between.GAP:
        dataset.SpacingBetweenSlices = f"{step - thickness:.3f}"
    elif maker.between is Between.ABSENT:
        del dataset.SpacingBetweenSlices
    if maker.digits is not None:
        for keyword in ("ImagePositionPatient", "ImageOrientationPatient"):
            dataset[keyword].value = [f"{float(value):.{maker.digits}f}" for value in dataset[keyword].value]
    _windows(dataset, maker)
    for keyword in maker.missing:
        if keyword in dataset:
            dataset[keyword].value = None
        if keyword in dataset and keyword not in _TYPE_2:
            delattr(dataset, keyword)
    if "BodyPartExamined" not in dataset:
        dataset.Laterality = ""
    if not maker.character_set:
        del dataset.SpecificCharacterSet


def _windows(dataset: Dataset, maker: Maker) -> None:
    """Rescale, and the windows in its unit; the first is the one as scanned."""
    centre, width = float(dataset.WindowCenter), float(dataset.WindowWidth)
    if maker.slope is not None:
        dataset.RescaleSlope, dataset.RescaleIntercept, dataset.RescaleType = maker.slope, 0, "US"
    shares = np.linspace(1.0, 0.6, max(len(maker.windows), 1)) * (maker.slope or 1.0)
    dataset.WindowCenter = [round(centre * share) for share in shares]
    dataset.WindowWidth = [round(width * share) for share in shares]
    if maker.windows:
        dataset.WindowCenterWidthExplanation = list(maker.windows)
