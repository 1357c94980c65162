from django.apps import AppConfig


class ReaderConfig(AppConfig):
    name = "reader"
    default_auto_field = "django.db.models.BigAutoField"
    verbose_name = "Reading room"

    def ready(self) -> None:
        from accounts import audit
        from reader import checks  # noqa: F401 - loading registers them

        audit.register(
            {
                "claim": "Claimed",
                "release": "Released",
                "change": "Changed a grade",
                "confirm": "Confirmed a level",
                "edit_draft": "Edited the draft",
                "acknowledge_late": "Acknowledged late images",
                "sign": "Signed",
                "amend": "Amended",
                "export": "Exported",
                "purge": "Purged by a rule of retention",
            }
        )
