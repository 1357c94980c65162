"""System checks that refuse an unsafe production.

They run in every `manage.py` command. WSGI and the Celery worker run no checks
of their own, so they call `refuse_unsafe_production` before their first work.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import ImproperlyConfigured


@register(Tags.security)
def production_is_safe(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    return list(problems()) if settings.PRODUCTION else []


def problems() -> Iterator[CheckMessage]:
    if settings.DEBUG:
        yield Error(
            "DEBUG shows settings and patient data to whoever causes an error.",
            hint="Unset DEEPSPINE_DEBUG.",
            id="deepspine.E001",
        )
    if len(settings.SECRET_KEY) < 50 or len(set(settings.SECRET_KEY)) < 5 or is_generated(settings.SECRET_KEY):
        yield Error(
            "The secret key is weak, or the one that the quick start generated.",
            hint="Set DEEPSPINE_SECRET_KEY to at least 50 random characters from your secret store.",
            id="deepspine.E002",
        )
    if not settings.ALLOWED_HOSTS or any(host == "*" or host.startswith(".") for host in settings.ALLOWED_HOSTS):
        yield Error(
            "Any host name would be answered.",
            hint="Set DEEPSPINE_ALLOWED_HOSTS to the names that people type, separated by commas.",
            id="deepspine.E003",
        )
    if settings.DATABASES["default"]["ENGINE"] != "django.db.backends.postgresql":
        yield Error(
            "SQLite serves one machine and one writer.",
            hint="Set DATABASE_URL to a PostgreSQL database: postgresql://USER:PASSWORD@HOST:PORT/NAME.",
            id="deepspine.E004",
        )
    yield from transport_problems()


def transport_problems() -> Iterator[CheckMessage]:
    public = urlsplit(settings.PUBLIC_URL)
    if public.scheme != "https":
        yield Error(
            "Images and passwords would cross the network in the clear.",
            hint="Set DEEPSPINE_PUBLIC_URL to the https:// address that people type.",
            id="deepspine.E005",
        )
    elif public.hostname not in settings.ALLOWED_HOSTS:
        yield Error(
            "The public address is not among the allowed hosts, so every page would be refused.",
            hint=f"Add {public.hostname} to DEEPSPINE_ALLOWED_HOSTS.",
            id="deepspine.E006",
        )
    if not (settings.SESSION_COOKIE_SECURE and settings.CSRF_COOKIE_SECURE and settings.SECURE_SSL_REDIRECT):
        yield Error(
            "Session cookies would be sent without encryption.",
            hint="Leave the cookie and redirect settings as config/settings.py sets them.",
            id="deepspine.E007",
        )


def is_generated(secret: str) -> bool:
    file = settings.SECRET_KEY_FILE
    return file.exists() and file.read_text().strip() == secret


def refuse_unsafe_production() -> None:
    """Raise ImproperlyConfigured, naming each problem and its remedy, when production is not safe."""
    errors = production_is_safe()
    if errors:
        lines = "\n".join(f"- {message.msg} {message.hint}" for message in errors)
        raise ImproperlyConfigured(f"This production is not safe to start:\n{lines}")
