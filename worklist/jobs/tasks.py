"""Celery tasks. Each loads, calls and saves; what a study may do is in `queue`, `leases` and `states`.

No task has an argument: what there is to do is in the database. Every task may
be lost, repeated or run twice at once.
"""

from __future__ import annotations

import logging
import threading
import time

from celery import shared_task
from django.conf import settings
from django.db import connection
from kombu.exceptions import ChannelError

from inference.errors import StudyError
from worklist import storage
from worklist.jobs import leases, queue, shadow
from worklist.jobs.leases import Lease, LeaseLost
from worklist.jobs.states import Purpose
from worklist.models import MachineReading, ReadingJob
from worklist.versions import choices, comparison

#: Progress within a step goes to the database before the next heartbeat when it grew by this share.
WORTH_WRITING = 0.05
#: The queue that the inference worker listens to.
INFERENCE = "inference"
#: With the inference worker away for days, no more messages than this pile up at the broker, and one tick's.
UNDELIVERED_AT_MOST = 2 * queue.RING_AT_MOST

log = logging.getLogger(__name__)


@shared_task(ignore_result=True)
def enqueue_quiet_studies() -> None:
    if queue.enqueue_quiet_studies():
        ring_doorbell()


@shared_task(ignore_result=True)
def reap_lost_leases() -> None:
    if leases.reap_lost_leases():
        ring_doorbell()


@shared_task(ignore_result=True)
def ring_doorbell() -> None:
    """Notify the workers of each job that waits, unless they do not even take the messages that are out."""
    out = undelivered()
    if out >= UNDELIVERED_AT_MOST:
        return
    for _ in queue.to_ring_for():
        _ring()
    if not out and shadow.due():
        _ring()


def _ring() -> None:
    read_next.apply_async(expires=queue.RING_AGAIN_SECONDS, queue=INFERENCE)


def undelivered() -> int:
    """Messages that no worker took yet: an expired one stays with the broker until a worker throws it away."""
    with read_next.app.connection_for_write() as broker:
        try:
            return int(broker.default_channel.queue_declare(queue=INFERENCE, passive=True).message_count)
        except ChannelError:  # the broker has no empty queues
            return 0


@shared_task(ignore_result=True)
def sweep_incoming() -> None:
    storage.sweep_incoming()


@shared_task(acks_late=True, reject_on_worker_lost=True, ignore_result=True)
def read_next() -> None:
    """Take the most urgent job, when one waits, and read its study."""
    lease = leases.take()
    if lease is None:
        return
    with Heartbeat(lease) as heartbeat:
        try:
            _read(lease, heartbeat)
        except LeaseLost:
            log.warning("the lease of study %s was lost; its reading is dropped", lease.study_id)
        except Exception as error:  # noqa: BLE001 - whatever it is, the job must not stay `running`
            try:
                _settle(lease, error)
            except LeaseLost:
                log.warning("the lease of study %s was lost before its failure was recorded", lease.study_id)


def _settle(lease: Lease, error: Exception) -> None:
    """A named error fails the job; an unexpected one is tried again, a bounded number of times."""
    if isinstance(error, shadow.GaveWay):
        leases.give_way(lease)
        return
    if isinstance(error, StudyError):
        leases.fail(lease, error)
        return
    log.error("attempt %d at study %s failed", lease.attempt, lease.study_id, exc_info=error)
    leases.try_again(lease)


def _read(lease: Lease, heartbeat: Heartbeat) -> None:
    """Files -> reading -> database. Raises LeaseLost, GaveWay, StudyError, or whatever goes wrong."""
    heartbeat.progress("starting", 0.0)
    job = ReadingJob.objects.select_related("study", "compared_with").get(pk=lease.job_id)
    if job.purpose == Purpose.SHADOW:
        _read_in_shadow_mode(lease, job, heartbeat)
    else:
        _read_for_readers(lease, job, heartbeat)


def _read_for_readers(lease: Lease, job: ReadingJob, heartbeat: Heartbeat) -> None:
    from inference import output, pipeline
    from inference.result import record

    started = time.monotonic()
    networks = choices.networks(settings.INFERENCE_DEVICE)
    result = pipeline.read_study(queue.paths_of(job.study), networks, heartbeat.progress)
    folder, relative = storage.new_reading_folder()
    try:
        output.write(result, folder)
        storage.keep_reading(folder, relative)
        leases.finish(lease, record.to_dict(result.reading), relative, time.monotonic() - started)
    except BaseException:
        storage.discard(folder)
        # Not when only the answer to COMMIT was lost: the row may be there and name the folder.
        if not MachineReading.objects.filter(folder=relative).exists():
            storage.discard_reading(relative)
        raise


def _read_in_shadow_mode(lease: Lease, job: ReadingJob, heartbeat: Heartbeat) -> None:
    """The same images by another version, compared with the reading that readers see; no file is kept."""
    from inference import pipeline
    from inference.result import record

    if job.compared_with is None:
        raise ValueError("a job of shadow mode names the reading that it is compared with")
    started = time.monotonic()
    networks = choices.shadow_networks(job, settings.INFERENCE_DEVICE)
    progress = shadow.giving_way(job, heartbeat.progress)
    result = pipeline.read_study(queue.paths_of(job.study), networks, progress)
    reading = record.to_dict(result.reading)
    compared = comparison.compare(job.compared_with.reading, reading)
    leases.finish(lease, reading, "", time.monotonic() - started, compared)


class Heartbeat:
    """A thread that renews a lease and writes the progress down while the work runs beside it."""

    def __init__(self, lease: Lease) -> None:
        self._lease = lease
        self._latest = self._written = ("starting", 0.0)
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
        self._latest = (step, share)
        written_step, written_share = self._written
        if step != written_step or share >= written_share + WORTH_WRITING:
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
            self._written = self._latest
            leases.renew(self._lease, *self._written)
        except LeaseLost:
            self._lost.set()
            self._ended.set()
        except Exception:  # the database is away for a moment: the lease outlives a few missed beats
            log.exception("the lease of study %s could not be renewed", self._lease.study_id)
            connection.close()
