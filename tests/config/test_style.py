"""The design tokens keep their promise: WCAG 2.2 AA on every surface that they are used on."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CSS = (ROOT / "static/public/css/app.css").read_text()
TOKENS = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{3,6});", CSS))
SURFACES = ("black", "ground", "surface", "raised")
GRADES = ("grade-normal", "grade-mild", "grade-moderate", "grade-severe", "grade-unknown")
TEXTS = ("text", "text-quiet", "text-faint", "accent", "good", "warn", "bad", *GRADES)


def luminance(colour: str) -> float:
    """Relative luminance of WCAG 2.2 (https://www.w3.org/TR/WCAG22/#dfn-relative-luminance)."""
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    bright, dark = sorted((luminance(TOKENS[first]), luminance(TOKENS[second])), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("text", TEXTS)
def test_text_can_be_read_on_every_surface(text, surface):
    assert contrast(text, surface) >= 4.5


@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("mark", ["line-control", "focus"])
def test_controls_and_focus_can_be_seen_on_every_surface(mark, surface):
    assert contrast(mark, surface) >= 3


def test_the_main_button_can_be_read():
    assert contrast("on-accent", "accent-strong") >= 4.5


def test_nothing_moves():
    assert not re.search(r"@keyframes|animation|transition", CSS.split("*/", 1)[1])


def test_nothing_is_loaded_from_elsewhere():
    pages = [CSS, *(page.read_text() for page in (ROOT / "templates").rglob("*.html"))]
    for page in pages:
        assert not re.search(r"(?:src|href|action)=.?(?:https?:)?//|url\(|@import", page)
