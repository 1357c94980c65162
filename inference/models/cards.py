"""Models on disk, without torch: a folder of ``weights.safetensors`` and ``card.json``.

Shipped models lie in ``WEIGHTS/<name>/``, those that an administrator added in
``MODELS/<name>/<version>/``. The same version always has the same weights.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

WEIGHTS = Path(__file__).parents[1] / "weights"
CARD_FILE, WEIGHTS_FILE = "card.json", "weights.safetensors"
#: Names and versions are used as folder names and in URLs.
NAME = re.compile(r"[a-z][a-z0-9_]{0,31}")
VERSION = re.compile(r"[0-9A-Za-z][0-9A-Za-z.+_-]{0,31}")


class DamagedModelError(Exception):
    """The weights or the card are damaged; the message says which and what to do."""


class MissingModelError(Exception):
    """There is no such model, or no such version of it."""


class OtherWeightsError(Exception):
    """This version is installed with other weights."""


@dataclass(frozen=True)
class Installed:
    """A model on disk. problem: why it cannot be used, judged by its card alone; empty if there is no problem."""

    name: str
    version: str
    folder: Path
    shipped: bool
    card: dict[str, Any]
    problem: str = ""

    @property
    def sha256(self) -> str:
        return str(self.card.get("sha256", ""))


@dataclass(frozen=True)
class Choice:
    """A version of a model and its weights' hash; without a version the shipped one."""

    version: str | None = None
    sha256: str = ""


SHIPPED = Choice()


