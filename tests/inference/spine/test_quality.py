"""Images that are not fit to be read are told by name or refused; what metal spoils is not measured."""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import pytest

from inference.errors import (
    PoorImagesError,
    SpineNotFoundError,
    StudyError,
    UnexpectedContrastError,
    WrongRegionError,
)
from inference.grading.thresholds import grade
from inference.images import image_quality
from inference.images.headers import Header
from inference.simulate.causes.options import Scale
from inference.simulate.causes.patient import Patient
from inference.simulate.truth.study_truth import truth_segmentation
from inference.spine import quality
from inference.spine.localise import ESTIMATED_MM, Localisation, localise
from inference.training.data import spoilt
from inference.types import (
    DiscFinding,
    DiscQuestion,
    Grade,
    Label,
    Measurement,
    Notice,
    Role,
    Segmentation,
    Site,
    Volume,
)

PLAIN = Header(Path(), "", "", "", "MR", "T2 SAG", "", "LSPINE", 100.0, 3500.0, None, False, False, "")


@lru_cache(maxsize=16)
def series(kind: str, seed: int) -> tuple[Volume, Segmentation, Localisation]:
    """A small simulated series with true labels, without the sacrum's as the shipped network sees it."""
    made = spoilt.make(kind, seed, Scale.SMALL)
    return made.volume, *labelled(made.patient, tuple(made.volume.affine.ravel()), made.volume.array.shape)


@lru_cache(maxsize=16)
def labelled(
    patient: Patient, affine: tuple[float, ...], shape: tuple[int, int, int]
) -> tuple[Segmentation, Localisation]:
    """Made once for all kinds that change neither patient nor planes."""
    truth = truth_segmentation(patient, np.reshape(affine, (4, 4)), shape)
    labels = np.where(truth.labels == Label.SACRUM, 0, truth.labels).astype(np.uint8)
    segmentation = Segmentation(labels, truth.affine)
    return segmentation, localise(segmentation)


def read_of(kind: str, seed: int) -> image_quality.ImageFigures:
    volume, segmentation, spine = series(kind, seed)
    read = image_quality.figures(volume, segmentation, spine.vertebrae)
    assert read is not None
    return read


def codes(kind: str, seed: int, header: Header = PLAIN) -> set[str]:
    return {found.code for found in quality.assess(header, *series(kind, seed))}


def test_a_clean_series_raises_no_alarm() -> None:
    assert codes("clean", 3000) == set()


def test_screws_are_seen_and_the_canal_beside_them_is_not_measured() -> None:
    found = [one for one in quality.assess(PLAIN, *series("operated", 3008)) if one.code == "metal"]
    assert len(found) == 1
    # This patient has screws in L3, L4 and L5.
    assert set(found[0].places) >= {"L3", "L4", "L5"}
    measured = tuple(Measurement(level, "canal_ap", 13.0, "mm") for level in ("L1-L2", "L4-L5"))
    upper, lower = quality.withheld(measured, found)
    assert lower.value is None
    assert lower.notice == Notice("spoilt")
    assert upper.value == 13.0 or "L2" in found[0].places
    disc = replace(series("operated", 3008)[2].discs[-2], level="L4-L5")
    said = {one.level: one.grade for one in grade((disc,), (lower,), (Role.SAGITTAL_T2,)) if one.site is Site.CANAL}
    assert said["L4-L5"] is Grade.NOT_ASSESSED


def test_a_patient_who_moved_is_told_or_refused() -> None:
    still, moved = (read_of(kind, 3000) for kind in ("clean", "moved"))
    # Coarse pixels hide most of it; docs/figures/quality.md has what is told at a hospital's resolution.
    assert moved.ripple > 1.3 * still.ripple
    assert quality.of_images(replace(still, ripple=0.05), "T2")[0].code == "motion"
    with pytest.raises(PoorImagesError, match="moved too much"):
        quality.of_images(replace(still, ripple=0.3), "T2")


def test_noise_is_told_and_too_much_of_it_refused() -> None:
    read = read_of("noisy", 3000)
    assert "noise" in {one.code for one in quality.of_images(replace(read, ripple=0.0, noise=0.3), "T2")}
    assert read.noise > quality.NOISY
    with pytest.raises(PoorImagesError, match="too noisy"):
        quality.of_images(replace(read, noise=0.9), "T2")


