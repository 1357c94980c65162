"""An administrator activates a model by keyboard alone, and can read what the page says."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from inference.models import cards
from tests.browser.conftest import Tab
from worklist.models import ModelChoice

pytestmark = pytest.mark.django_db(transaction=True)

#: Texts whose contrast with what lies behind them is below WCAG 2.2 AA (1.4.3), as [text, ratio].
FAINT = """() => {
  const numbers = (colour) => colour.match(/[0-9.]+/g).map(Number);
  const light = (colour) => {
    const [r, g, b] = colour.map((v) => (v / 255 <= 0.03928 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = numbers(getComputedStyle(at).backgroundColor);
      if (colour.length === 3 || colour[3] > 0) return colour.slice(0, 3);
    }
    return [0, 0, 0];
  };
  return [...document.querySelectorAll('main *')]
    .filter((element) => element.offsetParent && [...element.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
    .map((element) => {
      const [a, b] = [light(numbers(getComputedStyle(element).color).slice(0, 3)), light(behind(element))];
      return [element.textContent.trim(), (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05)];
    })
    .filter(([, ratio]) => ratio < 4.5);
}"""


def test_a_model_is_activated_by_keyboard_and_every_text_can_be_read(
    new_tab: Callable[..., Tab], administrator: Any, password: str, tmp_path: Path, settings: Any
) -> None:
    settings.MODELS_DIR = tmp_path / "models"
    shutil.copytree(cards.WEIGHTS / "segment", tmp_path / "newer")
    card = cards.read_card(tmp_path / "newer") | {"version": "9.1.0"}
    (tmp_path / "newer" / "card.json").write_text(json.dumps(card))
    cards.install(tmp_path / "newer", settings.MODELS_DIR)
    page = new_tab(width=1280, height=900).log_in(administrator, password).page
    page.goto("/models/")
    page.locator("summary", has_text="Card of segment 9.1.0").press("Enter")
    opened = page.locator("details.card[open]")
    assert opened.get_by_text("Not a medical device. Not tested in clinical use.").is_visible()
    assert page.evaluate(FAINT) == []
    page.get_by_role("link", name="Activate segment 9.1.0").press("Enter")
    page.get_by_role("heading", name="Activate segment 9.1.0?").wait_for()
    assert page.evaluate(FAINT) == []
    page.keyboard.press("Enter")
    page.get_by_text("segment 9.1.0 reads from the next study on.").wait_for()
    assert ModelChoice.objects.get(role="active").version == "9.1.0"
    assert page.evaluate(FAINT) == []
