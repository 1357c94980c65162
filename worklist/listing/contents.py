"""What the worklist page shows: filters, counts, rows and refused files, ready for the template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, F, Max, Min, Q, QuerySet
from django.utils import timezone

from inference.result import record, words
from worklist import access
from worklist.jobs.states import WITH_A_READER, JobState, State
from worklist.models import MachineReading, ReadingJob, Rejection, Study

PAGE_SIZE = 50
MAX_TERMS = 5
MAX_REFUSALS = 20

#: Tabs: name in the address -> (label, states); None is every state.
TABS: dict[str, tuple[str, tuple[State, ...] | None]] = {
    "all": ("All", None),
    "waiting": ("Waiting", (State.RECEIVED, State.QUEUED, State.RUNNING)),
    "drafted": ("Drafted", (State.DRAFTED,)),
    "failed": ("Failed", (State.FAILED,)),
    "in_review": ("In review", (State.IN_REVIEW,)),
    "signed": ("Signed", (State.SIGNED, State.AMENDED)),
}
#: Columns that sort: name in the address -> (label, order).
COLUMNS: dict[str, tuple[str, str]] = {
    "patient": ("Patient", "patient__name"),
    "born": ("Born", "patient__birth_date"),
    "date": ("Study", "study_date"),
    "accession": ("Accession", "accession_number"),
    "images": ("Images", "instance_count"),
    "state": ("State", "state_changed_at"),
    "received": ("Received", "received_at"),
}
DEFAULT_SORT = "-received"

#: What a running study is at: the worker's own first step, then those of a reading.
STEPS: dict[str, str] = {"starting": "Starting", **{str(step): label for step, label in words.STEP_LABELS.items()}}


@dataclass(frozen=True)
class Filters:
    """What a person asked to see. Anything unknown falls back to the default; nothing here raises."""

    tab: str = "all"
    sort: str = DEFAULT_SORT
    search: str = ""
    mine: str = ""
    page: str = "1"

    @classmethod
    def of(cls, asked: Mapping[str, str]) -> Filters:
        tab, sort = asked.get("state", "all"), asked.get("sort", DEFAULT_SORT)
        return cls(
            tab=tab if tab in TABS else "all",
            sort=sort if sort.removeprefix("-") in COLUMNS else DEFAULT_SORT,
            search=asked.get("q", "").replace("\0", "").strip()[:200],
            mine="1" if asked.get("mine") == "1" else "",
            page=asked.get("page", "1"),
        )


@dataclass(frozen=True)
class Tab:
    name: str
    label: str
    count: int
    current: bool


@dataclass(frozen=True)
class Column:
    """A heading; `next_sort` is what pressing it asks for, `aria` how it is sorted now."""

    name: str
    label: str
    next_sort: str
    aria: str


@dataclass(frozen=True)
class Row:
    """A study as its line shows it. `progress` is per cent of the step, None outside a step."""

    study: Study
    age: int | None
    label: str
    tone: str
    progress: int | None
    note: str
    late: str
    warnings: tuple[str, ...]
    may_queue: str
    may_read_by_hand: bool


@dataclass(frozen=True)
class Refusal:
    """Files refused for the same reason from the same sender."""

    newest_id: int
    sender: str
    message: str
    count: int
    example: str
    at: Any


@dataclass(frozen=True)
class Listing:
    filters: Filters
    tabs: list[Tab]
    columns: list[Column]
    rows: list[Row]
    page: Page
    refusals: list[Refusal]
    refused_files: int


def build(filters: Filters, user: Any) -> Listing:
    """Everything for one page, in a fixed number of queries."""
    found = _found(filters, user)
    page = Paginator(_ordered(_in_tab(found, filters.tab), filters.sort), PAGE_SIZE).get_page(filters.page)
    studies = list(page.object_list)
    warnings, arrival, jobs = _warnings(studies), arrival_warnings(studies), _jobs(studies)
    return Listing(
        filters=filters,
        tabs=_tabs(found, filters),
        columns=[_column(name, filters.sort) for name in COLUMNS],
        rows=[
            _row(study, jobs.get(study.pk), arrival.get(study.pk, ()) + warnings.get(study.pk, ()), user)
            for study in studies
        ],
        page=page,
        refusals=_refusals(),
        refused_files=Rejection.objects.filter(seen=False).count(),
    )


def _found(filters: Filters, user: Any) -> QuerySet[Study]:
    """Studies that match every word of the search, by name, ID or accession number."""
    found = access.visible(user)
    for term in filters.search.split()[:MAX_TERMS]:
        found = found.filter(
            Q(patient__name__icontains=term)
            | Q(patient__patient_id__istartswith=term)
            | Q(accession_number__istartswith=term)
        )
    return found.filter(claimed_by=user) if filters.mine else found


def _in_tab(found: QuerySet[Study], tab: str) -> QuerySet[Study]:
    states = TABS[tab][1]
    return found if states is None else found.filter(state__in=states)


def _ordered(found: QuerySet[Study], sort: str) -> QuerySet[Study]:
    field = F(COLUMNS[sort.removeprefix("-")][1])
    order = field.desc(nulls_last=True) if sort.startswith("-") else field.asc(nulls_last=True)
    return found.select_related("claimed_by", "patient").order_by(order, "pk")


def _tabs(found: QuerySet[Study], filters: Filters) -> list[Tab]:
    counts = dict(found.order_by().values_list("state").annotate(Count("pk")))
    return [
        Tab(name, label, sum(counts.get(state, 0) for state in (states or State)), name == filters.tab)
        for name, (label, states) in TABS.items()
    ]


def _column(name: str, sort: str) -> Column:
    label, _ = COLUMNS[name]
    aria = {name: "ascending", f"-{name}": "descending"}.get(sort, "none")
    return Column(name, label, f"-{name}" if sort == name else name, aria)


def _warnings(studies: list[Study]) -> dict[Any, tuple[str, ...]]:
    """The newest reading's notices of each study in words; only they leave the database, not the whole readings."""
    readings = MachineReading.objects.for_readers().filter(study__in=studies).order_by("created_at")
    parts = readings.values_list("study_id", "reading__format", "reading__notices", "reading__warnings")
    return {
        study_id: tuple(
            map(words.notice_words, record.notices_of({"format": number, "notices": notices, "warnings": warnings}))
        )
        for study_id, number, notices, warnings in parts
    }


