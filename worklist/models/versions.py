"""Which versions of the models read, and the settings that an administrator makes for everybody."""

from __future__ import annotations

from django.conf import settings
from django.db import models


class ModelChoice(models.Model):
    """An administrator's choice: which version of a model reads the studies, or reads them once more in shadow mode.

    No row: the shipped version reads, and none in shadow mode. `worklist.versions.choices` writes it.
    """

    class Role(models.TextChoices):
        ACTIVE = "active", "Active"
        SHADOW = "shadow", "Shadow"

    name = models.CharField(max_length=32)
    role = models.CharField(max_length=8, choices=Role.choices)
    version = models.CharField(max_length=32)
    sha256 = models.CharField(max_length=64)
    chosen_at = models.DateTimeField()
    chosen_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["name", "role"], name="one_model_for_each_role")]

    def __str__(self) -> str:
        return f"{self.name} {self.version}, {self.role}"


class SharedSetting(models.Model):
    """What an administrator set for everybody; no row: the default of `worklist.shared_settings`, which writes it."""

    name = models.CharField(max_length=40, unique=True)
    value = models.IntegerField()
    changed_at = models.DateTimeField(auto_now=True)
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")

    def __str__(self) -> str:
        return f"{self.name}: {self.value}"
