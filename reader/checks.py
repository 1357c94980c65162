"""System checks of the reader's settings."""

from __future__ import annotations

from typing import Any

from django.core.checks import CheckMessage, Error, register


@register()
def rules_of_retention_mean_something(app_configs: Any = None, **_: Any) -> list[CheckMessage]:
    from reader import retention

    try:
        retention.configured()
    except retention.BadRule as error:
        return [Error(f"DEEPSPINE_RETENTION: {error}", id="deepspine.E010")]
    return []
