"""A classic MR series as one enhanced multi-frame object.

DICOM PS3.3 A.36 (Enhanced MR Image IOD) and its functional groups, C.7.6.16
and C.8.13.
"""

from __future__ import annotations

from collections.abc import Sequence as Many

from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import UID, EnhancedMRImageStorage

from inference.images.dicom_writer import uid_of

#: Elements that are copied to the top level.
_COMMON = (
    "SpecificCharacterSet",
    "StudyDate",
    "SeriesDate",
    "ContentDate",
    "StudyTime",
    "SeriesTime",
    "ContentTime",
    "AccessionNumber",
    "Modality",
    "Manufacturer",
    "InstitutionName",
    "ReferringPhysicianName",
    "StudyDescription",
    "SeriesDescription",
    "ManufacturerModelName",
    "PatientName",
    "PatientID",
    "PatientBirthDate",
    "PatientSex",
    "PatientAge",
    "PatientSize",
    "PatientWeight",
    "ProtocolName",
    "SoftwareVersions",
    "DeviceSerialNumber",
    "PatientPosition",
    "StudyInstanceUID",
    "SeriesInstanceUID",
    "StudyID",
    "SeriesNumber",
    "AcquisitionNumber",
    "FrameOfReferenceUID",
    "PositionReferenceIndicator",
    "ImageComments",
    "MagneticFieldStrength",
    "BodyPartExamined",
    "SamplesPerPixel",
    "PhotometricInterpretation",
    "Rows",
    "Columns",
    "BitsAllocated",
    "BitsStored",
    "HighBit",
    "PixelRepresentation",
)
#: SNOMED CT code of the spine.
_SPINE = ("421060004", "SCT", "Vertebral column")


def enhanced(slices: Many[Dataset], contrast: str) -> Dataset:
    """One Enhanced MR object with the frames of classic `slices`, in their order.

    contrast: acquisition contrast by PS3.3 C.8.13.3.1.1: ``T1``, ``T2``,
    ``STIR`` or ``PROTON_DENSITY``.
    """
    first = slices[0]
    multiframe = Dataset()
    for keyword in _COMMON:
        if keyword in first:
            multiframe[keyword] = first[keyword]
    multiframe.file_meta = first.file_meta
    sop = uid_of(first.SeriesInstanceUID, "enhanced")
    multiframe.SOPClassUID, multiframe.SOPInstanceUID = EnhancedMRImageStorage, sop
    multiframe.file_meta.MediaStorageSOPClassUID, multiframe.file_meta.MediaStorageSOPInstanceUID = (
        EnhancedMRImageStorage,
        UID(sop),
    )
    multiframe.InstanceNumber, multiframe.NumberOfFrames = 1, len(slices)
    _image(multiframe, first, contrast)
    multiframe.DimensionOrganizationSequence = _item(DimensionOrganizationUID=uid_of(sop, "dimensions"))
    multiframe.DimensionIndexSequence = Sequence([_dimension(sop, 0x00209056), _dimension(sop, 0x00209057)])
    multiframe.SharedFunctionalGroupsSequence = Sequence([_shared(first)])
    multiframe.PerFrameFunctionalGroupsSequence = Sequence(
        [_frame(dataset, number, contrast) for number, dataset in enumerate(slices, start=1)]
    )
    multiframe.PixelData = b"".join(dataset.PixelData for dataset in slices)
    return multiframe


def _item(**values: object) -> Sequence:
    data = Dataset()
    for keyword, value in values.items():
        setattr(data, keyword, value)
    return Sequence([data])


def _code(value: str, scheme: str, meaning: str) -> Sequence:
    return _item(CodeValue=value, CodingSchemeDesignator=scheme, CodeMeaning=meaning)


def _dimension(sop: str, pointer: int) -> Dataset:
    """A dimension of the frames: an attribute of the Frame Content group."""
    dimension: Dataset = _item(
        DimensionOrganizationUID=uid_of(sop, "dimensions"),
        DimensionIndexPointer=pointer,
        FunctionalGroupPointer=0x00209111,
    )[0]
    return dimension