def digest(path: Path) -> str:
    """SHA-256 of a file, as hexadecimal."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def read_card(folder: Path) -> dict[str, Any]:
    """The card of the model in `folder`. Raises DamagedModelError when it lacks what a reading needs."""
    path = folder / CARD_FILE
    try:
        card = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise DamagedModelError(f"There is no {CARD_FILE} in {folder.name}.") from error
    except (OSError, ValueError) as error:
        raise DamagedModelError(f"The {CARD_FILE} in {folder.name} cannot be read.") from error
    missing = [
        key for key in ("name", "version", "network", "sha256") if not (isinstance(card, dict) and card.get(key))
    ]
    if missing:
        raise DamagedModelError(f"The {CARD_FILE} in {folder.name} does not say: {', '.join(missing)}.")
    for key, allowed in (("name", NAME), ("version", VERSION)):
        if not (isinstance(card[key], str) and allowed.fullmatch(card[key])):
            raise DamagedModelError(f"The {CARD_FILE} in {folder.name} has a {key} that cannot name a folder.")
    return dict(card)


def check(folder: Path) -> dict[str, Any]:
    """The card of the model in `folder`, whose weights are those that it describes. Raises DamagedModelError."""
    card = read_card(folder)
    weights = folder / WEIGHTS_FILE
    if not weights.is_file():
        raise DamagedModelError(f"Model {card['name']} {card['version']} has no {WEIGHTS_FILE}.")
    if digest(weights) != card["sha256"]:
        raise DamagedModelError(f"The weights of model {card['name']} {card['version']} differ from its card.")
    return card


def installed(
    name: str | None = None, models_root: Path | None = None, weights_root: Path = WEIGHTS
) -> tuple[Installed, ...]:
    """Every installed model, or every version of one: by name, the shipped one first, then by version.

    A copy of the shipped model below `models_root` is not listed again.
    """
    shipped = [_installed_in(folder, True) for folder in _folders(weights_root)]
    shipped_keys = {(model.name, model.version, model.sha256) for model in shipped}
    added = [_installed_in(folder, False) for kind in _folders(models_root) for folder in _folders(kind)]
    models = shipped + [model for model in added if (model.name, model.version, model.sha256) not in shipped_keys]
    chosen = [model for model in models if name is None or model.name == name]
    return tuple(sorted(chosen, key=lambda model: (model.name, not model.shipped, _sortable(model.version))))


def find(
    name: str,
    version: str | None = None,
    sha256: str = "",
    models_root: Path | None = None,
    weights_root: Path = WEIGHTS,
) -> Path:
    """The folder of the model `name`: the shipped one, or the given `version`, with these weights if given.

    Raises MissingModelError.
    """
    if version is None:
        if (weights_root / name).is_dir():
            return weights_root / name
        shipped = weights_root == WEIGHTS
        raise MissingModelError(
            f"No model {name} is shipped." if shipped else f"There is no model in {weights_root / name}."
        )
    # The shipped folder may be named by the caller, as a training run's is: its card says which version it is.
    for folder in (weights_root / name, *([models_root / name / version] if models_root else [])):
        card = _card_or_none(folder)
        if card and card["version"] == version and sha256 in ("", card["sha256"]):
            return folder
    weights = f" with the weights {sha256[:12]}" if sha256 else ""
    raise MissingModelError(f"Model {name} {version}{weights} is not installed.")


def install(
    source: Path,
    models_root: Path,
    weights_root: Path = WEIGHTS,
    checked: Callable[[Path], dict[str, Any]] = check,
) -> Installed:
    """Copy the model in `source` to its place below `models_root`, atomically, and synced to disk.

    The copy is checked, not the source. Raises DamagedModelError, OtherWeightsError, or whatever `checked` raises.
    """
    read_card(source)
    models_root.mkdir(parents=True, exist_ok=True)
    staged, damaged = (models_root / f".{uuid.uuid4().hex}.tmp" for _ in range(2))
    staged.mkdir(mode=0o750)
    try:
        for file in (CARD_FILE, WEIGHTS_FILE):
            if (source / file).is_file():
                shutil.copyfile(source / file, staged / file)
                _sync(staged / file)
        card = checked(staged)
        target = models_root / card["name"] / card["version"]
        _refuse_other_weights(card, (target, weights_root / card["name"]))
        if not _is_whole(target):
            target.parent.mkdir(exist_ok=True)
            if target.exists():  # damaged: the same version is replaced
                target.rename(damaged)
            staged.rename(target)
            for folder in (target, target.parent, models_root):
                _sync(folder)
        elif _card_or_none(target) != card:  # the same weights with another card
            (staged / CARD_FILE).replace(target / CARD_FILE)
            _sync(target)
        return _installed_in(target, False)
    finally:
        shutil.rmtree(staged, ignore_errors=True)
        shutil.rmtree(damaged, ignore_errors=True)


def _refuse_other_weights(card: dict[str, Any], places: tuple[Path, ...]) -> None:
    for folder in places:
        other_card = _card_or_none(folder)
        if other_card and other_card["version"] == card["version"] and other_card["sha256"] != card["sha256"]:
            raise OtherWeightsError(
                f"Model {card['name']} {card['version']} is installed with other weights "
                f"({other_card['sha256'][:12]}, not {card['sha256'][:12]}). Give the new one a version of its own."
            )


def _installed_in(folder: Path, shipped: bool) -> Installed:
    try:
        card = read_card(folder)
    except DamagedModelError as error:
        name = folder.name if shipped else folder.parent.name
        return Installed(name, "" if shipped else folder.name, folder, shipped, {}, str(error))
    place = folder.name if shipped else f"{folder.parent.name}/{folder.name}"
    stated = card["name"] if shipped else f"{card['name']}/{card['version']}"
    problem = "" if place == stated else f"It lies in the folder {place}, and its card says {stated}."
    return Installed(card["name"], card["version"], folder, shipped, card, problem)


def _card_or_none(folder: Path) -> dict[str, Any] | None:
    try:
        return read_card(folder)
    except DamagedModelError:
        return None


def _is_whole(folder: Path) -> bool:
    try:
        check(folder)
    except DamagedModelError:
        return False
    return True


def _folders(root: Path | None) -> Iterator[Path]:
    """The folders in `root`, by name, without those that are being written."""
    if root is not None and root.is_dir():
        yield from sorted(path for path in root.iterdir() if path.is_dir() and not path.name.startswith("."))


def _sortable(version: str) -> tuple[tuple[int, int, str], ...]:
    """A sort key with 1.9.0 before 1.10.0."""
    parts = re.findall(r"[0-9]+|[^0-9]+", version)
    return tuple((1, int(part), "") if part.isdigit() else (0, 0, part) for part in parts)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
