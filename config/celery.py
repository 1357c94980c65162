"""The Celery app: the broker is a doorbell, the database the queue of record.

A lost message costs seconds, not a study: beat checks the database every few
seconds and sends it again.
"""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")

app = Celery("deepspine")
#: The module of the tasks, with which their names begin.
TASKS = "worklist.jobs.tasks"


def configure(celery: Celery) -> None:
    from django.conf import settings

    tick = settings.TICK_SECONDS
    celery.conf.update(
        broker_url=settings.REDIS_URL,
        # Redis redelivers an unacknowledged task only if these intervals are short.
        broker_transport_options={
            "visibility_timeout": 3600,
            "unacked_restore_throttle": 1,
            "unacked_restore_interval": 2,
        },
        broker_connection_retry_on_startup=True,
        task_acks_late=True,
        task_reject_on_worker_lost=True,
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
        worker_send_task_events=False,
        task_default_queue="default",
        task_routes={f"{TASKS}.read_next": {"queue": "inference"}},
        timezone="UTC",
        # A tick that was not taken before the next one is obsolete.
        beat_schedule={
            name: {"task": f"{TASKS}.{name}", "schedule": tick, "options": {"expires": 2 * tick}}
            for name in ("enqueue_quiet_studies", "reap_lost_leases", "ring_doorbell")
        }
        | {
            "sweep_incoming": {
                "task": f"{TASKS}.sweep_incoming",
                "schedule": 3600,
                "options": {"expires": 3600},
            }
        }
        | {"purge": {"task": "reader.tasks.purge", "schedule": 86_400, "options": {"expires": 86_400}}},
        beat_schedule_filename=str(settings.DATA_DIR / "beat-schedule"),
    )


configure(app)
app.autodiscover_tasks(["worklist.jobs", "reader"])


@worker_init.connect
def refuse_unsafe_production(**_: Any) -> None:
    from config.checks import refuse_unsafe_production

    refuse_unsafe_production()


@setup_logging.connect
def log_as_django_does(**_: Any) -> None:
    """Keep Celery from replacing the handlers of `config.logs`."""
