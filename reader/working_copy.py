"""Bring a review up to what the machine last said, without touching what the reader did.

A study that the machine could not read gets the same table, every grade
*not assessed*, and is read by hand.
"""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction
from django.db.models import QuerySet

from accounts.models import User
from inference.result import record
from inference.result.renumber import renumbered
from inference.types import LUMBAR_LEVELS, Grade, LevelFinding, Measurement, Notice, Rule, Site, StudyReading
from reader import draft_text
from reader.models import Review, ReviewedFinding
from worklist.jobs.states import State
from worklist.models import MachineReading, Study

#: States in which there is something to review.
REVIEWABLE = (State.DRAFTED, State.FAILED, State.IN_REVIEW, State.SIGNED, State.AMENDED)
BY_HAND = Rule("by_hand")
#: Of a place that the table has got since the machine read the study.
NOT_READ_THEN = Notice("not_looked_at")


def primary(study: Study) -> QuerySet[Review]:
    """The one review of a study that can be signed; none before the machine is through with it."""
    return Review.objects.filter(study=study, purpose=Review.Purpose.PRIMARY)


def review_for(study: Study, user: User) -> Review | None:
    """The review that `user` sees: their open second review, unless they hold the study; else the primary one."""
    if study.claimed_by_id != user.pk:
        second = second_review_of(study, user)
        if second is not None and second.state == Review.State.OPEN:
            return second
    return open_review(study)


def second_review_of(study: Study, user: User) -> Review | None:
    """The second review of one reader, open or closed."""
    seconds = Review.objects.filter(study=study, reader=user, purpose=Review.Purpose.SECOND)
    return seconds.select_related("machine_reading").first()


def open_review(study: Study) -> Review | None:
    """The primary review of `study`, made or brought up to date; None while the machine is still at work."""
    if study.state not in REVIEWABLE:
        return None
    review = primary(study).select_related("machine_reading").first()
    # Most looks end here, without a lock on anything.
    if review is not None and not _is_behind(study, review) and not _lacks_places(review):
        return review
    with transaction.atomic():
        # A claim waits for this lock: once a reader writes, the machine's grades stay as they are.
        locked = Study.objects.select_for_update().get(pk=study.pk)
        review, made = Review.objects.get_or_create(study=study, purpose=Review.Purpose.PRIMARY)
        if made or _is_behind(locked, review):
            follow_machine(review, locked.latest_reading)
        elif _lacks_places(review):
            complete(review)
            review.save()
    return review


def _is_behind(study: Study, review: Review) -> bool:
    return study.state in (State.DRAFTED, State.FAILED) and review.machine_reading != study.latest_reading


def newer_reading(study: Study, review: Review) -> MachineReading | None:
    """What the machine read after the reading that the review is of, where a reader has begun; None without such."""
    latest = study.latest_reading
    return latest if latest is not None and latest.pk != review.machine_reading_id else None


def differing_grades(review: Review, reading: MachineReading) -> int:
    """At how many places another reading, by the names that the reader decided on, has another grade."""
    rows = {(row.level, row.site): row.machine_grade for row in review.findings.all()}
    other = _by_place(renumbered(record.from_dict(reading.reading), review.level_shift))
    return sum(rows.get((level, site.value)) != finding.grade.value for (level, site), finding in other.items())


def _lacks_places(review: Review) -> bool:
    """Whether a review that may still change was begun with a smaller table. What was signed stays as it was."""
    is_open = review.state == Review.State.OPEN
    return is_open and review.findings.count() < len(LUMBAR_LEVELS) * len(Site)


def complete(review: Review) -> None:
    """Give the table the places that it lacks, unconfirmed; sets fields of the review, does not save it."""
    found = _machine_findings(review)
    there = set(review.findings.values_list("level", "site"))
    lacking = [(level, site) for level in LUMBAR_LEVELS for site in Site if (level, site.value) not in there]
    for level, site in lacking:
        _update_row(ReviewedFinding(review=review, level=level, site=site.value), found.get((level, site)))
    if lacking:
        review.version += 1
        follow_table(review)


def reading_of(review: Review) -> StudyReading | None:
    """What the machine read, by the level names that the reader decided on; None when it read nothing."""
    if review.machine_reading is None:
        return None
    return renumbered(record.from_dict(review.machine_reading.reading), review.level_shift)


def measurements_of(review: Review) -> tuple[Measurement, ...]:
    """What the machine measured; nothing when it read nothing."""
    reading = reading_of(review)
    return reading.measurements if reading else ()


