"""The store of images and readings. Nobody else knows where a file lies.

A stored file is asked for by its name, which is made from a digest or a random id and never from what a file says.
Another store could stand behind the same functions: it would fetch what `local_file` gives.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path

from django.conf import settings

INSTANCES = "instances"
INCOMING = "incoming"
READINGS = "readings"

#: Nothing is under way in the incoming folder for as long as this; what is older was left by a killed process.
LEFTOVER_SECONDS = 86_400
SWEEP_AT_MOST = 200
#: Files and folders of this module, Django's uploads, and simulated patients. The folder may hold others' files.
_OURS = re.compile(r"[0-9a-f]{32}(\.tmp)?|tmp[a-z0-9_]{8}\.upload.*|demo-[a-z0-9_]{8}", re.DOTALL)

#: Names of stored files: no segment begins with a dot, so that none leads out of the store.
_NAME = re.compile(rf"({INSTANCES}|{READINGS})(/[A-Za-z0-9][A-Za-z0-9._-]*)+")

log = logging.getLogger(__name__)


def _root() -> Path:
    return Path(settings.DATA_DIR)


def local_file(name: str) -> Path:
    """The stored file `name` on this machine, for libraries that open files themselves; it may be missing.

    Raises ValueError for a name that is none of the store's.
    """
    if not _NAME.fullmatch(name):
        raise ValueError("This is no name of a stored file.")
    return _root() / name


def exists(name: str) -> bool:
    """Whether the store holds a file `name`."""
    return local_file(name).is_file()


def read(name: str) -> bytes:
    """All of a stored file. Raises OSError."""
    return local_file(name).read_bytes()


def remove(name: str) -> None:
    """Remove a stored file; one that is gone already is no error."""
    local_file(name).unlink(missing_ok=True)


def reading_file(folder: str, name: str) -> Path:
    """A file of the reading that `keep_reading` put into `folder`; it may be missing. Raises ValueError."""
    return local_file(f"{folder}/{name}")


def instance_path(digest: str) -> str:
    """Where an instance of this SHA-256 lies, relative to the data folder."""
    return f"{INSTANCES}/{digest[:2]}/{digest}.dcm"


def keep(data: bytes, digest: str) -> str:
    """Put `data` in the store and on the disk before returning; gives the relative path.

    The file appears under its name whole or not at all: it is written and synced
    elsewhere on the same file system, then renamed, then its folder is synced.
    Keeping the same bytes twice, even at once, ends in one file. Raises OSError.
    """
    relative = instance_path(digest)
    target = _root() / relative
    if target.is_file() and target.stat().st_size == len(data):
        return relative
    incoming = _root() / INCOMING
    _make_folder(incoming)
    _make_folder(target.parent)
    temporary = incoming / f"{uuid.uuid4().hex}.tmp"
    try:
        with temporary.open("xb") as out:
            out.write(data)
            out.flush()
            os.fsync(out.fileno())
        temporary.replace(target)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(target.parent)
    return relative


def new_reading_folder() -> tuple[Path, str]:
    """A folder to write a reading in, and the relative name that `keep_reading` gives it."""
    name = uuid.uuid4().hex
    temporary = _root() / INCOMING / name
    _make_folder(_root() / READINGS)
    _make_folder(temporary)
    return temporary, f"{READINGS}/{name}"


def keep_reading(temporary: Path, relative: str) -> None:
    """Move a finished reading to its place, synced."""
    for path in (path for path in temporary.rglob("*") if path.is_file()):
        _sync_file(path)
    for folder in [temporary, *(path for path in temporary.rglob("*") if path.is_dir())]:
        _sync_folder(folder)
    temporary.rename(_root() / relative)
    _sync_folder((_root() / relative).parent)


def discard(folder: Path) -> None:
    """Remove the folder of a reading that was not kept."""
    shutil.rmtree(folder, ignore_errors=True)


def discard_reading(folder: str) -> None:
    """Remove a kept reading that nothing points to."""
    discard(_root() / folder)


def sweep_incoming() -> int:
    """Remove what killed processes left in the incoming folder, at most SWEEP_AT_MOST at once; tells how many."""
    folders = {_root() / INCOMING, Path(settings.INCOMING_DIR)}
    found = (leftover for folder in folders for leftover in _leftovers(folder))
    swept = 0
    for path in islice(found, SWEEP_AT_MOST):
        with suppress(OSError):  # gone already, or not ours to remove
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
            swept += 1
    if swept:
        log.warning("swept %d leftovers of killed processes from the incoming folder", swept)
    return swept


def _leftovers(folder: Path) -> Iterator[Path]:
    oldest = time.time() - LEFTOVER_SECONDS
    with suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with suppress(FileNotFoundError):
                if _OURS.fullmatch(entry.name) and entry.stat(follow_symlinks=False).st_mtime < oldest:
                    yield Path(entry.path)


def _make_folder(folder: Path) -> None:
    """With those above it; each new name is on the disk before anything is put below it."""
    if folder.is_dir():
        return
    _make_folder(folder.parent)
    folder.mkdir(exist_ok=True, mode=0o750)
    _sync_folder(folder.parent)


def _sync_file(path: Path) -> None:
    with path.open("rb") as opened:
        os.fsync(opened.fileno())


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
