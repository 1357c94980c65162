"""Files that were refused at the door."""

from __future__ import annotations

from django.db import models


class Rejection(models.Model):
    """A file that was refused at the door, kept on record for the sender."""

    at = models.DateTimeField(auto_now_add=True, db_index=True)
    sender = models.CharField(max_length=150)
    file_name = models.CharField(max_length=255)
    code = models.CharField(max_length=40)
    message = models.TextField()
    seen = models.BooleanField(default=False)
    # The study that the file says it belongs to, where that could still be read; perhaps none of ours.
    study_instance_uid = models.CharField(max_length=64, blank=True, db_index=True)

    class Meta:
        ordering = ["-at"]

    def __str__(self) -> str:
        return f"{self.code} {self.pk}"
