"""An archive and its reports become a grader: what is used, what is dropped and said, and what is not done twice."""

from __future__ import annotations

import csv
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pydicom
import pytest
import torch

from inference.__main__ import main
from inference.grading.grader import learnt_by
from inference.models import registry
from inference.models.gradenet import GradeNet
from inference.simulate.causes.records import SITES
from inference.simulate.truth.study_truth import Truth
from inference.training.archive import cuts, labels
from inference.training.archive import index as archive_index
from inference.training.archive import levels as archive_levels
from inference.training.archive.index import hashed
from inference.training.data.grade_cuts import Group, group_of
from inference.training.data.grade_samples import PRESENT, UNSAID
from inference.training.learn import grade as train_grade
from inference.training.learn.grade import Loss
from inference.types import LUMBAR_LEVELS
from tests.patience import PATIENCE_S

REPORT = (
    "L1-L2: normal.\nL2-L3: normal.\nL3-L4: mild canal stenosis.\n"
    "L4-L5: severe canal stenosis. Moderate left foraminal narrowing.\nL5-S1: foraminal stenosis on the right.\n"
)
LEVEL, CANAL = LUMBAR_LEVELS.index, SITES.index("canal")


def patient_of(group: Group) -> str:
    """The ID of a patient of that group."""
    names = (f"PATIENT{number}" for number in range(1000))
    return next(name for name in names if group_of(int(hashed(name)[:15], 16)) is group)


def write_copy(source: Path, out: Path, patient: str, accession: str, **tags: str) -> list[Path]:
    """The same images as another patient's study."""
    out.mkdir(parents=True)
    written = []
    for number, path in enumerate(sorted(source.rglob("*.dcm"))):
        data = pydicom.dcmread(path)
        data.PatientID, data.AccessionNumber = patient, accession
        data.StudyInstanceUID = f"2.25.{int(hashed(out.name)[:8], 16)}"
        for name, value in tags.items():
            setattr(data, name, value)
        written.append(out / f"{number:04d}.dcm")
        data.save_as(written[-1])
    return written


@dataclass
class Archive:
    """A folder of studies with their reports, and the run that was broken off and gone on with."""

    root: Path
    read: list[list[int]] = field(default_factory=list)

    @property
    def out(self) -> Path:
        return self.root / "some" / "grade"

    @property
    def command(self) -> list[str]:
        files = ["--archive", self.root / "dicom", "--reports", self.root / "reports.jsonl"]
        files += ["--truth", self.root / "truth.csv", "--out", self.out]
        return ["train", "grade", *map(str, files), "--data-name", "simulated patients", "--steps", "2"]

    @property
    def sheet(self) -> dict[str, Any]:
        sheet: dict[str, Any] = json.loads((self.out / "datasheet.json").read_text())
        return sheet

    def write_reports(self, reports: list[tuple[str, str]]) -> None:
        lines = [
            json.dumps({"id": k, "accession_number": report[0], "text": report[1]}) for k, report in enumerate(reports)
        ]
        (self.root / "reports.jsonl").write_text("\n".join(lines))


REPORTS = [(name, REPORT) for name in ("A1", "A2", "A3", "A4", "BROKEN", "NOBODY")]
REPORTS += [
    ("DIFFER", REPORT),
    ("DIFFER", f"{REPORT} Addendum."),
    ("A1", REPORT),
    ("SIX", f"Six lumbar bodies. {REPORT}"),
]


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, study: tuple[Path, Truth]) -> Archive:
    """Three patients that can be used and some that cannot; the first run is broken off after one study."""
    archive = Archive(tmp_path_factory.mktemp("archive"))
    source, folder = study[0], archive.root / "dicom"
    for number, group in enumerate(Group, start=1):
        write_copy(source, folder / f"whole{number}", patient_of(group), f"A{number}")
    smallest = min((path.parent for path in source.rglob("*.dcm")), key=lambda path: len(list(path.iterdir())))
    for name, accession in (
        ("twin1", "A4"),
        ("twin2", "A4"),
        ("silent", "NO REPORT"),
        ("many", "DIFFER"),
        ("six", "SIX"),
    ):
        write_copy(smallest, folder / name, name, accession)
    write_copy(smallest, folder / "nameless", "", "A9")
    write_copy(smallest, folder / "other", "other", "A9", Modality="PR")
    for path in write_copy(source, folder / "broken", patient_of(Group.TRAIN), "BROKEN"):
        path.write_bytes(path.read_bytes()[:-2000])
    (folder / "notes.txt").write_text("no image")
    archive.write_reports(REPORTS)
    _write_truth(archive.root / "truth.csv", study[1])
    with pytest.MonkeyPatch.context() as patch:
        _counted(patch, archive, break_at=2)
        assert main(archive.command) == 130
        _counted(patch, archive)
        assert main(archive.command) == 0
        _counted(patch, archive)
        assert main(archive.command) == 0
    return archive


