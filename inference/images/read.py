"""The first stage of a reading: the files of a study -> its chosen series and sagittal volumes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from inference.errors import NoSagittalSeriesError, StudyError
from inference.images.choice import Stack, choose_series, series_stacks
from inference.images.headers import Header, read_headers
from inference.images.volume import load_volume
from inference.progress import Progress, silent
from inference.types import Notice, Role, SeriesChoice, Slice, Step, Volume


@dataclass(frozen=True)
class ChosenSeries:
    """The series that plays a role and its stacks, largest first; neither when no series does."""

    choice: SeriesChoice
    stacks: tuple[Stack, ...] = ()

    @property
    def slices(self) -> tuple[Slice, ...]:
        """Of all stacks."""
        return tuple(plane for stack in self.stacks for plane in stack.slices)


@dataclass(frozen=True)
class StudyImages:
    """What is used of a study's images.

    series: one for each `Role`. sagittal: the leading volume, which is segmented, and beside T2 the T1.
    notices: of the leading volume.
    """

    study_instance_uid: str
    series: tuple[ChosenSeries, ...]
    sagittal: Mapping[Role, Volume]
    notices: tuple[Notice, ...] = ()

    def of(self, role: Role) -> ChosenSeries:
        """The series that plays `role`."""
        return next(series for series in self.series if series.choice.role is role)

    @property
    def lead(self) -> Role:
        """The role of the series that is segmented."""
        return next(iter(self.sagittal))

    @property
    def volume(self) -> Volume:
        """The volume that is segmented."""
        return self.sagittal[self.lead]

    @property
    def header(self) -> Header:
        """Of an image of the series that is segmented."""
        return self.of(self.lead).stacks[0].head

    @property
    def choices(self) -> tuple[SeriesChoice, ...]:
        return tuple(series.choice for series in self.series)

    @property
    def files(self) -> tuple[Path, ...]:
        """Of all series that play a role."""
        headers = (header for series in self.series for stack in series.stacks for header in stack.headers)
        return tuple(dict.fromkeys(header.path for header in headers))


def read_images(paths: Sequence[Path], progress: Progress = silent) -> StudyImages:
    """Choose the series of one study and read its sagittal volumes.

    Raises a subclass of `errors.StudyError` when a person must mend the input.
    """
    progress(Step.SERIES, 0.0)
    headers = read_headers(paths)
    series = tuple(_chosen(headers, choice) for choice in choose_series(headers))
    lead = _leading(series)
    volume, notices = load_volume(lead.stacks[0])
    volumes = {lead.choice.role: volume}
    if lead.choice.role is Role.SAGITTAL_T2:
        volumes |= _beside(volume, next(one for one in series if one.choice.role is Role.SAGITTAL_T1))
    return StudyImages(headers[0].study_instance_uid, series, volumes, notices)


def _chosen(headers: Sequence[Header], choice: SeriesChoice) -> ChosenSeries:
    return ChosenSeries(choice, tuple(series_stacks(headers, choice.uid)) if choice.uid else ())


def _leading(series: Sequence[ChosenSeries]) -> ChosenSeries:
    """The series that is segmented: sagittal T2, else sagittal T1."""
    for role in (Role.SAGITTAL_T2, Role.SAGITTAL_T1):
        for one in series:
            if one.choice.role is role and one.stacks:
                return one
    raise NoSagittalSeriesError("There is no sagittal T2 or T1 series.")


def _beside(lead: Volume, t1: ChosenSeries) -> dict[Role, Volume]:
    """The T1 volume in the frame of reference of `lead`, where it can be read.

    Within one frame of reference the patient lay still; else the same place may be another disc.
    """
    frame = lead.frame_of_reference_uid
    if not t1.stacks or not frame or t1.stacks[0].head.frame_of_reference_uid != frame:
        return {}
    # What T1 adds is little: a study whose T1 cannot be read is read without it.
    with suppress(StudyError):
        return {Role.SAGITTAL_T1: load_volume(t1.stacks[0])[0]}
    return {}
