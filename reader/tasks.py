"""Celery tasks of the reader's side."""

from __future__ import annotations

import logging

from celery import shared_task

from reader import retention

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def purge() -> None:
    """Apply the rules of DEEPSPINE_RETENTION; without any, nothing is ever purged."""
    for purged in retention.purge(retention.configured()):
        if purged.studies:
            log.info("purged %s", retention.in_words(purged))
