"""Institutions in the administration: whose readers they are."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from accounts import audit, policy
from worklist.models import Institution


@admin.register(Institution)
class InstitutionAdmin(admin.ModelAdmin):
    """An institution appears with its first images; an administrator says who alone may read for it."""

    list_display = ("name",)
    fields = ("name", "readers")
    readonly_fields = ("name",)
    filter_horizontal = ("readers",)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return policy.may_administer(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Institution | None = None) -> bool:
        return policy.may_administer(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Institution | None = None) -> bool:
        return policy.may_administer(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Institution | None = None) -> bool:
        return False

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        readers = sorted(form.instance.readers.values_list("pk", flat=True))
        audit.record(
            request.user, "institution_changed", request=request, institution=form.instance.pk, readers=readers
        )