def _counted(patch: pytest.MonkeyPatch, archive: Archive, break_at: int = 0) -> None:
    """Every study that is read is counted; at the one numbered `break_at` somebody presses Ctrl-C."""
    reads: list[int] = []
    archive.read.append(reads)
    read_images = cuts.__dict__.get("_true_read_images", cuts.read_images)
    patch.setattr(cuts, "_true_read_images", read_images, raising=False)

    def counted(*arguments: Any) -> Any:
        if len(reads) + 1 == break_at:
            raise KeyboardInterrupt
        reads.append(1)
        return read_images(*arguments)

    patch.setattr(cuts, "read_images", counted)


def _write_truth(path: Path, truth: Truth) -> None:
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("accession_number", "level", "site", "grade"))
        for number in ("A1", "A2", "A3"):
            for level in LUMBAR_LEVELS:
                grades = truth.level(level).grades.items()
                writer.writerows((number, level, str(site), str(grade)) for site, grade in grades)


def test_what_was_dropped_is_counted_by_its_reason(archive: Archive) -> None:
    sheet = archive.sheet
    assert sheet["dropped"] == {
        "images: no patient ID": 1,
        "images: truncated": 1,
        "match: accession number of two studies": 2,
        "match: no report": 1,
        "match: several reports that differ": 1,
        "report: counts other than five lumbar vertebrae": 1,
    }
    assert (sheet["studies"], sheet["matched"], sheet["used"]) == (10, 5, 3)
    assert sheet["left_out"] == {"present without a grade": 3}
    assert sheet["files"][archive_index.NO_DICOM] == 1
    assert sheet["files"][archive_index.OTHER] > 0
    assert sheet["reports"] == {"read": 10, "repeated word for word": 1, "numbers without a study": 1}


def test_a_run_that_was_broken_off_reads_no_study_again(archive: Archive) -> None:
    broken, gone_on, again = map(len, archive.read)
    assert broken + gone_on == 4  # three that can be used and one that cannot be read
    assert broken == 1
    assert again == 0


def test_the_grader_comes_with_a_card_that_says_what_it_learnt_from(archive: Archive) -> None:
    model = registry.load("grade", weights_root=archive.out.parent)
    assert isinstance(model.network, GradeNet)
    assert model.card["training"]["data"] == "simulated patients"
    assert model.card["training"]["patients"] == {"train": 1, "tune": 1, "report": 1}
    assert model.card["limits"][0] == "Trained on: simulated patients."
    assert model.version.startswith("1.0.0+archive.")
    figures = model.card["figures"]
    assert set(figures) == {"against_report", "against_truth", "reports_against_truth"}
    assert figures["against_truth"]["canal"]["labels"] == 5
    # The reports speak of no recess: it was not learnt, and no figure is made of it.
    assert learnt_by(model.card) == tuple(figures["against_truth"]) == ("canal", "foramen_left", "foramen_right")


def test_what_leaves_the_work_folder_names_no_patient_and_no_study(archive: Archive) -> None:
    texts = [path.read_text() for path in archive.out.iterdir() if path.suffix in (".json", ".md", ".jsonl")]
    assert len(texts) == 4
    for secret in ("PATIENT", "A1", "BROKEN", "2.25.", "whole1", "L4-L5: severe"):
        assert not any(secret in text for text in texts)
    index = (archive.out / "work" / "index.jsonl").read_text()
    assert "PATIENT" not in index
    assert "DIFFER" not in index


def test_truth_is_for_the_report_alone(archive: Archive) -> None:
    levels = {group: archive_levels.opened(archive.out / "work" / group) for group in Group}
    assert (levels[Group.TRAIN].truth == UNSAID).all()
    assert (levels[Group.TUNE].truth == UNSAID).all()
    assert (levels[Group.REPORT].truth != UNSAID).all()
    assert levels[Group.TRAIN].report[LEVEL("L4-L5"), CANAL] == 3
    assert levels[Group.TRAIN].report[LEVEL("L5-S1"), SITES.index("foramen_right")] == PRESENT


