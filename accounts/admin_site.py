from django.contrib.admin import AdminSite
from django.http import HttpRequest

from accounts import policy


class Site(AdminSite):
    """Django's admin, open to those whom the policy calls administrators; no other flag opens it."""

    site_header = "DeepSPINE Reader administration"
    site_title = "DeepSPINE Reader"
    index_title = "Users and audit trail"

    def has_permission(self, request: HttpRequest) -> bool:
        return policy.may_administer(request.user)
