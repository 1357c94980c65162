"""Celery tasks. Each loads, calls and saves; what a study may do is in `queue` and `states`.

Arguments are ids, never patient data. Every task may be lost, repeated or run
twice at once.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid

from celery import shared_task
from django.conf import settings
from django.db import connection
from kombu.exceptions import ChannelError

from inference.errors import StudyError
from worklist import storage
from worklist.jobs import queue, shadow
from worklist.jobs.queue import Lease, LeaseLost
from worklist.models import MachineReading, Study
from worklist.versions import choices

#: Progress within a step goes to the database before the next beat when it grew by this share.
WORTH_TELLING = 0.05
#: The queue that the inference worker listens to.
INFERENCE = "inference"
#: With the inference worker away for days, no more bells than this pile up at the broker, and a tick's more.
BELLS_AT_MOST = 2 * queue.RING_AT_MOST

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def enqueue_quiet_studies() -> None:
    if queue.enqueue_quiet_studies():
        ring_doorbell()


@shared_task(ignore_result=True)
def reap_lost_leases() -> None:
    if queue.reap_lost_leases():
        ring_doorbell()


@shared_task(ignore_result=True)
def ring_doorbell() -> None:
    """Tell the workers of each study that waits, unless they do not even hear the bells rung so far."""
    if bells_waiting() >= BELLS_AT_MOST:
        return
    for study_id in queue.to_ring_for():
        read_study.apply_async(args=[str(study_id)], expires=queue.RING_AGAIN_SECONDS, queue=INFERENCE)


def bells_waiting() -> int:
    """Messages that no worker took yet: an expired one stays with the broker until a worker throws it away."""
    with read_study.app.connection_for_write() as broker:
        try:
            return int(broker.default_channel.queue_declare(queue=INFERENCE, passive=True).message_count)
        except ChannelError:  # the broker has no empty queues
            return 0


@shared_task(ignore_result=True)
def sweep_incoming() -> None:
    storage.sweep_incoming()


@shared_task(ignore_result=True)
def ring_for_the_shade() -> None:
    """Tell a worker that has nothing else to do of readings to be made again in the shade (`worklist.jobs.shadow`)."""
    if shadow.due() and not bells_waiting():
        read_in_the_shade.apply_async(expires=queue.RING_AGAIN_SECONDS, queue=INFERENCE)


@shared_task(ignore_result=True)
def read_in_the_shade() -> None:
    shadow.read_next()


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def read_study(study_id: str) -> None:
    """Read one study, when it is still there to be read."""
    lease = queue.take(uuid.UUID(study_id))
    if lease is None:
        return
    with Heartbeat(lease) as heartbeat:
        try:
            _read(lease, heartbeat)
        except LeaseLost:
            log.warning("the lease of study %s was lost; its reading is dropped", lease.study_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the study must not stay `running`
            try:
                _settle(lease, error)
            except LeaseLost:
                log.warning("the lease of study %s was lost before its failure was told", lease.study_id)


def _settle(lease: Lease, error: Exception) -> None:
    """A named error fails the study; an unexpected one is tried again, a bounded number of times."""
    if isinstance(error, StudyError):
        queue.fail(lease, error)
        return
    log.error("attempt %d at study %s failed", lease.attempt, lease.study_id, exc_info=error)
    queue.try_again(lease)


def _read(lease: Lease, heartbeat: Heartbeat) -> None:
    """Files -> reading -> data folder -> database. Raises LeaseLost, StudyError, or whatever goes wrong."""
    from inference import output, pipeline
    from inference.result import record

    started = time.monotonic()
    heartbeat.progress("starting", 0.0)
    networks = choices.networks(settings.INFERENCE_DEVICE)
    paths = queue.paths_of(Study.objects.get(pk=lease.study_id))
    result = pipeline.read_study(paths, networks, heartbeat.progress)
    folder, relative = storage.new_reading_folder()
    try:
        output.write(result, folder)
        storage.keep_reading(folder, relative)
        queue.finish(lease, record.to_dict(result.reading), relative, time.monotonic() - started)
    except BaseException:
        storage.discard(folder)
        # Not when only the answer to COMMIT was lost: the row may be there and name the folder.
        if not MachineReading.objects.filter(folder=relative).exists():
            storage.discard_reading(relative)
        raise


class Heartbeat:
    """A thread that renews a lease and tells the progress while the work runs beside it."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._where = self._told = ("starting", 0.0)
        self._changed = threading.Event()
        self._ended = threading.Event()
        self._lost = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="heartbeat", daemon=True)

    def __enter__(self) -> Heartbeat:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._changed.set()
        self._thread.join()

    def progress(self, step: str, share: float) -> None:
        """Called by the work between its steps. Raises LeaseLost when going on is of no use."""
        if self._lost.is_set():
            raise LeaseLost
        self._where = (step, share)
        told_step, told_share = self._told
        if step != told_step or share >= told_share + WORTH_TELLING:
            self._changed.set()

    def _beat(self) -> None:
        try:
            while not self._ended.is_set():
                self._renew()
                self._changed.wait(settings.HEARTBEAT_SECONDS)
                self._changed.clear()
        finally:
            connection.close()

    def _renew(self) -> None:
        try:
            self._told = self._where
            queue.renew(self._lease, *self._told)
        except LeaseLost:
            self._lost.set()
            self._ended.set()
        except Exception:  # the database is away for a moment: the lease outlives a few missed beats
            log.exception("the lease of study %s could not be renewed", self._lease.study_id)
            connection.close()
