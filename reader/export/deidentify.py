"""A stored MR image -> one that names nobody, for training elsewhere.

In the manner of DICOM PS3.15 Annex E (Basic Application Level Confidentiality
Profile), but by a list of what is kept instead of what is removed: geometry,
acquisition and pixels, in the image and in its nested items. All else goes:
names, dates, descriptions, comments, private attributes, overlays. UIDs become
others, the same ones throughout an export. Pixels are written uncompressed,
because a compressed stream can carry comments of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pydicom
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.pixels.utils import get_expected_length
from pydicom.uid import PYDICOM_IMPLEMENTATION_UID, ExplicitVRLittleEndian

#: Classes of images that are exported (PS3.4 B.5); a secondary capture often has text in its pixels.
CLASSES = {"1.2.840.10008.5.1.4.1.1.4": "MR", "1.2.840.10008.5.1.4.1.1.4.1": "enhanced MR"}

KEPT = frozenset(
    """
    SOPClassUID SOPInstanceUID StudyInstanceUID SeriesInstanceUID FrameOfReferenceUID Modality
    SeriesNumber InstanceNumber AcquisitionNumber ImageType Manufacturer ManufacturerModelName MagneticFieldStrength
    BodyPartExamined PatientPosition ImagingFrequency ImagedNucleus

    ImagePositionPatient ImageOrientationPatient PixelSpacing SliceThickness SpacingBetweenSlices SliceLocation
    PixelAspectRatio NumberOfFrames

    ScanningSequence SequenceVariant ScanOptions MRAcquisitionType EchoTime RepetitionTime InversionTime FlipAngle
    EchoTrainLength EchoNumbers NumberOfAverages PixelBandwidth AcquisitionMatrix InPlanePhaseEncodingDirection
    PercentSampling PercentPhaseFieldOfView EffectiveEchoTime InversionTimes InversionRecovery

    SamplesPerPixel PhotometricInterpretation Rows Columns BitsAllocated BitsStored HighBit PixelRepresentation
    PixelPaddingValue RescaleIntercept RescaleSlope RescaleType WindowCenter WindowWidth VOILUTFunction
    LossyImageCompression LossyImageCompressionRatio LossyImageCompressionMethod PresentationLUTShape PixelData
    BurnedInAnnotation

    SharedFunctionalGroupsSequence PerFrameFunctionalGroupsSequence PlanePositionSequence PlaneOrientationSequence
    PixelMeasuresSequence PixelValueTransformationSequence FrameVOILUTSequence MRTimingAndRelatedParametersSequence
    MREchoSequence MRModifierSequence MRImageFrameTypeSequence FrameType FrameContentSequence StackID
    InStackPositionNumber DimensionIndexValues DimensionOrganizationSequence DimensionOrganizationUID
    DimensionIndexSequence DimensionIndexPointer FunctionalGroupPointer PixelPresentation VolumetricProperties
    VolumeBasedCalculationTechnique ComplexImageComponent AcquisitionContrast ContentQualification
    """.split()  # noqa: SIM905
)
#: Type 2 attributes of the image: there, and empty.
EMPTY = (
    "StudyDate", "StudyTime", "AccessionNumber", "ReferringPhysicianName", "PatientBirthDate", "PatientSex", "StudyID",
)  # fmt: skip
TEXT = frozenset({"AE", "AS", "CS", "DA", "DT", "LO", "LT", "PN", "SH", "ST", "TM", "UC", "UR", "UT"})
#: Of these, what names the patient is removed; a code that does so keeps the image here.
FREE = frozenset({"LO", "SH"})
METHOD = ["DeepSPINE Reader export_training_set", "after PS3.15 Annex E, attributes kept by list"]
#: What calls the person by name or number in an image.
_NAMES, _IDS = ("PatientName", "OtherPatientNames", "PatientBirthName"), ("PatientID", "AccessionNumber")
#: Shorter parts of a name or an ID are found in anything.
SHORTEST_NAME, SHORTEST_ID = 3, 4


class LeftOut(Exception):
    """The image is not exported; the message says why, and names nobody."""


class Pseudonyms:
    """Other names within one export: the same for the same thing, and not to be turned back without the key."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def _digest(self, kind: str, value: str) -> bytes:
        return hmac.new(self._key, f"{kind}:{value}".encode(), hashlib.sha256).digest()

    def uid(self, original: str) -> str:
        """A UID made from a UUID (PS3.5 B.2)."""
        return f"2.25.{int.from_bytes(self._digest('uid', original)[:16], 'big')}"

    def name(self, kind: str, value: str) -> str:
        """Such as `S-3f2a...` for a study."""
        return f"{kind}-{self._digest(kind, value).hex()[:16]}"


