"""Rows of the database that many tests begin with: made once through the front door, then put back as they were."""

from __future__ import annotations

from collections.abc import Iterable

from django.apps import apps
from django.core.management.color import no_style
from django.db import connection, transaction
from django.db.models import Model


def rows_of(app: str) -> list[Model]:
    """Every row of an app's tables."""
    return [row for model in apps.get_app_config(app).get_models() for row in model._base_manager.all()]


def put_back(rows: Iterable[Model]) -> None:
    """Insert rows as they were, with their keys and dates."""
    rows = list(rows)
    with transaction.atomic(), connection.cursor() as cursor:
        for row in rows:
            row.save_base(raw=True, force_insert=True)
        for statement in connection.ops.sequence_reset_sql(no_style(), list({type(row) for row in rows})):
            cursor.execute(statement)
