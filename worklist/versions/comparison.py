"""Two machine readings of one study beside each other, and many such pairs in sum.

Readings are `inference.result.record` dictionaries. A grade that only one of the two
gave is neither agreement nor disagreement: it is counted by itself. So is an
answer to a question about a disc.
"""

from __future__ import annotations

import statistics
from collections import Counter
from typing import Any

from django.db.models import QuerySet

from inference.result import record, words
from inference.types import GRADES, LEVELS, LUMBAR_LEVELS, DiscQuestion, Grade, Site
from worklist.jobs.states import JobState
from worklist.models import MachineReading, ReadingJob

#: Two discs whose centres lie closer than this are the same disc; discs stand 25 mm apart and more.
SAME_DISC_MM = 12.0
#: Questions about a disc whose answer is a number; the others are answered by yes and no.
NUMBERED = (DiscQuestion.PFIRRMANN, DiscQuestion.MODIC)

Reading = dict[str, Any]


def compare(first: Reading, second: Reading) -> dict[str, Any]:
    """What is kept of a pair: counts by site and question, discs, what it was compared with, and whether it can be.

    same_images: whether both were made from the same ones. same_others: whether one model alone differs. against:
    name and version of those of the first reading that the second has not.
    """
    sites = {}
    for site in Site:
        rows = [row for row in side_by_side(first, second) if row["site"] == site.value]
        sites[site.value] = Counter(row["says"] for row in rows)
    pairs = discs(first, second)
    asked: dict[str, Counter[str]] = {question.value: Counter() for question in DiscQuestion}
    for row in answers(first, second):
        asked[row["question"]][row["says"]] += 1
    return {
        "sites": {site: dict(counts) for site, counts in sites.items()},
        "answers": {question: dict(counts) for question, counts in asked.items()},
        "renamed": sum(pair["first"] != pair["second"] for pair in pairs if pair["first"] and pair["second"]),
        "unmatched": sum(not (pair["first"] and pair["second"]) for pair in pairs),
        "same_images": first["provenance"]["input_digest"] == second["provenance"]["input_digest"],
        "same_others": len({mark.split()[0] for mark in _makers(first) ^ _makers(second)}) <= 1,
        "against": sorted(" ".join(mark.split()[:2]) for mark in _makers(first) - _makers(second)),
    }


def _makers(reading: Reading) -> set[str]:
    """Name, version and hash of every network that was asked."""
    models = record.upgraded(reading)["provenance"]["models"]
    return {" ".join((model["name"], model["version"], model["sha256"])) for model in models}


def side_by_side(first: Reading, second: Reading) -> list[dict[str, Any]]:
    """For every site of each level with a row both grades in words, and exact, near, far, one or none."""
    one, two = ({(f["level"], f["site"]): Grade(f["grade"]) for f in read["findings"]} for read in (first, second))
    rows = []
    graded = {level for level, _ in one.keys() | two.keys()}
    for level in (level for level in LEVELS if level in graded or level in LUMBAR_LEVELS):
        for site in Site:
            grades = [grades.get((level, site.value), Grade.NOT_ASSESSED) for grades in (one, two)]
            rows.append(
                {
                    "level": level,
                    "site": site.value,
                    "where": words.SITE_LABELS[site],
                    "first": words.grade_word(grades[0]),
                    "second": words.grade_word(grades[1]),
                    "says": _says(*grades),
                }
            )
    return rows


def _says(one: Grade, two: Grade) -> str:
    assessed = [grade for grade in (one, two) if grade in GRADES]
    if len(assessed) < 2:
        return "one" if assessed else "none"
    apart = abs(GRADES.index(one) - GRADES.index(two))
    return ("exact", "near")[apart] if apart < 2 else "far"


def answers(first: Reading, second: Reading) -> list[dict[str, Any]]:
    """Both answers in words to every question about a disc that either was asked: exact, other or one."""
    one, two = (
        {(f["level"], f["finding"]): f["value"] for f in read.get("disc_findings", ())} for read in (first, second)
    )
    asked = [(level, q) for level in LEVELS for q in DiscQuestion if (level, q.value) in one.keys() | two.keys()]
    rows = []
    for level, question in asked:
        values = [given.get((level, question.value)) for given in (one, two)]
        first_answer, second_answer = (_answer(question, value) for value in values)
        says = "one" if None in values else "exact" if values[0] == values[1] else "other"
        row = {"level": level, "question": question.value, "what": words.question_label(question), "says": says}
        rows.append(row | {"first": first_answer, "second": second_answer})
    return rows


def _answer(question: DiscQuestion, value: int | None) -> str:
    if value is None:
        return "not asked"
    return str(value) if question in NUMBERED else "yes" if value else "no"


