from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig
from django.db.models.signals import post_migrate


class AdminSiteConfig(AdminConfig):
    default_site = "accounts.admin_site.Site"


class AccountsConfig(AppConfig):
    name = "accounts"
    default_auto_field = "django.db.models.BigAutoField"

    def ready(self) -> None:
        from accounts import audit, signals  # noqa: F401 - loading connects them
        from accounts.roles import create_groups

        audit.register(
            {
                "login": "Logged in",
                "login_failed": "Login failed",
                "logout": "Logged out",
                "refused": "Refused",
                "user_changed": "Changed a user",
            }
        )

        post_migrate.connect(create_groups, sender=self)