def _image(multiframe: Dataset, first: Dataset, contrast: str) -> None:
    """Enhanced MR Image and MR Pulse Sequence modules, what is the same for all frames."""
    multiframe.ImageType = _image_type(first)
    multiframe.PixelPresentation, multiframe.VolumetricProperties = "MONOCHROME", "VOLUME"
    multiframe.VolumeBasedCalculationTechnique, multiframe.ComplexImageComponent = "NONE", "MAGNITUDE"
    multiframe.AcquisitionContrast, multiframe.ContentQualification = contrast, "RESEARCH"
    multiframe.AcquisitionDateTime = str(first.AcquisitionDate) + str(first.AcquisitionTime)
    multiframe.AcquisitionDuration, multiframe.ResonantNucleus = 210.0, "1H"
    multiframe.KSpaceFiltering, multiframe.ApplicableSafetyStandardAgency = "NONE", "IEC"
    multiframe.BurnedInAnnotation, multiframe.LossyImageCompression = "NO", "00"
    multiframe.PresentationLUTShape, multiframe.AcquisitionContextSequence = "IDENTITY", Sequence()
    multiframe.PulseSequenceName, multiframe.MRAcquisitionType = "TSE", "2D"
    multiframe.EchoPulseSequence, multiframe.MultipleSpinEcho = "SPIN", "NO"
    multiframe.MultiPlanarExcitation, multiframe.PhaseContrast, multiframe.TimeOfFlightContrast = "NO", "NO", "NO"
    multiframe.SteadyStatePulseSequence, multiframe.EchoPlanarPulseSequence = "NONE", "NO"
    multiframe.SaturationRecovery, multiframe.SpectrallySelectedSuppression = "NO", "NONE"
    multiframe.OversamplingPhase, multiframe.GeometryOfKSpaceTraversal = "2D", "RECTILINEAR"
    multiframe.SegmentedKSpaceTraversal, multiframe.RectilinearPhaseEncodeReordering = "PARTIAL", "LINEAR"
    multiframe.NumberOfKSpaceTrajectories = 1
    multiframe.MagneticFieldStrength = float(first.get("MagneticFieldStrength") or 1.5)
    if first.get("ContrastBolusAgent"):
        agent = _code("35741006", "SCT", "Gadolinium")[0]
        agent.ContrastBolusAgentNumber = 1
        agent.ContrastBolusAdministrationRouteSequence = _code("47625008", "SCT", "Intravenous route")
        agent.ContrastBolusIngredientCodeSequence = _code("35741006", "SCT", "Gadolinium")
        agent.ContrastBolusVolume, agent.ContrastBolusIngredientConcentration = 14.0, 0.5
        agent.ContrastBolusIngredientOpaque = "NO"
        multiframe.ContrastBolusAgentSequence = Sequence([agent])


def _image_type(first: Dataset) -> list[str]:
    third = "LOCALIZER" if "LOCALIZER" in first.ImageType else "OTHER"
    return ["ORIGINAL", "PRIMARY", third, "NONE"]