def discs(first: Reading, second: Reading) -> list[dict[str, str]]:
    """The names that both gave to each disc, head to feet; empty where only one of them found it."""
    left = list(second["discs"])
    pairs: list[tuple[float, dict[str, str]]] = []
    for disc in first["discs"]:
        near = min(left, key=lambda other: _apart_mm(disc, other), default=None)
        if near is not None and _apart_mm(disc, near) < SAME_DISC_MM:
            left.remove(near)
        else:
            near = None
        pairs.append((disc["centre_mm"][2], {"first": disc["level"], "second": near["level"] if near else ""}))
    pairs += [(disc["centre_mm"][2], {"first": "", "second": disc["level"]}) for disc in left]
    return [pair for _, pair in sorted(pairs, key=lambda placed: placed[0], reverse=True)]


def _apart_mm(one: dict[str, Any], two: dict[str, Any]) -> float:
    return float(sum((a - b) ** 2 for a, b in zip(one["centre_mm"], two["centre_mm"], strict=True)) ** 0.5)


def grades_in_words(compared: dict[str, Any]) -> str:
    """How many grades of one pair differ, for the list of studies."""
    sites = compared["sites"].values()
    counts = [
        (sum(site.get("near", 0) for site in sites), "one grade apart"),
        (sum(site.get("far", 0) for site in sites), "further apart"),
        (sum(site.get("one", 0) for site in sites), "by one only"),
    ]
    return ", ".join(f"{count} {words}" for count, words in counts if count) or "none"


def discs_in_words(compared: dict[str, Any]) -> str:
    """How many names and findings of discs of one pair differ, for the list of studies."""
    answered = sum(counts.get("other", 0) for counts in compared.get("answers", {}).values())
    counts = [
        (compared["renamed"], "named otherwise"),
        (compared["unmatched"], "found by one only"),
        (answered, "findings otherwise"),
    ]
    return ", ".join(f"{count} {words}" for count, words in counts if count) or "same names"


def total(jobs: QuerySet[ReadingJob]) -> dict[str, Any]:
    """The sum over what `jobs` of shadow mode came to.

    Pairs of different images, and those between which another model changed too, are left out and counted.
    """
    done = MachineReading.objects.filter(job__in=jobs)
    pairs: list[Any] = list(done.values_list("comparison", "seconds", "job__compared_with__seconds"))
    of_images = [pair for pair in pairs if pair[0]["same_images"]]
    # Pairs of before it was asked do not say.
    same = [pair for pair in of_images if pair[0].get("same_others", True)]
    # Pairs that were compared before a site was read have no counts of it.
    sites = [_site(site, [pair[0]["sites"].get(site.value, {}) for pair in same]) for site in Site]
    return {
        "studies": len(same),
        "failed": jobs.filter(state=JobState.FAILED).count(),
        "other_images": len(pairs) - len(of_images),
        "other_models": len(of_images) - len(same),
        "against": sorted(Counter(name for pair in same for name in pair[0].get("against", ())).items()),
        "sites": sites,
        "answers": [_asked(q, [pair[0].get("answers", {}).get(q.value, {}) for pair in same]) for q in DiscQuestion],
        "renamed": sum(pair[0]["renamed"] for pair in same),
        "renamed_studies": sum(pair[0]["renamed"] > 0 for pair in same),
        "unmatched": sum(pair[0]["unmatched"] for pair in same),
        "seconds": statistics.median(pair[1] for pair in same) if same else None,
        "first_seconds": statistics.median(pair[2] for pair in same) if same else None,
    }


def _site(site: Site, counts: list[dict[str, int]]) -> dict[str, Any]:
    summed: Counter[str] = Counter()
    for count in counts:
        summed.update(count)
    graded = summed["exact"] + summed["near"] + summed["far"]
    return {
        "where": words.SITE_LABELS[site],
        "graded": graded,
        "exact": summed["exact"],
        "within_one": summed["exact"] + summed["near"],
        "exact_percent": round(100 * summed["exact"] / graded) if graded else None,
        "within_one_percent": round(100 * (summed["exact"] + summed["near"]) / graded) if graded else None,
        "one": summed["one"],
    }


def _asked(question: DiscQuestion, counts: list[dict[str, int]]) -> dict[str, Any]:
    """Pairs compared before answers were have none."""
    summed: Counter[str] = Counter()
    for count in counts:
        summed.update(count)
    both = summed["exact"] + summed["other"]
    return {
        "what": words.question_label(question),
        "both": both,
        "exact": summed["exact"],
        "exact_percent": round(100 * summed["exact"] / both) if both else None,
        "one": summed["one"],
    }
