"""The review as a JSON API, for radiologists only.

Every POST names the `review` and the `version` of it that the writer saw and
answers with the whole new state. An error says what to do, and carries the state as it
stands so that the page can show it beside what the writer has.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.utils.decorators import method_decorator
from django.views.decorators.cache import never_cache
from rest_framework import serializers
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policy import RadiologistRequired, person
from reader import actions, page_state, second_reviews, signing, views, working_copy
from reader.api_schema import ReviewSchema
from reader.draft_text import Said
from reader.errors import NotReady, ReviewError
from reader.models import Seen
from worklist.access import readable_study
from worklist.models import Study


class BoundedJSON(JSONParser):
    """JSON that does not nest deeper than Python's parser goes; Django has bounded its size."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, parser_context)
        except RecursionError:
            raise ParseError("JSON parse error - nested too deeply") from None


class Versioned(serializers.Serializer[Any]):
    version = serializers.IntegerField(min_value=0)
    review = serializers.IntegerField(min_value=0)


class GradeChange(Versioned):
    grade = serializers.CharField(max_length=16)


class SaidSentence(serializers.Serializer[Any]):
    key = serializers.CharField(max_length=1000, allow_blank=True)
    text = serializers.CharField(max_length=2000, allow_blank=True)


class TextEdit(Versioned):
    # Whitespace is the reader's own; a report is kept as it was typed.
    text = serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=actions.LONGEST_TEXT)
    based_on = serializers.ListField(child=SaidSentence(), required=False, allow_null=True, max_length=200)


class SuggestionChoice(Versioned):
    key = serializers.CharField(max_length=1000)


class LateImages(Versioned):
    count = serializers.IntegerField(min_value=0)


class LevelShift(Versioned):
    shift = serializers.IntegerField()


class ReadingChoice(Versioned):
    reading = serializers.IntegerField(min_value=1)


class AmendmentStart(serializers.Serializer[Any]):
    amends = serializers.IntegerField(min_value=1)


class Signature(Versioned):
    # How many contradictions between text and table the reader knowingly signs.
    contradictions = serializers.IntegerField(min_value=0, default=0)


class Amendment(Signature):
    reason = serializers.CharField(max_length=2000, allow_blank=True)


def seen(data: dict[str, Any]) -> Seen:
    """The review and the version that a `Versioned` body names."""
    return Seen(data["review"], data["version"])


@method_decorator(never_cache, name="dispatch")
class ReviewView(APIView):
    """One study's review; subclasses say in `act` what a POST does."""

    permission_classes = [RadiologistRequired]
    parser_classes = [BoundedJSON]
    schema = ReviewSchema()
    body: type[serializers.Serializer[Any]] = serializers.Serializer

    def post(self, request: Request, study_id: UUID, **place: str) -> Response:
        study = readable_study(request, pk=study_id)
        # Each answer shows the review, that of a refused write too: it is a view.
        views.record_view(request, study)
        body = self.body(data=request.data)
        if not body.is_valid():
            return Response(_problem("bad_value", _first_error(body.errors)), status=400)
        try:
            self.act(request, study, body.validated_data, **place)
        except ReviewError as error:
            return Response(self._refused(study, request, error), status=error.status)
        return Response(self._state(study, request))

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        raise NotImplementedError

    def handle_exception(self, exc: Exception) -> Response:
        """The framework's own refusals (broken JSON, no login) in the shape of all the others."""
        response = super().handle_exception(exc)
        detail = response.data.get("detail") if isinstance(response.data, dict) else None
        if detail is not None:
            response.data = _problem(detail.code, str(detail))
        return response

    def _state(self, study: Study, request: Request) -> dict[str, Any]:
        study.refresh_from_db()
        user = person(request)
        return page_state.review_state(study, working_copy.review_for(study, user), user)

    def _refused(self, study: Study, request: Request, error: ReviewError) -> dict[str, Any]:
        problem = _problem(error.code, error.message)
        if isinstance(error, NotReady):
            problem["missing"] = error.missing
        return problem | {"state": self._state(study, request)}


class Current(ReviewView):
    """The review as it stands now."""

    http_method_names = ["get", "head", "options"]

    def get(self, request: Request, study_id: UUID) -> Response:
        study = readable_study(request, pk=study_id)
        views.record_view(request, study)
        return Response(self._state(study, request))


class Claim(ReviewView):
    """Take a drafted or failed study into review."""

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.claim(study, person(request), request)


class TakeOver(ReviewView):
    """Take over a study that another reader holds."""

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.take_over(study, person(request), request)


