"""The review's API as OpenAPI shows it: what each answer holds. For documentation; nothing is checked with it."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema
from rest_framework import serializers


class FindingState(serializers.Serializer[Any]):
    """One grade of the table."""

    level = serializers.CharField()
    site = serializers.CharField()
    grade = serializers.CharField()
    machine_grade = serializers.CharField(allow_null=True)
    rule = serializers.CharField()
    note = serializers.CharField()
    chance = serializers.CharField(help_text="The probability of the machine's grade, as it is shown; or empty.")
    uncertain = serializers.BooleanField()
    unfamiliar = serializers.BooleanField(help_text="The images are out of distribution for the network.")
    contradicted = serializers.BooleanField(help_text="Network and measurements are two grades apart.")
    changed = serializers.BooleanField()
    confirmed_at = serializers.DateTimeField(allow_null=True)
    confirmed_by = serializers.CharField(allow_null=True)


class SecondReviewState(serializers.Serializer[Any]):
    """Of the user's own second review: open, closed by them, or closed by a signature."""

    state = serializers.CharField()
    signed_by = serializers.CharField(allow_null=True, help_text="Whose signature closed it, if one did.")


class NewerReading(serializers.Serializer[Any]):
    """A machine reading that is newer than the review's; the reader decides whether to take it."""

    id = serializers.IntegerField()
    read_at = serializers.DateTimeField()
    differing_grades = serializers.IntegerField()


class ReviewState(serializers.Serializer[Any]):
    """Where the review stands. Without a review, the fields from `review` on are absent."""

    user = serializers.CharField()
    study_state = serializers.CharField()
    study_state_label = serializers.CharField()
    claimed_by = serializers.CharField(allow_null=True)
    mine = serializers.BooleanField()
    may_write = serializers.BooleanField()
    signed_version = serializers.IntegerField(allow_null=True)
    late_images = serializers.IntegerField()
    machine_at_work = serializers.BooleanField(help_text="A reading of this study waits or runs.")
    findings = FindingState(many=True)
    second_review = SecondReviewState(allow_null=True)
    damaged_report = serializers.IntegerField(
        allow_null=True, help_text="The number of the latest signed report, where it is not what was signed."
    )
    review = serializers.IntegerField(required=False, help_text="To be named by the next write.")
    purpose = serializers.CharField(required=False)
    version = serializers.IntegerField(required=False, help_text="To be named by the next write.")
    by_hand = serializers.BooleanField(required=False)
    machine_reading = serializers.IntegerField(required=False, allow_null=True)
    newer_reading = NewerReading(required=False, allow_null=True)
    level_shift = serializers.IntegerField(required=False)
    uncertain_below = serializers.IntegerField(required=False, allow_null=True)
    text = serializers.CharField(required=False)
    text_is_manual = serializers.BooleanField(required=False)
    sentences = serializers.ListField(child=serializers.DictField(), required=False)
    suggestions = serializers.ListField(child=serializers.DictField(), required=False)
    has_set_aside_text = serializers.BooleanField(required=False)
    contradictions = serializers.ListField(child=serializers.DictField(), required=False)
    text_is_checked = serializers.BooleanField(required=False)
    late_acknowledged = serializers.IntegerField(required=False)
    read_again = serializers.BooleanField(required=False)
    amends = serializers.IntegerField(required=False, allow_null=True)
    missing = serializers.ListField(child=serializers.CharField(), required=False)
    saved_at = serializers.DateTimeField(required=False, allow_null=True)
    saved_by = serializers.CharField(required=False, allow_null=True)


class Problem(serializers.Serializer[Any]):
    """Why nothing was done; the message says what to do."""

    error = serializers.CharField(help_text="A stable code.")
    message = serializers.CharField()


class Refusal(Problem):
    """The same, with the review as it stands."""

    state = ReviewState()
    missing = serializers.ListField(child=serializers.CharField(), required=False)


class ReviewSchema(AutoSchema):
    """Of `reader.api.ReviewView` and its subclasses: their `body` in, the review's state out."""

    def get_tags(self) -> list[str]:
        return ["review"]

    def get_operation_id(self) -> str:
        return type(self.view).__name__

    def get_description(self) -> str:  # type: ignore[override]  # the stubs know the framework's own schema only
        return type(self.view).__dict__.get("__doc__") or ""

    def get_request_serializer(self) -> Any:
        body = getattr(self.view, "body", serializers.Serializer)
        return None if body is serializers.Serializer else body

    def get_response_serializers(self) -> Any:
        answers = {200: ReviewState, 403: Problem, 404: Problem}
        return answers if self.method == "GET" else answers | {400: Problem, 409: Refusal}
