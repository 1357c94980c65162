"""How the worklist writes names and addresses."""

from __future__ import annotations

from urllib.parse import urlencode

from django import template

from worklist.listing.contents import DEFAULT_SORT, Filters

register = template.Library()


@register.filter
def person_name(value: str) -> str:
    """A DICOM name (PS3.5 section 6.2.1) as people write it in lists: `Family, Prefix Given Middle Suffix`."""
    parts = [part.strip() for part in value.split("=", maxsplit=1)[0].split("^")] + [""] * 5
    family, given, middle, prefix, suffix = parts[:5]
    rest = " ".join(part for part in (prefix, given, middle, suffix) if part)
    return ", ".join(part for part in (family, rest) if part) or "(no name)"


@register.simple_tag
def address(filters: Filters, **changes: str) -> str:
    """The page's address with these filters changed; the search, which may name a patient, is not in it."""
    values = {"state": filters.tab, "sort": filters.sort, "mine": filters.mine} | changes
    defaults = {"state": "all", "sort": DEFAULT_SORT, "mine": "", "page": "1"}
    return "?" + urlencode({name: value for name, value in values.items() if value != defaults[name]})
