"""Reports from CSV, JSON Lines, Excel or a folder of text files, one at a time."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from inference.errors import StudyError

_TEXT_COLUMNS = ("text", "report", "report_text", "findings", "body", "narrative", "content")
_ID_COLUMNS = ("report_id", "id", "accession", "accession_number", "study_id", "uid")
_TEXT_FILES = frozenset((".txt", ".rtf", ".html", ".htm", ".md"))
#: Largest text file, and largest cell of a table, in bytes: twice the longest text that is read.
_LARGEST = 8_000_000


class ReportsError(StudyError):
    """A file of reports that cannot be read at all."""

    code = "reports"
    next_step = "Give a .csv, .jsonl or .xlsx file with a text column, or a folder of .txt files."


@dataclass(frozen=True, slots=True)
class Row:
    """A report, or why it cannot be read: ``problem`` is empty for a good row."""

    report_id: str
    text: str
    problem: str = ""


def read(path: Path, ids: Sequence[str] = _ID_COLUMNS) -> Iterator[Row]:
    """Rows of a file or folder in its order, in constant memory. Raises `ReportsError`.

    ids: names of columns; the first that the file has identifies a report.
    """
    if path.is_dir():
        return _folder(path)
    if not path.is_file():
        raise ReportsError(f"There is no file {path}.")
    suffix = path.suffix.lower()
    if suffix in (".csv", ".tsv"):
        return _csv(path, "\t" if suffix == ".tsv" else ",", ids)
    if suffix in (".jsonl", ".ndjson"):
        return _jsonl(path, ids)
    if suffix == ".xlsx":
        return _xlsx(path, ids)
    raise ReportsError(f"{path.name} is no kind of file that holds reports.")


def read_any(path: Path) -> Iterator[Row]:
    """Rows as `read` gives them; or the one report that a text file holds. Raises `ReportsError`."""
    if path.is_file() and path.suffix.lower() in _TEXT_FILES:
        return iter([Row(path.name, _decoded(path.read_bytes()))])
    return read(path)


def _folder(path: Path) -> Iterator[Row]:
    for file in sorted(p for p in path.rglob("*") if p.suffix.lower() in _TEXT_FILES and p.is_file()):
        name = str(file.relative_to(path))
        try:
            if file.stat().st_size > _LARGEST:
                yield Row(name, "", "larger than 8 MB")
                continue
            yield Row(name, _decoded(file.read_bytes()))
        except OSError as error:
            yield Row(name, "", f"cannot be read: {error.strerror}")


def _decoded(raw: bytes) -> str:
    if raw[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return raw.decode("utf-16", errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def _csv(path: Path, delimiter: str, ids: Sequence[str]) -> Iterator[Row]:
    csv.field_size_limit(min(sys.maxsize, _LARGEST))
    with path.open(encoding="utf-8-sig", errors="replace", newline="") as file:
        rows = csv.reader((line.replace("\x00", "") for line in file), delimiter=delimiter)
        header = next(rows, [])
        text, name = _columns(header, path, ids)
        number = 1
        while True:
            number += 1
            try:
                row = next(rows)
            except StopIteration:
                return
            except csv.Error as error:
                yield Row(f"row {number}", "", f"not a row of this file: {error}")
                continue
            yield _row(row, text, name, number)


def _row(row: list[str], text: int, name: int, number: int) -> Row:
    report_id = row[name].strip() if 0 <= name < len(row) else ""
    if text >= len(row):
        return Row(report_id or f"row {number}", "", "too few columns")
    return Row(report_id or f"row {number}", row[text])


def _columns(header: list[str], path: Path, ids: Sequence[str]) -> tuple[int, int]:
    names = [str(one or "").strip().lower().replace(" ", "_") for one in header]
    text = next((names.index(one) for one in _TEXT_COLUMNS if one in names), -1)
    if text < 0:
        raise ReportsError(f"{path.name} has no column named {', '.join(_TEXT_COLUMNS[:3])}.")
    return text, next((names.index(one) for one in ids if one in names), -1)


def _jsonl(path: Path, ids: Sequence[str]) -> Iterator[Row]:
    with path.open(encoding="utf-8-sig", errors="replace") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                row = json.loads(line)
                text = next(row[one] for one in _TEXT_COLUMNS if one in row)
                name = next((row[one] for one in ids if one in row), f"line {number}")
                yield Row(str(name), str(text) if text is not None else "")
            except (ValueError, TypeError, StopIteration, RecursionError):
                yield Row(f"line {number}", "", "not a JSON object with a text")


def _xlsx(path: Path, ids: Sequence[str]) -> Iterator[Row]:
    from zipfile import BadZipFile

    from openpyxl import load_workbook  # slow to import, and rarely wanted
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        book = load_workbook(path, read_only=True, data_only=True)
    except (BadZipFile, InvalidFileException, KeyError, OSError, ValueError) as error:
        raise ReportsError(f"{path.name} is not an Excel file.") from error
    try:
        rows = book.worksheets[0].iter_rows(values_only=True)
        text, name = _columns([str(one or "") for one in next(rows, ())], path, ids)
        for number, cells in enumerate(rows, 2):
            yield _row(["" if one is None else str(one) for one in cells], text, name, number)
    finally:
        book.close()