def test_a_t1_that_is_named_t2_is_refused() -> None:
    with pytest.raises(UnexpectedContrastError, match="CSF is dark") as caught:
        codes("t1", 3000)
    assert "plain sagittal T2" in caught.value.message


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (replace(PLAIN, contrast=True), "contrast"),
        (replace(PLAIN, description="T1 SAG post KM"), "contrast"),
        (replace(PLAIN, description="T2 SAG FS"), "fat_suppressed"),
    ],
)
def test_contrast_agent_and_fat_suppression_are_told_from_the_header(header: Header, code: str) -> None:
    assert code in {one.code for one in quality.of_header(header)}
    assert quality.of_header(PLAIN) == ()


def test_a_thoracic_spine_is_refused_although_discs_are_found() -> None:
    with pytest.raises(WrongRegionError) as caught:
        codes("thoracic", 3001)
    assert "read this study by hand" in caught.value.message
    _, segmentation, spine = series("thoracic", 3001)
    with_sacrum = segmentation.labels.copy()
    with_sacrum[4, :3, :3] = Label.SACRUM
    with pytest.raises(WrongRegionError):
        quality.check_region(Segmentation(with_sacrum, segmentation.affine), spine)
    with_sacrum[:, -60:] = Label.SACRUM
    quality.check_region(Segmentation(with_sacrum, segmentation.affine), spine)


def test_a_spine_of_which_half_the_discs_are_guesses_is_refused() -> None:
    _, segmentation, spine = series("clean", 3000)
    depth, height = ESTIMATED_MM
    guessed = tuple(replace(disc, depth_mm=depth, height_mm=height) for disc in spine.discs[:3])
    quality.check_region(segmentation, replace(spine, discs=(*guessed[:1], *spine.discs[1:])))
    with pytest.raises(SpineNotFoundError, match="could not be seen"):
        quality.check_region(segmentation, replace(spine, discs=(*guessed, *spine.discs[3:])))


def test_a_slab_too_narrow_for_the_foramina_is_told() -> None:
    assert "narrow_slab" in codes("narrow", 3000)


def test_a_spine_bent_sideways_is_told() -> None:
    assert "scoliosis" in codes("scoliotic", 3000)


def test_levels_beyond_the_images_are_named() -> None:
    _, segmentation, spine = series("clean", 3000)
    short = replace(spine, discs=spine.discs[3:])
    found = {one.code: one for one in quality.of_coverage(segmentation, short)}
    assert "L1-L2" in found["levels_missing"].places
    cut = Segmentation(segmentation.labels[:, : segmentation.labels.shape[1] // 2], segmentation.affine)
    assert "sacrum_cut_off" in {one.code for one in quality.of_coverage(cut, spine)}


def test_a_disc_at_an_unusual_distance_is_told() -> None:
    _, _, spine = series("clean", 3000)
    wrong = replace(spine.discs[2], centre_mm=spine.discs[1].centre_mm - 12 * spine.discs[1].up)
    discs = (*spine.discs[:2], wrong, *spine.discs[3:])
    assert "odd_spacing" in {one.code for one in quality.of_curve(replace(spine, discs=discs))}


def test_a_curve_that_misses_its_centres_is_told() -> None:
    _, _, spine = series("clean", 3000)
    bad = replace(spine, curve=replace(spine.curve, residual_mm=4.0))
    assert "curve_residual" in {one.code for one in quality.of_curve(bad)}


def test_only_a_notice_that_spoils_its_places_withholds_what_is_measured_there() -> None:
    measured = (Measurement("L4-L5", "canal_ap", 13.0, "mm"),)
    assert quality.withheld(measured, (Notice("noise"), Notice("narrow_slab", ("L4-L5",)))) == measured


def test_discs_beside_metal_and_in_images_of_an_unknown_kind_are_not_judged() -> None:
    found = tuple(DiscFinding(level, DiscQuestion.PFIRRMANN, 3, 0.5) for level in ("L2-L3", "L3-L4", "L4-L5"))
    metal = Notice("metal", ("L3", "L3-L4"))
    assert [one.level for one in quality.withheld_discs(found, (metal,))] == ["L4-L5"]
    assert quality.withheld_discs(found, (Notice("noise"),)) == found
    assert quality.withheld_discs(found, (Notice("fat_suppressed"),)) == ()


def test_every_refusal_says_what_to_do() -> None:
    for error in (PoorImagesError, UnexpectedContrastError, WrongRegionError):
        assert issubclass(error, StudyError)
        assert error.next_step != StudyError.next_step
