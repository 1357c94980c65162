"""A signed report -> the review as it stood at the signature; made from the document and from nothing that changed."""

from __future__ import annotations

from inference.result import record
from reader import draft_text, working_copy
from reader.models import Review, ReviewedFinding, SignedReport
from reader.signed.document import SignedContent, SignedGrade
from worklist.models import MachineReading


def restore(review: Review, report: SignedReport) -> None:
    """Bring table, text, names of levels and machine reading back; sets the review's fields, does not save it.

    A text of today that is another one is set aside. Raises document.Unreadable.
    """
    signed = report.read()
    if review.draft_text != signed.text:
        review.set_aside_text = review.draft_text
    review.machine_reading = _reading(review, signed)
    review.level_shift = signed.machine.level_shift if signed.machine else 0
    review.beyond = []
    _restore_rows(review, signed)
    review.draft_text, review.text_is_manual = signed.text, signed.text_is_manual
    review.sentences = list(sentences_of(signed))


def sentences_of(signed: SignedContent) -> list[draft_text.Said]:
    """The signed table in words."""
    values = [draft_text.finding(one.level, one.site, one.grade) for one in signed.findings]
    return draft_text.sentences(values, signed.measurements)


def _reading(review: Review, signed: SignedContent) -> MachineReading | None:
    if signed.machine is None or signed.machine.reading is None:
        return None
    return MachineReading.objects.filter(study=review.study_id, pk=signed.machine.reading).first()


def _restore_rows(review: Review, signed: SignedContent) -> None:
    rows = {(row.level, row.site): row for row in working_copy.table(review)}
    for one in signed.findings:
        row = rows.pop((one.level, one.site), None) or ReviewedFinding(review=review, level=one.level, site=one.site)
        _restore_row(row, one)
    for row in rows.values():  # places that the signed table did not have
        row.delete()


def _restore_row(row: ReviewedFinding, one: SignedGrade) -> None:
    row.machine_grade, row.grade, row.changed = one.machine_grade, one.grade, one.changed
    row.rules, row.notices = record.to_dict(one.rules), record.to_dict(one.notices)
    row.probability = one.probability
    row.unfamiliar, row.contradicted = one.out_of_distribution, one.contradicted
    row.confirmed_by_id, row.confirmed_at = one.confirmed_by, one.confirmed_at
    row.save()
