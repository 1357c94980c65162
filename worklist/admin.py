"""Institutions and patients in the administration: whose readers they are, who they are."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest

from accounts import audit, policy
from worklist.models import Institution, Patient
from worklist.orders import patients


class ForAdministrators(admin.ModelAdmin):
    """Rows that appear with images and are changed, never added or deleted, by administrators."""

    def has_module_permission(self, request: HttpRequest) -> bool:
        return policy.may_administer(request.user)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return policy.may_administer(request.user)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return policy.may_administer(request.user)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


@admin.register(Institution)
class InstitutionAdmin(ForAdministrators):
    """An institution appears with its first images; an administrator says who alone may read for it."""

    list_display = ("name",)
    fields = ("name", "readers")
    readonly_fields = ("name",)
    filter_horizontal = ("readers",)

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        readers = sorted(form.instance.readers.values_list("pk", flat=True))
        changed = form.instance.pk
        audit.record(request.user, "institution_changed", request=request, institution=changed, readers=readers)


class PatientForm(forms.ModelForm):
    """What is known of a patient, and whom they turned out to be."""

    same_as = forms.ModelChoiceField(
        Patient.objects.filter(merged_into__isnull=True),
        required=False,
        label="Merge into",
        help_text="The number of the patient who is the same person; all studies and orders go there.",
        widget=forms.NumberInput,
    )

    class Meta:
        model = Patient
        fields = patients.FIELDS


@admin.register(Patient)
class PatientAdmin(ForAdministrators):
    """Corrections and merges by `orders.patients`, which puts them on record; an earlier ID goes on leading here."""

    form = PatientForm
    list_display = ("name", "patient_id", "issuer", "birth_date", "sex", "id")
    search_fields = ("name", "patient_id")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Patient]:
        return super().get_queryset(request).filter(merged_into__isnull=True)

    def save_model(self, request: Any, obj: Patient, form: Any, change: bool) -> None:
        known = Patient.objects.get(pk=obj.pk)
        changes = {field: form.cleaned_data[field] for field in form.changed_data if field in patients.FIELDS}
        if changes:
            known = patients.correct(known, changes, request.user, request)
        if form.cleaned_data["same_as"]:
            try:
                patients.merge(known, form.cleaned_data["same_as"], request.user, request)
            except patients.CannotMerge as error:
                messages.error(request, str(error))

    def save_related(self, request: Any, form: Any, formsets: Any, change: bool) -> None:
        """`save_model` has done all of it."""
