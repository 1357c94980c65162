"""Argument types that the commands of `python -m inference` share."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    #: The type of a group of commands.
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


def count(text: str) -> int:
    """A whole number of at least 1, for argparse."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def seed(text: str) -> int:
    """A seed of random numbers, at least 0, for argparse."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def device(text: str) -> str:
    """A torch device name, for argparse."""
    if not re.fullmatch(r"cpu|cuda(:[0-9]+)?", text):
        raise argparse.ArgumentTypeError("say cpu, cuda or cuda:0")
    return text
