import logging

from django.apps import AppConfig


class WorklistConfig(AppConfig):
    """Studies: received, guarded, stored, queued, tracked, served as DICOMweb."""

    name = "worklist"

    def ready(self) -> None:
        from accounts import audit

        audit.register(
            {
                "upload": "Uploaded",
                "queue": "Asked the machine",
                "dismiss": "Put away refused files",
                "view": "Viewed",
                "patient_corrected": "Corrected a patient",
                "patient_merged": "Merged two patients",
                "institution_changed": "Changed an institution's readers",
                "model_installed": "Installed a model",
                "model_activated": "Activated a model",
                "shadow_started": "Started a shadow",
                "shadow_stopped": "Stopped a shadow",
                "setting_changed": "Changed a setting",
            }
        )
        # pydicom's warnings repeat the values they complain of, and those may be the patient's.
        # The guard judges what it needs by itself.
        from pydicom import config

        config.settings.reading_validation_mode = config.IGNORE
        logging.getLogger("pydicom").setLevel(logging.ERROR)
