"""What is made of labels: contradictions with a grade table, training tables, figures, files, a page to check."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from inference.__main__ import main
from inference.reports import PresentAs, UnmentionedAs, check_against, extract, training_table
from inference.reports.outside import batch, evaluate, files, rows, speed
from tests.patience import wait_until
from tests.processes import command_line

DRAFT = "L4-L5: Severe canal stenosis. Mild left foraminal narrowing.\nL5-S1: No canal stenosis."


def test_a_text_that_agrees_with_its_table_has_no_contradiction() -> None:
    grades = {("L4-L5", "canal"): "severe", ("L4-L5", "foramen_left"): "mild", ("L5-S1", "canal"): "normal"}
    assert check_against(DRAFT, grades) == ()


@pytest.mark.parametrize(
    ("level", "site", "table", "says"),
    [
        ("L4-L5", "canal", "moderate", "severe"),
        ("L4-L5", "foramen_left", "normal", "mild"),
        ("L5-S1", "canal", "mild", "normal"),
        ("L5-S1", "canal", "not_assessed", "normal"),
    ],
)
def test_a_grade_that_differs_is_shown_beside_its_words(level: str, site: str, table: str, says: str) -> None:
    (found,) = check_against(DRAFT, {(level, site): table})
    assert (found.level, found.site, found.text_says, found.table_says) == (level, site, says, table)
    assert level in found.message
    assert DRAFT[found.span.start : found.span.end].lower() in DRAFT.lower()
    assert DRAFT[found.span.start : found.span.end]


def test_the_wrong_side_is_a_contradiction_on_that_side() -> None:
    grades = {("L4-L5", "foramen_left"): "mild", ("L4-L5", "foramen_right"): "normal"}
    (found,) = check_against("L4-L5: mild right foraminal narrowing.", grades)
    assert (found.site, found.text_says, found.table_says) == ("foramen_right", "mild", "normal")


def test_a_compromise_without_a_grade_agrees_with_any_grade_but_normal() -> None:
    text = "L4-L5: narrowing of the spinal canal."
    assert check_against(text, {("L4-L5", "canal"): "severe"}) == ()
    assert len(check_against(text, {("L4-L5", "canal"): "normal"})) == 1


def test_a_level_said_twice_and_differently_is_a_contradiction_within_the_text() -> None:
    text = "L4-L5: moderate canal stenosis.\n\nIMPRESSION: Severe canal stenosis at L4-L5."
    (found,) = check_against(text, {})
    assert found.other is not None
    assert text[found.other.start : found.other.end] == "canal stenosis"
    assert (found.text_says, found.table_says) == ("severe", "moderate")


def test_a_global_negative_does_not_contradict_a_level_with_a_statement_of_its_own() -> None:
    text = "L4-L5: moderate canal stenosis.\n\nNo canal stenosis at any level."
    assert check_against(text, {("L4-L5", "canal"): "moderate", ("L3-L4", "canal"): "normal"}) == ()


@pytest.mark.parametrize(
    ("present_as", "unmentioned_as", "canal", "foramen"),
    [
        (PresentAs.LEFT_OUT, UnmentionedAs.LEFT_OUT, None, None),
        (PresentAs.MODERATE, UnmentionedAs.LEFT_OUT, 2, None),
        (PresentAs.SEVERE, UnmentionedAs.NORMAL, 3, 0),
        (PresentAs.MILD, UnmentionedAs.NORMAL_WHERE_READ, 1, 0),
    ],
)
def test_the_training_table_maps_as_it_is_told(
    present_as: PresentAs, unmentioned_as: UnmentionedAs, canal: int | None, foramen: int | None
) -> None:
    labels = extract("L4-L5: narrowing of the canal.").labels
    table = {
        row.level: row.grades for row in training_table(labels, present_as=present_as, unmentioned_as=unmentioned_as)
    }
    assert table["L4-L5"][:2] == (canal, foramen)
    assert table["L1-L2"][0] == (0 if unmentioned_as is UnmentionedAs.NORMAL else None)
    assert "T12-L1" not in table


def _write(folder: Path, kind: str, rows: list[tuple[str, str]]) -> Path:
    path = folder / f"reports.{kind}"
    if kind == "csv":
        with path.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerows([("report_id", "text"), *rows])
    elif kind == "jsonl":
        path.write_text("".join(json.dumps({"id": name, "text": text}) + "\n" for name, text in rows), encoding="utf-8")
    elif kind == "xlsx":
        from openpyxl import Workbook

        book = Workbook()
        for row in [("report_id", "text"), *rows]:
            book.active.append(row)
        book.save(path)
    else:
        path = folder / "reports"
        path.mkdir()
        for name, text in rows:
            (path / name).write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize("kind", ["csv", "jsonl", "xlsx", "folder"])
def test_every_kind_of_input_gives_the_same_labels(kind: str, tmp_path: Path) -> None:
    source = _write(tmp_path, kind, [("a.txt", DRAFT), ("b.txt", "L3-L4: mild canal stenosis.\nNothing else.")])
    assert main(["labels", str(source), "--out", str(tmp_path / "labels.csv"), "--workers", "1"]) == 0
    with (tmp_path / "labels.csv").open(encoding="utf-8") as file:
        read = [(row["report_id"], row["level"], row["site"], row["grade"]) for row in csv.DictReader(file)]
    assert read == [
        ("a.txt", "L4-L5", "canal", "severe"),
        ("a.txt", "L4-L5", "foramen_left", "mild"),
        ("a.txt", "L5-S1", "canal", "normal"),
        ("b.txt", "L3-L4", "canal", "mild"),
    ]


def test_labels_can_be_written_in_the_shape_of_the_labelled_files(tmp_path: Path) -> None:
    source = _write(tmp_path, "csv", [("1", DRAFT)])
    batch.run(source, [rows.labels(tmp_path / "labels.jsonl")], workers=1)
    row = json.loads((tmp_path / "labels.jsonl").read_text(encoding="utf-8"))
    assert row == {"id": "1", "text": DRAFT, "labels": extract(DRAFT).table()}


def test_a_bad_row_is_reported_and_skipped(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    source = tmp_path / "reports.jsonl"
    good = json.dumps({"id": "good", "text": DRAFT})
    source.write_text(f"{good}\n{{not json\n[1, 2]\n{good}\n", encoding="utf-8")
    done = batch.run(source, [rows.labels(tmp_path / "labels.csv")], workers=1)
    assert (done.reports, done.skipped) == (2, 2)
    assert "line 2" in capsys.readouterr().err


def test_a_stopped_run_goes_on_behind_its_last_whole_block(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "BLOCK", 3)
    source = _write(tmp_path, "csv", [(str(i), DRAFT) for i in range(10)])
    whole, out = tmp_path / "whole.csv", tmp_path / "labels.csv"
    batch.run(source, [rows.labels(whole)], workers=1)
    real, calls = batch._label, []

    def stop_in_the_third_block(reports: list[files.Row], sheets: Sequence[rows.Sheet]) -> batch._Block:
        calls.append(len(reports))
        if len(calls) == 3:
            raise KeyboardInterrupt
        return real(reports, sheets)

    monkeypatch.setattr(batch, "_label", stop_in_the_third_block)
    with pytest.raises(KeyboardInterrupt):
        batch.run(source, [rows.labels(out)], workers=1)
    with out.open("a", encoding="utf-8") as file:
        file.write("half a li")
    done = batch.run(source, [rows.labels(out)], workers=1)
    assert out.read_text(encoding="utf-8") == whole.read_text(encoding="utf-8")
    assert done.reports == 10
    assert sum(calls[3:]) == 4
    assert not out.with_name("labels.csv.progress").exists()


def test_a_file_that_has_changed_is_read_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(batch, "BLOCK", 3)
    source, out = _write(tmp_path, "csv", [(str(i), DRAFT) for i in range(7)]), tmp_path / "labels.csv"
    real = batch._blocks

    def stop_after_one(*given: object) -> Iterator[batch._Block]:
        yield next(real(*given))  # type: ignore[arg-type]
        raise KeyboardInterrupt

    monkeypatch.setattr(batch, "_blocks", stop_after_one)
    with pytest.raises(KeyboardInterrupt):
        batch.run(source, [rows.labels(out)], workers=1)
    monkeypatch.setattr(batch, "_blocks", real)
    _write(tmp_path, "csv", [("new", DRAFT)])
    assert batch.run(source, [rows.labels(out)], workers=1).reports == 1
    with out.open(encoding="utf-8") as file:
        assert {row["report_id"] for row in csv.DictReader(file)} == {"new"}


def test_findings_and_the_training_table_are_written_beside_the_labels(tmp_path: Path) -> None:
    text = "L4-5: Left paracentral protrusion. Severe canal stenosis. Narrowing of the left foramen."
    source = _write(tmp_path, "csv", [("1", text), ("2", "")])
    out, found, table = (tmp_path / name for name in ("labels.csv", "findings.csv", "training.csv"))
    asked = ["labels", str(source), "--out", str(out), "--findings", str(found), "--training", str(table)]
    assert main([*asked, "--present-as", "moderate", "--unmentioned-as", "left_out"]) == 0
    with found.open(encoding="utf-8") as file:
        seen = [tuple(row.values())[:5] for row in csv.DictReader(file)]
    assert seen == [
        ("1", "protrusion", "L4-L5", "paracentral", "left"),
        ("2", "no_label", "", "the report is empty", ""),
    ]
    with table.open(encoding="utf-8") as file:
        classes = {(row["report_id"], row["level"]): row for row in csv.DictReader(file)}
    assert classes["1", "L4-L5"]["canal"] == "3"
    assert classes["1", "L4-L5"]["foramen_left"] == "2"
    assert classes["1", "L4-L5"]["foramen_right"] == ""
    assert classes["1", "L3-L4"]["canal"] == ""


def test_a_training_table_is_refused_until_both_choices_are_made(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = _write(tmp_path, "csv", [("1", DRAFT)])
    asked = ["labels", str(source), "--out", str(tmp_path / "l.csv"), "--training", str(tmp_path / "t.csv")]
    assert main([*asked, "--present-as", "moderate"]) == 2
    assert "--unmentioned-as" in capsys.readouterr().err
    assert not (tmp_path / "t.csv").exists()


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="needs Linux's /proc")
def test_the_workers_of_a_killed_run_end_with_it(tmp_path: Path) -> None:
    source = _write(tmp_path, "jsonl", [(str(i), DRAFT) for i in range(60 * batch.BLOCK)])
    asked = [
        sys.executable,
        "-m",
        "inference",
        "labels",
        str(source),
        "--out",
        str(tmp_path / "l.csv"),
        "--workers",
        "2",
    ]
    run = subprocess.Popen(asked, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_until((tmp_path / "l.csv.progress").exists, "the first block was written")
    children = Path(f"/proc/{run.pid}/task/{run.pid}/children").read_text(encoding="ascii").split()
    workers = [int(child) for child in children if b"spawn_main" in command_line(int(child))]
    assert len(workers) == 2
    run.kill()
    run.wait()
    wait_until(lambda: not any(map(command_line, workers)), "both workers ended")


def test_many_processes_keep_the_order_of_the_reports(tmp_path: Path) -> None:
    source = _write(tmp_path, "csv", [(str(i), DRAFT) for i in range(batch.BLOCK + 10)])
    batch.run(source, [rows.labels(tmp_path / "labels.csv")], workers=2)
    with (tmp_path / "labels.csv").open(encoding="utf-8") as file:
        names = [row["report_id"] for row in csv.DictReader(file)]
    assert names == [str(i) for i in range(batch.BLOCK + 10) for _ in range(3)]


@pytest.mark.parametrize("name", ["missing.csv", "reports.docx"])
def test_a_file_that_cannot_be_read_is_named_with_what_to_do(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    if name == "reports.docx":
        (tmp_path / name).write_bytes(b"PK")
    assert main(["labels", str(tmp_path / name), "--out", str(tmp_path / "labels.csv")]) == 2
    assert "Give a .csv, .jsonl or .xlsx file" in capsys.readouterr().err


def test_the_page_shows_coloured_evidence_and_escapes_the_text(tmp_path: Path) -> None:
    source = _write(tmp_path, "csv", [("<1>", "L4-L5: severe canal stenosis <script>alert(1)</script> &c.")])
    page = tmp_path / "review.html"
    assert main(["labels", str(source), "--out", str(tmp_path / "labels.csv"), "--html", str(page)]) == 0
    html = page.read_text(encoding="utf-8")
    assert '<mark class="severe" title="grade word">canal stenosis</mark>' in html
    assert "<script>" not in html


def test_figures_count_labels_reports_and_confused_grades(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    rows = [
        {"id": "right", "text": "L4-5: mild canal stenosis.", "labels": {"L4-L5": {"canal": "mild"}}},
        {"id": "wrong", "text": "L4-5: mild canal stenosis.", "labels": {"L4-L5": {"canal": "severe"}}},
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    figures = evaluate.measure(path, lambda text: extract(text).table())
    assert (figures.f1, figures.exact, figures.reports) == (0.5, 1, 2)
    assert figures.confusion["severe", "mild"] == 1
    assert figures.wrong == ["wrong"]
    assert main(["evaluate", "labels", "--file", str(path)]) == 0
    assert "baseline" in evaluate.report(path)


def test_the_speed_is_of_reports_of_a_hundred_words_and_the_shares_of_the_steps_add_up(tmp_path: Path) -> None:
    path = tmp_path / "labelled.jsonl"
    path.write_text(json.dumps({"text": "mild canal stenosis at L4-5. " * 40, "labels": {}}) + "\n", encoding="utf-8")
    found = speed.measure(path, runs=1)
    assert (found.reports, found.words) == (1, 200)
    assert found.reports_a_second == pytest.approx(2 / found.seconds[0])
    shares = dict(speed.profile(path))
    assert sum(shares.values()) == pytest.approx(1)
    assert shares["grammar"] > 0
    assert main(["evaluate", "label-speed", "--file", str(tmp_path / "none.jsonl")]) == 2
