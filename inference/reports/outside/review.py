"""Reports with coloured evidence as one HTML page, the doubtful ones first, for people to check."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path

from inference.reports.extract import extract
from inference.reports.outside import files
from inference.reports.types import SITES, ReportLabels

#: A page holds no more reports than a browser and a person can take.
LARGEST = 2000

_STYLE = """
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
article { border-top: 1px solid #8886; padding: 1rem 0; display: grid; gap: 1rem; grid-template-columns: 3fr 2fr; }
h2 { font-size: 1rem; grid-column: 1 / -1; margin: 0; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; font: inherit; margin: 0; }
table { border-collapse: collapse; align-self: start; } th, td { padding: 0 .5rem; text-align: left; }
mark { color: #111; padding: 0 .1em; border-radius: 3px; }
mark.normal { background: #bfe3c4; } mark.present { background: #d9d2f0; } mark.mild { background: #f5edb0; }
mark.moderate { background: #f8cf9a; } mark.severe { background: #f3aca6; }
mark.unclear { background: #ddd; text-decoration: underline dotted; }
"""


def write(source: Path, page: Path) -> int:
    """Write the page; the number of reports on it. Raises `files.ReportsError`."""
    parts: list[tuple[float, str]] = []
    for row in files.read(source):
        if row.problem:
            continue
        if len(parts) >= LARGEST:
            break
        result = extract(row.text)
        parts.append((_certainty(result), _article(row.report_id, row.text, result)))
    parts.sort(key=lambda part: part[0])
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(_page(part for _, part in parts), encoding="utf-8")
    return len(parts)


def _certainty(result: ReportLabels) -> float:
    lowest = min((label.confidence for label in result.labels), default=0.5)
    return lowest - 0.2 * bool(result.unclear)


def _page(articles: Iterable[str]) -> str:
    legend = " ".join(f'<mark class="{name}">{name}</mark>' for name in ("normal", "present", "mild", "moderate"))
    legend += ' <mark class="severe">severe</mark> <mark class="unclear">seen and not understood</mark>'
    return (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>Report labels</title><style>{_STYLE}</style>'
        f"<h1>Report labels</h1><p>{legend}. The doubtful reports come first.</p>{''.join(articles)}"
        "<footer><p>Not a medical device. The machine's draft is not a reading.</p></footer></html>"
    )


def _article(name: str, text: str, result: ReportLabels) -> str:
    rows: dict[str, dict[str, str]] = result.table()
    head = "".join(f"<th>{site.replace('_', ' ')}</th>" for site in SITES)
    body = "".join(
        f"<tr><th>{level}</th>" + "".join(f"<td>{row.get(site, '')}</td>" for site in SITES) + "</tr>"
        for level, row in rows.items()
    )
    table = f"<table><tr><th></th>{head}</tr>{body}</table>" if rows else f"<p>{html.escape(result.reason)}</p>"
    return f"<article><h2>{html.escape(name)}</h2><pre>{_coloured(text, result)}</pre>{table}</article>"


def _coloured(text: str, result: ReportLabels) -> str:
    """The text with each span marked once; of overlapping spans the first wins."""
    spans = [(s.start, s.end, str(label.grade), label.rule) for label in result.labels for s in label.evidence]
    spans += [(one.span.start, one.span.end, "unclear", one.reason) for one in result.unclear]
    pieces: list[str] = []
    at = 0
    for start, end, kind, why in sorted(spans):
        if start < at:
            continue
        pieces.append(html.escape(text[at:start]))
        pieces.append(f'<mark class="{kind}" title="{html.escape(why)}">{html.escape(text[start:end])}</mark>')
        at = end
    return "".join(pieces) + html.escape(text[at:])