@dataclass(frozen=True)
class Person:
    """Who the image is of, so that it can be checked that nothing says so. names: parts of names; ids: in full."""

    names: frozenset[str]
    ids: frozenset[str]

    @classmethod
    def of(cls, names: Iterable[str], ids: Iterable[str]) -> Person:
        parts = {part for name in names for part in _words(name) if len(part) >= SHORTEST_NAME}
        return cls(frozenset(parts), frozenset(one.lower() for one in ids if len(one) >= SHORTEST_ID))

    def also_in(self, source: Dataset) -> Person:
        """With what the image itself calls the person: a name that was corrected later stands in older images."""
        names, ids = ([str(source.get(key) or "") for key in keys] for keys in (_NAMES, _IDS))
        other = Person.of(names, ids)
        return Person(self.names | other.names, self.ids | other.ids)

    def is_named_in(self, text: str) -> bool:
        return bool(self.names & set(_words(text))) or any(one in text.lower() for one in self.ids)


def deidentified(path: Path, pseudonyms: Pseudonyms, patient: str, person: Person) -> bytes:
    """The file of the image at `path`, its patient called `patient`.

    Raises LeftOut, also when a code that is kept names the `person` all the same.
    """
    source = pydicom.dcmread(path)
    _refuse(source)
    try:
        if source.file_meta.TransferSyntaxUID.is_compressed:
            source.decompress(generate_instance_uid=False)
    except Exception as error:
        raise LeftOut("its pixels cannot be decoded") from error
    person = person.also_in(source)
    made = _kept(source, pseudonyms, person)
    _end_with_the_pixels(made)
    made.SpecificCharacterSet = "ISO_IR 192"
    made.PatientName, made.PatientID = patient, patient
    for keyword in EMPTY:
        setattr(made, keyword, "")
    if source.get("ContrastBolusAgent"):
        made.ContrastBolusAgent = "CONTRAST"
    made.PatientIdentityRemoved = "YES"
    made.DeidentificationMethod = METHOD
    made.LongitudinalTemporalInformationModified = "REMOVED"
    if any(person.is_named_in(text) for text in _texts(made)):
        raise LeftOut("a text that is kept holds a part of the patient's name or ID")
    try:
        return _file(made)
    except (AttributeError, TypeError, ValueError) as error:
        raise LeftOut("its values cannot be written") from error


def _refuse(source: Dataset) -> None:
    if source.get("SOPClassUID") not in CLASSES:
        raise LeftOut("it is no MR image")
    if str(source.get("BurnedInAnnotation", "")).upper() == "YES":
        raise LeftOut("it says that text is burnt into its pixels")
    if str(source.get("RecognizableVisualFeatures", "")).upper() == "YES":
        raise LeftOut("it says that the person can be recognised")
    if "SECONDARY" in [str(part).upper() for part in source.get("ImageType") or []]:
        raise LeftOut("it is a secondary image, which may have text in its pixels")
    if any(element.tag.group >> 8 == 0x60 and element.tag.element == 0x0102 and element.value for element in source):
        raise LeftOut("an overlay lies in its pixels")


def _kept(source: Dataset, pseudonyms: Pseudonyms, person: Person) -> Dataset:
    made = Dataset()
    for element in source:
        if element.keyword not in KEPT or (element.VR in FREE and person.is_named_in(str(element.value))):
            continue
        if element.VR == "SQ":
            made.add(DataElement(element.tag, "SQ", [_kept(item, pseudonyms, person) for item in element.value]))
        elif element.VR == "UI" and element.keyword != "SOPClassUID":
            made.add(DataElement(element.tag, "UI", pseudonyms.uid(str(element.value)) if element.value else ""))
        else:
            made.add(DataElement(element.tag, element.VR, element.value))
    return made


def _end_with_the_pixels(made: Dataset) -> None:
    """Nothing may ride behind the last frame."""
    try:
        length = get_expected_length(made)
    except (AttributeError, TypeError, ValueError) as error:
        raise LeftOut("its values cannot be written") from error
    made.PixelData = made.PixelData[:length] + b"\0" * (length % 2)


def _texts(data: Dataset) -> Iterator[str]:
    for element in data.iterall():
        if element.VR in TEXT and element.keyword not in ("PatientName", "PatientID"):
            yield str(element.value)


def _words(text: str) -> list[str]:
    return re.split(r"[\W\d_]+", text.lower())


def _file(made: Dataset) -> bytes:
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = made.SOPClassUID
    meta.MediaStorageSOPInstanceUID = made.SOPInstanceUID
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.ImplementationClassUID = PYDICOM_IMPLEMENTATION_UID
    body = io.BytesIO()
    whole: Any = pydicom.FileDataset(body, made, file_meta=meta, preamble=b"\0" * 128)
    whole.save_as(body, enforce_file_format=True)
    return body.getvalue()
