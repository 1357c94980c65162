import logging

from django.apps import AppConfig


class WorklistConfig(AppConfig):
    """Studies: received, guarded, stored, queued, tracked, served as DICOMweb."""

    name = "worklist"

    def ready(self) -> None:
        # pydicom's warnings repeat the values they complain of, and those may be the patient's.
        # The guard judges what it needs by itself.
        from pydicom import config

        config.settings.reading_validation_mode = config.IGNORE
        logging.getLogger("pydicom").setLevel(logging.ERROR)