def _jobs(studies: list[Study]) -> dict[Any, ReadingJob]:
    """The newest job of each study."""
    jobs = ReadingJob.objects.for_readers().filter(study__in=studies).order_by("created_at")
    return {job.study_id: job for job in jobs}


def arrival_warnings(studies: list[Study]) -> dict[Any, tuple[str, ...]]:
    """By study what was odd about its files when they came: some were refused, or they name somebody else."""
    refused = _refused_files(studies)
    return {
        study.pk: (*refused.get(study.pk, ()), *_other_identity(study), *_purged_images(study)) for study in studies
    }


def _purged_images(study: Study) -> tuple[str, ...]:
    if study.images_purged_at is None:
        return ()
    return (f"The images were deleted on {study.images_purged_at:%Y-%m-%d}, as the rules of retention ask.",)


def _other_identity(study: Study) -> tuple[str, ...]:
    identity = study.differing_identity
    if not identity:
        return ()
    parts = [
        f"ID {identity['id'] or 'none'}",
        f"name {identity['name'].split('=')[0].replace('^', ' ').strip() or 'none'}",
        f"born {identity['birth_date'] or 'not stated'}",
        f"sex {identity['sex'] or 'not stated'}",
    ]
    return (f"Images of this study say {', '.join(parts)}. Make sure whose they are; an administrator can correct it.",)


def _refused_files(studies: list[Study]) -> dict[Any, tuple[str, ...]]:
    """For studies that lack files which were refused at the door, a warning that says so, put away or not."""
    counts = dict(
        Rejection.objects.filter(study_instance_uid__in=[study.study_instance_uid for study in studies])
        .order_by()
        .values_list("study_instance_uid")
        .annotate(Count("id"))
    )
    return {
        study.pk: (f"{count} file{'s' if count > 1 else ''} of this study could not be taken in.",)
        for study in studies
        if (count := counts.get(study.study_instance_uid))
    }


