"""Administration of users, which is audited, and a view of the audit trail."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin as DjangoUserAdmin
from django.http import HttpRequest

from accounts import audit, roles
from accounts.models import AuditEvent, User


@admin.register(User)
class UserAdmin(DjangoUserAdmin):
    """Users without the fields by which administrators could give themselves more rights.

    Nobody changes their own roles, only a superuser touches a superuser, and
    accounts are closed (`active`), not deleted, because the trail names them.
    """

    list_display = ("username", "first_name", "last_name", "role_names", "is_active", "last_login")
    list_filter = ("groups", "is_active")
    filter_horizontal = ()
    readonly_fields = ("last_login", "date_joined")
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        ("Roles", {"fields": ("is_active", "groups")}),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    add_fieldsets = (
        (None, {"fields": ("username", "usable_password", "password1", "password2")}),
        ("Roles", {"fields": ("groups",)}),
    )

    @admin.display(description="roles")
    def role_names(self, user: User) -> str:
        return ", ".join(sorted(roles.of(user))) or "none"

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        protected = ("is_active", "groups") if obj is not None and obj.pk == request.user.pk else ()
        return (*self.readonly_fields, *protected)

    def has_change_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        if obj is not None and obj.is_superuser and not request.user.is_superuser:
            return False
        return super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    # Django calls these after every change, password changes included.
    def log_addition(self, request: HttpRequest, obj: User, message: Any) -> Any:
        self.record(request, obj, "added", message)
        return super().log_addition(request, obj, message)

    def log_change(self, request: HttpRequest, obj: User, message: Any) -> Any:
        self.record(request, obj, "changed", message)
        return super().log_change(request, obj, message)

    def record(self, request: HttpRequest, user: User, change: str, message: Any) -> None:
        # Only the names of changed fields: old values may be personal data.
        parts = [part.get("changed", {}) for part in message if isinstance(part, dict)] if message else []
        fields = sorted({field for part in parts for field in part.get("fields", [])})
        audit.record(
            request.user,
            "user_changed",
            request=request,
            user=user.pk,
            what=change,
            fields=fields,
            roles=sorted(user.groups.values_list("name", flat=True)),
            active=user.is_active,
        )


class ActionFilter(admin.SimpleListFilter):
    """Events of one action."""

    title = "action"
    parameter_name = "action"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return sorted(audit.labels().items(), key=lambda item: item[1])

    def queryset(self, request: HttpRequest, queryset: Any) -> Any:
        return queryset.filter(action=self.value()) if self.value() else queryset


@admin.register(AuditEvent)
class AuditEventAdmin(admin.ModelAdmin):
    list_display = ("at", "actor", "action_label", "study_id", "address", "detail")
    list_filter = (ActionFilter, "actor")
    date_hierarchy = "at"
    search_fields = ("study_id",)
    list_select_related = ("actor",)

    @admin.display(description="action", ordering="action")
    def action_label(self, event: AuditEvent) -> str:
        return audit.label(event.action)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: AuditEvent | None = None) -> bool:
        return False