def test_a_checkpoint_is_not_gone_on_with_after_the_labels_changed(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.write_reports([(name, text.replace("severe", "moderate")) for name, text in REPORTS])
    try:
        assert main(archive.command) == 2
    finally:
        archive.write_reports(REPORTS)
    assert "was trained on other data" in capsys.readouterr().err


def test_two_processes_train_one_model(archive: Archive, tmp_path: Path) -> None:
    shutil.copytree(archive.out / "work", tmp_path / "grade" / "work")
    command = [str(tmp_path / "grade") if argument == str(archive.out) else argument for argument in archive.command]
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    for line in ("step 2 tune", "resumed at step 2"):
        process = subprocess.run(
            [*torchrun, "-m", "inference", *command],
            env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
        )  # fmt: skip
        assert process.returncode == 0, process.stderr
        assert process.stdout.count(line) == 1
    assert registry.load("grade", weights_root=tmp_path).card["training"]["patients"]["train"] == 1


def test_processes_that_see_other_levels_keep_the_same_weights(tmp_path: Path) -> None:
    torchrun = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    process = subprocess.run(
        [*torchrun, "-m", "tests.inference.training.shared_run", str(tmp_path)],
        env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False, timeout=PATIENCE_S,
    )  # fmt: skip
    assert process.returncode == 0, process.stderr
    first, second = ((tmp_path / rank).read_text() for rank in ("0", "1"))
    assert first == second


def test_shares_of_a_batch_pull_together_as_the_whole_batch_does() -> None:
    generator = torch.Generator().manual_seed(3)
    logits = torch.randn((6, 5, 4), generator=generator)
    target = torch.randint(-1, 4, (6, 5), generator=generator)
    weights = train_grade.weights_of(target)
    whole = train_grade.loss_of(logits, target, Loss.ORDINAL, weights)
    weight = train_grade.weight_of(target, Loss.ORDINAL, weights).sum()
    shares = [train_grade.costs_of(logits[k::2], target[k::2], Loss.ORDINAL, weights)[0].sum() for k in (0, 1)]
    assert float(sum(2 * share / weight for share in shares) / 2) == pytest.approx(float(whole), rel=1e-5)


def test_doubtful_labels_are_left_out_and_doubtful_reports_dropped() -> None:
    contradicted = labels.taught_labels(f"{REPORT}Conclusion: moderate canal stenosis at L3-L4.")
    assert contradicted.grades[LEVEL("L3-L4"), CANAL] == PRESENT
    assert contradicted.left_out["said twice and differently"] == 1
    operated = labels.taught_labels(f"Laminectomy at L4-L5.\n{REPORT}")
    assert (operated.grades[LEVEL("L4-L5")] == PRESENT).all()
    assert not operated.problem
    assert labels.taught_labels(f"No previous surgery.\n{REPORT}").left_out == {"present without a grade": 1}
    for text, reason in (
        ("Postoperative changes.\n", "operation without a place"),
        ("Transitional vertebra L5.\n", "transitional"),
        ("There are four lumbar-type vertebrae.\n", "other than five"),
    ):
        assert reason in labels.taught_labels(text + REPORT).problem
    for text in ("L3-4 lumbar disc protrusion.\n", "L3/4 lumbar spondylosis.\n"):
        assert not labels.taught_labels(text + REPORT).problem
    assert "no label" in labels.taught_labels("Lumbar spine. Foraminal stenosis at L5-S1.").problem


def test_a_study_whose_levels_are_not_certain_teaches_nothing() -> None:
    discs = [SimpleNamespace(level=level) for level in LUMBAR_LEVELS]
    sure = {"lowest": "L5-S1", "alternative_probability": 0.01, "transitional": ""}

    def doubt(numbering: dict[str, object] = sure, found: int = 5, filled: int = 0) -> str:
        levels = SimpleNamespace(numbering=SimpleNamespace(**numbering), filled=filled)
        spine, measured = SimpleNamespace(levels=levels, quality=()), SimpleNamespace(discs=discs[:found])
        return cuts.doubt_of(cast(Any, spine), cast(Any, measured))

    assert doubt() == ""
    assert doubt(found=4) == "a lumbar disc was not found"
    assert doubt({**sure, "alternative_probability": 0.2}) == "level names are uncertain"
    assert doubt({**sure, "lowest": "L4-L5"}) == "level names are uncertain"
    assert doubt({**sure, "transitional": "small"}) == "a transitional vertebra is possible"
    assert doubt(filled=1) == "odd distance between discs"


def test_sizes_that_the_machine_measured_get_no_other_error(archive: Archive) -> None:
    from inference.training.data import grade_cuts

    levels, rows = archive_levels.opened(archive.out / "work" / Group.TRAIN), np.arange(5)
    x = [grade_cuts.inputs(levels, rows, 0 * rows, grade_cuts.Shown.BOTH, np.random.default_rng(k)) for k in (1, 2)]
    assert torch.equal(x[0].measured, x[1].measured)
    assert torch.equal(x[0].known, torch.from_numpy(~np.isnan(levels.sizes)).float())


def test_a_truth_of_other_columns_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "truth.csv"
    path.write_text("accession_number,disc\n1,L4-L5\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"truth.csv is no truth .* no column level, site, grade"):
        labels.truths(path)