class Release(ReviewView):
    """Give the study back without a signature."""

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.release(study, person(request), request)


class StartSecondReview(ReviewView):
    """Begin a second review: the reader's own, for agreement, never signed."""

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        second_reviews.start(study, person(request), request)


class CloseSecondReview(ReviewView):
    """Close the reader's own second review, finished."""

    body = Versioned

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.close_second_review(study, person(request), seen(data), request)


class ReadAgain(ReviewView):
    """The machine reads a study that a reader has, or that is signed, once more."""

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.read_again(study, person(request), request)


class UseNewerReading(ReviewView):
    """Take the machine's newer reading; the reader's grades and text stay, confirmations go."""

    body = ReadingChoice

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.use_newer_reading(study, person(request), seen(data), data["reading"], request)


class ChangeGrade(ReviewView):
    """Give one site of a level the reader's grade."""

    body = GradeChange

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        where = (place["level"], place["site"])
        actions.change_grade(study, person(request), seen(data), where, data["grade"], request)


class ConfirmSite(ReviewView):
    """Confirm the grade of one site."""

    body = Versioned

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.confirm(study, person(request), seen(data), (place["level"], place["site"]), request)


class ConfirmLevel(ReviewView):
    """Confirm all grades of a level."""

    body = Versioned

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.confirm_level(study, person(request), seen(data), place["level"], request)


class ReopenLevel(ReviewView):
    """Take a level's confirmations back."""

    body = Versioned

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.reopen_level(study, person(request), seen(data), place["level"], request)


class EditText(ReviewView):
    """Save the reader's own text; later changes of the table are then suggestions."""

    body = TextEdit

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        based_on = data.get("based_on")
        said = [Said(key=item["key"], text=item["text"]) for item in based_on] if based_on is not None else None
        actions.edit_text(study, person(request), seen(data), data["text"], said, request)


class ReplaceText(ReviewView):
    """Put a text in place of the one that stands, which is set aside."""

    body = TextEdit

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.replace_text(study, person(request), seen(data), data["text"], request)


class UseSuggestion(ReviewView):
    """Take one of the table's sentences into the text."""

    body = SuggestionChoice

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.use_suggestion(study, person(request), seen(data), data["key"], request)


class DismissSuggestion(ReviewView):
    """Leave one of the table's sentences out of the text."""

    body = SuggestionChoice

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.dismiss_suggestion(study, person(request), seen(data), data["key"], request)


class UseAllSuggestions(ReviewView):
    """Take all suggested sentences into the text."""

    body = Versioned

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.use_all_suggestions(study, person(request), seen(data), request)


class FollowTable(ReviewView):
    """Let the text follow the table again; the text that stood is set aside."""

    body = Versioned

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.follow_table(study, person(request), seen(data), request)


class BringBackText(ReviewView):
    """Bring back the text that was set aside."""

    body = Versioned

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.bring_back_text(study, person(request), seen(data), request)


class Renumber(ReviewView):
    """Move all level names up (positive) or down (negative)."""

    body = LevelShift

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.renumber(study, person(request), seen(data), data["shift"], request)


class AcknowledgeLate(ReviewView):
    """State that the images that came late were looked at."""

    body = LateImages

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        actions.acknowledge_late(study, person(request), seen(data), data["count"], request)


class Sign(ReviewView):
    """Sign the report; `contradictions` is how many the reader knowingly signs."""

    body = Signature

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        signing.sign(study, person(request), seen(data), request, acknowledged=data["contradictions"])


class StartAmendment(ReviewView):
    """Begin an amendment of a signed report."""

    body = AmendmentStart

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        signing.start_amendment(study, person(request), data["amends"], request)


class DiscardAmendment(ReviewView):
    """Give an amendment up; the signed report stands."""

    body = Versioned

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        signing.discard_amendment(study, person(request), seen(data), request)


class Amend(ReviewView):
    """Sign the amendment, with its reason."""

    body = Amendment

    def act(self, request: Request, study: Study, data: dict[str, Any], **place: str) -> None:
        reason, acknowledged = data["reason"], data["contradictions"]
        signing.amend(study, person(request), seen(data), reason, request, acknowledged=acknowledged)


def _problem(code: str, message: str) -> dict[str, Any]:
    return {"error": code, "message": message}


def _first_error(errors: Any) -> str:
    field, messages = next(iter(errors.items()))
    first = messages[0] if isinstance(messages, list) else next(iter(messages.values()))
    return f"{field}: {first}"
