"""Log lines go to standard error, one event a line, as JSON in production.

Patient data stay out of logs by not being passed to a logger; query strings,
which may hold a name, are not logged by the web server either. An error of
another package is logged without its text: a parser quotes the value that it could
not read, and PostgreSQL the row that it refused.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any

import structlog

#: Packages whose exception texts hold no patient data (rule 8 of the house).
OURS = frozenset({"accounts", "config", "inference", "reader", "worklist"})


def where_and_what(exc_info: Any) -> str:
    """The traceback of an error and of its causes; texts of our own errors only."""
    report = traceback.TracebackException(*exc_info, compact=True)
    lines = [line for part in _chain(report, exc_info[1]) for line in part]
    return "".join(lines).rstrip()


def _chain(report: traceback.TracebackException, error: BaseException) -> Iterator[list[str]]:
    """Oldest first, as Python prints them."""
    if report.__cause__ is not None and error.__cause__ is not None:
        yield from _chain(report.__cause__, error.__cause__)
        yield ["\nThat was the cause of this:\n\n"]
    elif report.__context__ is not None and error.__context__ is not None and not error.__suppress_context__:
        yield from _chain(report.__context__, error.__context__)
        yield ["\nWhile that was handled:\n\n"]
    yield ["Traceback (most recent call last):\n", *report.stack.format(), f"{named(error)}\n"]


def named(error: BaseException) -> str:
    """The kind of error, with the number of a system error and the code of a database error."""
    kind = type(error)
    name = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    if kind.__module__.split(".")[0] in OURS:
        return f"{name}: {error}"
    if isinstance(error, OSError) and error.strerror:
        return f"{name}: {error.strerror}"
    code = getattr(error, "pgcode", None)
    return f"{name} (SQLSTATE {code}), text withheld" if code else f"{name}, text withheld"


def logging_for(*, production: bool) -> dict[str, Any]:
    """Django's LOGGING for one stream handler; structlog and the standard library share it."""
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    renderer: Any = structlog.processors.JSONRenderer() if production else structlog.dev.ConsoleRenderer(colors=False)
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {
            "events": {
                "()": structlog.stdlib.ProcessorFormatter,
                "foreign_pre_chain": shared,
                "processors": [
                    structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                    structlog.processors.ExceptionRenderer(where_and_what),
                    renderer,
                ],
            }
        },
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "events"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # Django's own default handlers would print a line twice.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
            # A line for each beat of the housekeeping has no information.
            "celery.beat": {"level": "WARNING"},
            "celery.app.trace": {"level": "WARNING"},
            "celery.worker.strategy": {"level": "WARNING"},
            # One line for each image that is packed or unpacked.
            "openjpeg": {"level": "WARNING"},
        },
    }
