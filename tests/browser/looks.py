"""What can be seen of the two images on the review page."""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from playwright.sync_api import Page


def picture(page: Page, side: str) -> NDArray[np.float32]:
    """The image as it is shown, with all that lies over it: float32 [row, column, colour]."""
    shot = page.locator(f"#{side}-screen canvas").screenshot()
    return np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), dtype=np.float32)


def slice_of(page: Page, side: str) -> int:
    """The number of the slice that is shown, from 1."""
    return int(page.locator(f"#{side}-slice").inner_text().split("/")[0])


def colourful(shown: NDArray[np.float32]) -> float:
    """Share of the picture that is not grey: MR images are grey, outlines are not."""
    return float(np.mean(shown.max(axis=2) - shown.min(axis=2) > 24))


def draw_length(page: Page) -> None:
    """Draw a length of 120 pixels across the left image, as a hand does."""
    page.keyboard.press("l")
    box = page.locator("#left-screen").bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 120, y + 20, steps=5)
    page.mouse.up()
