"""What the commands of `python -m inference` share."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    #: What a group of commands is added to.
    Commands: TypeAlias = argparse._SubParsersAction[argparse.ArgumentParser]


def count(text: str) -> int:
    """A whole number from one up; argparse says so of any other."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


def seed(text: str) -> int:
    """A whole number from nought up: where chance begins; argparse says so of any other."""
    number = int(text)
    if number < 0:
        raise argparse.ArgumentTypeError("must not be negative")
    return number


def device(text: str) -> str:
    """Where networks run, as torch names it; argparse says so of another word."""
    if not re.fullmatch(r"cpu|cuda(:[0-9]+)?", text):
        raise argparse.ArgumentTypeError("say cpu, cuda or cuda:0")
    return text