def _row(study: Study, job: ReadingJob | None, warnings: tuple[str, ...], user: Any) -> Row:
    label, tone, note = _state_words(study, job, user)
    state = State(study.state)
    in_a_step = state is State.RUNNING and job is not None and job.step in STEPS
    return Row(
        study=study,
        age=_age(study.patient.birth_date, study.study_date),
        label=label,
        tone=tone,
        progress=_percent(job) if job is not None and in_a_step else None,
        note=note,
        late=_late(study),
        warnings=warnings if state in (State.DRAFTED, State.IN_REVIEW) else (),
        may_queue={State.FAILED: "Retry", State.RECEIVED: "Read now"}.get(state, ""),
        may_read_by_hand=state is State.FAILED,
    )


def _state_words(study: Study, job: ReadingJob | None, user: Any) -> tuple[str, str, str]:
    """(label, tone, note); the tone is a colour and never the only sign."""
    state = State(study.state)
    note = _again_note(job) if state in WITH_A_READER else _job_note(job)
    match state:
        case State.RECEIVED:
            return "Received", "", "Waiting until all images have come."
        case State.QUEUED:
            return "Queued", "", note
        case State.RUNNING:
            return STEPS.get(job.step if job else "", "Reading"), "", note
        case State.FAILED:
            return "Failed", "bad", note
        case State.DRAFTED:
            return "Drafted", "good", ""
        case State.IN_REVIEW:
            who = "you" if study.claimed_by == user else _name(study.claimed_by)
            return f"In review by {who}", "", note
        case other:
            return other.label, "good", note


def _job_note(job: ReadingJob | None) -> str:
    """What the machine does or did, for a study that no reader has."""
    if job is None:
        return ""
    match JobState(job.state):
        case JobState.WAITING:
            return _waiting_note(job)
        case JobState.RUNNING:
            return f"Attempt {job.attempt}." if job.attempt > 1 else ""
        case JobState.FAILED:
            return job.failure_message
        case JobState.DONE:
            return ""


def _waiting_note(job: ReadingJob) -> str:
    if job.not_before and job.not_before > timezone.now():
        return "Tried again soon." if job.attempt else "New images are coming in."
    return "Waiting for the machine." if not job.attempt else f"Waiting for attempt {job.attempt + 1}."


def _again_note(job: ReadingJob | None) -> str:
    """The same, for a study that a reader has or signed."""
    if job is None or job.state not in (JobState.WAITING, JobState.RUNNING):
        return ""
    if job.state == JobState.WAITING:
        return "Waiting to be read again by the machine."
    return f"Being read again: {STEPS.get(job.step, 'Reading').lower()}, {_percent(job)} %."


def _percent(job: ReadingJob) -> int:
    return round(job.step_share * 100)


def _late(study: Study) -> str:
    """What came behind the reader's back."""
    when = {State.IN_REVIEW: "during the review", State.SIGNED: "after signing", State.AMENDED: "after signing"}
    if not study.late_images or State(study.state) not in when:
        return ""
    return f"{study.late_images} new image{'s' if study.late_images != 1 else ''} came {when[State(study.state)]}."


def _name(user: Any) -> str:
    return (user.get_full_name() or user.get_username()) if user else "nobody"


def _age(born: date | None, at: date | None) -> int | None:
    """Whole years at the study, or today when the study has no date."""
    at = at or timezone.now().date()
    if born is None or born > at:
        return None
    return at.year - born.year - ((at.month, at.day) < (born.month, born.day))


def _refusals() -> list[Refusal]:
    groups: Any = (
        Rejection.objects.filter(seen=False)
        .order_by()
        .values("sender", "code", "message")
        .annotate(newest_id=Max("id"), count=Count("id"), example=Min("file_name"), at=Max("at"))
        .order_by("-newest_id")[:MAX_REFUSALS]
    )
    return [Refusal(**{name: value for name, value in group.items() if name != "code"}) for group in groups]
