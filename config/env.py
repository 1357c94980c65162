"""Typed readers of environment variables.

Each returns a value of one type or raises `BadSetting`, whose message names the
variable, its value, and the values that are allowed. A value is never guessed from a
bad one. Secrets are not repeated in messages.
"""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

from django.core.exceptions import ImproperlyConfigured

TRUE = frozenset({"1", "true", "yes", "on"})
FALSE = frozenset({"0", "false", "no", "off"})


class BadSetting(ImproperlyConfigured):
    """An environment variable holds something that the product cannot start with."""

    def __init__(self, name: str, problem: str) -> None:
        super().__init__(f"{name} {problem}")
        self.name = name


def text(name: str, default: str | None = None) -> str:
    """The variable without surrounding spaces; empty counts as unset."""
    value = os.environ.get(name, "").strip()
    if value:
        return value
    if default is None:
        raise BadSetting(name, "is not set, and has no default.")
    return default


def flag(name: str, default: bool) -> bool:
    value = text(name, str(default)).lower()
    if value in TRUE:
        return True
    if value in FALSE:
        return False
    raise BadSetting(name, f"is {value!r}; say true or false.")


def integer(name: str, default: int, *, least: int, most: int) -> int:
    value = text(name, str(default))
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", value):
        raise BadSetting(name, f"is {value!r}; say a whole number from {least} to {most}.")
    number = int(value)
    if not least <= number <= most:
        raise BadSetting(name, f"is {number}; say a whole number from {least} to {most}.")
    return number


def choice(name: str, default: str, pattern: str, meaning: str) -> str:
    """A value that matches `pattern` in full; `meaning` describes it in the message."""
    value = text(name, default)
    if not re.fullmatch(pattern, value):
        raise BadSetting(name, f"is {value!r}; say {meaning}.")
    return value


def names(name: str, default: str) -> list[str]:
    """Comma-separated names; empty ones are left out."""
    return [part.strip() for part in text(name, default).split(",") if part.strip()]


def folder(name: str, default: Path) -> Path:
    """An absolute folder that exists and can be written to; it is made if missing."""
    path = Path(text(name, str(default))).expanduser()
    if not path.is_absolute():
        raise BadSetting(name, f"is {str(path)!r}; say an absolute path.")
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as problem:
        raise BadSetting(name, f"is {str(path)!r}, which cannot be made: {problem.strerror}.") from problem
    if not os.access(path, os.W_OK | os.X_OK):
        raise BadSetting(name, f"is {str(path)!r}, which this user cannot write to.")
    return path


def public_url(name: str, default: str) -> str:
    """The scheme, host and port that people type, without a path."""
    value = text(name, default).rstrip("/")
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.path or parts.query:
        raise BadSetting(name, f"is {value!r}; say a URL such as https://reader.hospital.example.")
    return value


def database(name: str, sqlite_file: Path) -> dict[str, Any]:
    """Django's description of the database at a URL: sqlite:///FILE or postgresql://USER:PASSWORD@HOST:PORT/NAME.

    A PostgreSQL on a Unix socket is given as postgresql://USER@/NAME?host=/folder.
    """
    url = text(name, f"sqlite:///{sqlite_file}")
    parts = urlsplit(url)
    if parts.scheme == "sqlite":
        return sqlite(name, parts.path.removeprefix("/"))
    if parts.scheme not in {"postgres", "postgresql"}:
        raise BadSetting(name, f"starts with {parts.scheme!r}; say sqlite:/// or postgresql://.")
    database_name = unquote(parts.path.removeprefix("/"))
    if not database_name or "/" in database_name:
        raise BadSetting(name, "names no database; say postgresql://USER:PASSWORD@HOST:PORT/NAME.")
    options = dict(parse_qsl(parts.query))
    try:
        port = parts.port
    except ValueError as problem:
        raise BadSetting(name, "has a port that is not a number.") from problem
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": database_name,
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": options.pop("host", parts.hostname or ""),
        "PORT": options.pop("port", port or ""),
        "OPTIONS": options,
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
    }


def sqlite(name: str, path: str) -> dict[str, Any]:
    """SQLite for one machine: writers queue up at BEGIN (IMMEDIATE) instead of failing at COMMIT."""
    if not Path(path).is_absolute():
        raise BadSetting(name, "names no file; say sqlite:////absolute/path.sqlite3.")
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20, "init_command": "PRAGMA journal_mode=WAL;"},
    }


def broker(name: str, socket: Path) -> str:
    """The broker's URL as Celery reads it; without one, a Unix socket that the quick start serves."""
    url = text(name, f"redis+socket://{socket}")
    scheme = urlsplit(url).scheme
    if scheme == "unix":
        url, scheme = url.replace("unix://", "redis+socket://", 1), "redis+socket"
    if scheme not in {"redis", "rediss", "redis+socket"}:
        raise BadSetting(name, f"starts with {scheme!r}; say redis://, rediss:// or redis+socket:///path.")
    # The path of a Unix socket has at most 107 bytes on Linux; a longer one fails later with an unclear message.
    if scheme == "redis+socket" and len(urlsplit(url).path.encode()) > 107:
        raise BadSetting(name, "is a Unix socket with a path over 107 bytes; choose a shorter data folder.")
    return url


def secret(name: str, file: Path) -> str:
    """A secret from the environment, else one generated once into `file`, readable by its owner only."""
    value = os.environ.get(name, "").strip()
    if value:
        if len(value) < 50:
            raise BadSetting(name, f"has {len(value)} characters; say at least 50 random ones.")
        return value
    return generated_secret(file)


def generated_secret(file: Path) -> str:
    from django.core.management.utils import get_random_secret_key

    # Web, workers and beat start together: the first to link its file wins, the others read it.
    if not file.exists():
        temporary = file.with_name(f"{file.name}.{os.getpid()}")
        descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as stream:
            stream.write(get_random_secret_key() + get_random_secret_key())
        try:
            os.link(temporary, file)
        except FileExistsError:
            pass
        finally:
            temporary.unlink()
    return file.read_text().strip()