def _shared(first: Dataset) -> Dataset:
    """Functional groups that all frames have in common."""
    shared = Dataset()
    shared.FrameAnatomySequence = _item(FrameLaterality="U", AnatomicRegionSequence=_code(*_SPINE))
    shared.PixelMeasuresSequence = _item(
        PixelSpacing=first.PixelSpacing,
        SliceThickness=first.SliceThickness,
        SpacingBetweenSlices=first.SpacingBetweenSlices,
    )
    shared.MRTimingAndRelatedParametersSequence = _timing(first)
    shared.MRFOVGeometrySequence = _item(
        InPlanePhaseEncodingDirection="COLUMN",
        MRAcquisitionFrequencyEncodingSteps=int(first.Columns),
        MRAcquisitionPhaseEncodingStepsInPlane=int(first.Rows),
        MRAcquisitionPhaseEncodingStepsOutOfPlane=1,
        PercentSampling=100,
        PercentPhaseFieldOfView=100,
    )
    shared.MREchoSequence = _item(EffectiveEchoTime=float(first.EchoTime))
    shared.MRModifierSequence = _modifier(first)
    shared.MRImagingModifierSequence = _item(
        MagnetizationTransfer="NONE",
        BloodSignalNulling="NO",
        Tagging="NONE",
        TransmitterFrequency=42.577 * float(first.get("MagneticFieldStrength") or 1.5),
        PixelBandwidth=200,
    )
    shared.MRReceiveCoilSequence = _item(
        ReceiveCoilName="SPINE",
        ReceiveCoilManufacturerName="",
        ReceiveCoilType="SURFACE",
        QuadratureReceiveCoil="NO",
    )
    shared.MRTransmitCoilSequence = _item(
        TransmitCoilName="BODY", TransmitCoilManufacturerName="", TransmitCoilType="BODY"
    )
    shared.MRAveragesSequence = _item(NumberOfAverages=2.0)
    if first.get("ContrastBolusAgent"):
        shared.ContrastBolusUsageSequence = _item(
            ContrastBolusAgentNumber=1, ContrastBolusAgentAdministered="YES", ContrastBolusAgentDetected="YES"
        )
    return shared


def _timing(first: Dataset) -> Sequence:
    train = int(first.get("EchoTrainLength") or 1)
    return _item(
        RepetitionTime=float(first.RepetitionTime),
        FlipAngle=float(first.get("FlipAngle") or 90),
        EchoTrainLength=train,
        RFEchoTrainLength=train,
        GradientEchoTrainLength=0,
        SpecificAbsorptionRateSequence=_item(
            SpecificAbsorptionRateDefinition="IEC_WHOLE_BODY", SpecificAbsorptionRateValue=1.2
        ),
        GradientOutputType="DB_DT",
        GradientOutput=0.0,
        OperatingModeSequence=_item(OperatingModeType="STATIC FIELD", OperatingMode="IEC_NORMAL"),
    )


def _modifier(first: Dataset) -> Sequence:
    inversion = first.get("InversionTime")
    modifier = _item(
        InversionRecovery="NO" if inversion is None else "YES",
        FlowCompensation="NONE",
        Spoiling="NONE",
        T2Preparation="NO",
        SpectrallySelectedExcitation="NONE",
        SpatialPresaturation="NONE",
        PartialFourier="NO",
        ParallelAcquisition="NO",
    )
    if inversion is not None:
        modifier[0].InversionTimes = float(inversion)
    return modifier


def _frame(dataset: Dataset, number: int, contrast: str) -> Dataset:
    """Functional groups of one frame."""
    frame = Dataset()
    moment = str(dataset.AcquisitionDate) + str(dataset.AcquisitionTime)
    frame.FrameContentSequence = _item(
        FrameReferenceDateTime=moment,
        FrameAcquisitionDateTime=moment,
        FrameAcquisitionDuration=210000.0,
        FrameAcquisitionNumber=1,
        StackID="1",
        InStackPositionNumber=number,
        DimensionIndexValues=[1, number],
    )
    frame.PlanePositionSequence = _item(ImagePositionPatient=dataset.ImagePositionPatient)
    frame.PlaneOrientationSequence = _item(ImageOrientationPatient=dataset.ImageOrientationPatient)
    frame.FrameVOILUTSequence = _item(WindowCenter=dataset.WindowCenter, WindowWidth=dataset.WindowWidth)
    frame.PixelValueTransformationSequence = _item(RescaleIntercept="0", RescaleSlope="1", RescaleType="US")
    frame.MRImageFrameTypeSequence = _item(
        FrameType=_image_type(dataset),
        PixelPresentation="MONOCHROME",
        VolumetricProperties="VOLUME",
        VolumeBasedCalculationTechnique="NONE",
        ComplexImageComponent="MAGNITUDE",
        AcquisitionContrast=contrast,
    )
    return frame