def table(review: Review) -> list[ReviewedFinding]:
    """The rows of the table, head to feet, from the canal outwards."""
    sites = [site.value for site in Site]
    rows = review.findings.select_related("confirmed_by")
    return sorted(rows, key=lambda row: (LUMBAR_LEVELS.index(row.level), sites.index(row.site)))


def said_now(review: Review, rows: Sequence[ReviewedFinding] | None = None) -> list[draft_text.Said]:
    """The table, as it stands, in words."""
    values = [
        draft_text.finding(row.level, row.site, row.grade) for row in (rows if rows is not None else table(review))
    ]
    return draft_text.sentences(values, measurements_of(review))


def follow_table(review: Review) -> None:
    """Rewrite the text from the table unless the reader has edited it; sets fields, does not save."""
    if review.text_is_manual:
        return
    said = said_now(review)
    review.sentences = list(said)
    review.draft_text = draft_text.join(said)


def follow_machine(review: Review, reading: MachineReading | None) -> None:
    """Fill the table from a reading (None: by hand) and save; the reader's grades and text stay, confirmations go."""
    review.machine_reading = reading
    found = _machine_findings(review)
    rows = {(row.level, row.site): row for row in review.findings.all()}
    if any(row.confirmed_at for row in rows.values()):
        review.read_again = True
    for level in LUMBAR_LEVELS:
        for site in Site:
            row = rows.get((level, site.value)) or ReviewedFinding(review=review, level=level, site=site.value)
            _update_row(row, found.get((level, site)))
    review.late_acknowledged = 0
    if reading is not None:
        review.version += 1
    follow_table(review)
    review.save()


def _update_row(row: ReviewedFinding, finding: LevelFinding | None) -> None:
    """A grade that the reader changed stays theirs; it must be confirmed again all the same."""
    if finding is None:
        row.machine_grade, row.rules, row.notices = None, record.to_dict([BY_HAND]), []
        row.probability, row.unfamiliar, row.contradicted = None, False, False
    else:
        row.machine_grade = finding.grade.value
        row.rules, row.notices = record.to_dict(finding.rules), record.to_dict(finding.notices)
        row.probability = finding.probability
        row.unfamiliar, row.contradicted = finding.out_of_distribution, finding.contradicted
    if not row.changed:
        row.grade = row.machine_grade or Grade.NOT_ASSESSED.value
    row.changed = differs(row)
    row.confirmed_at, row.confirmed_by = None, None
    row.save()


def differs(row: ReviewedFinding) -> bool:
    """Whether the grade is the reader's own: not what the machine said, or what it left unsaid."""
    return row.grade != (row.machine_grade or Grade.NOT_ASSESSED.value)


def is_uncertain(row: ReviewedFinding, below: int) -> bool:
    """Whether the grade is still the machine's, and contradicted, of unfamiliar images or less likely than `below` %.

    A reader looks there first.
    """
    if row.changed:
        return False
    # Compared as it is shown: what stands on the page as 60 % is not below 60 %. Nothing is shown as 100 %.
    is_unlikely = row.probability is not None and min(round(100 * row.probability), 99) < below
    return row.contradicted or row.unfamiliar or is_unlikely


def move_levels(review: Review, shift: int) -> None:
    """Name every disc by `shift`; the reader's grades go with their discs and must be confirmed again."""
    own = {(one["disc"], one["site"]): one["grade"] for one in review.beyond}
    rows = list(review.findings.all())
    own |= {(_disc(row, review.level_shift), row.site): row.grade for row in rows if row.changed}
    review.level_shift = shift
    found = _machine_findings(review)
    for row in rows:
        grade = own.pop((_disc(row, shift), row.site), None)
        row.grade, row.changed = grade or "", grade is not None
        _update_row(row, found.get((row.level, Site(row.site))))
    review.beyond = [{"disc": disc, "site": site, "grade": grade} for (disc, site), grade in own.items()]
    follow_table(review)


def _disc(row: ReviewedFinding, shift: int) -> int:
    """Which disc a row is of: its place among the lumbar levels by the machine's names; -1 is the one above them."""
    return LUMBAR_LEVELS.index(row.level) + shift


def _machine_findings(review: Review) -> dict[tuple[str, Site], LevelFinding]:
    """By level and site what the machine said; of every place, unless it read nothing."""
    reading = reading_of(review)
    return _by_place(reading) if reading else {}


def _by_place(reading: StudyReading) -> dict[tuple[str, Site], LevelFinding]:
    """By level and site; a place that the reading has nothing of was not assessed."""
    unread = {
        (level, site): LevelFinding(level, site, Grade.NOT_ASSESSED, notices=(NOT_READ_THEN,))
        for level in LUMBAR_LEVELS
        for site in Site
    }
    return unread | {(finding.level, finding.site): finding for finding in reading.findings}
