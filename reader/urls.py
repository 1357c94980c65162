"""The reading room's addresses; every one needs a radiologist."""

from __future__ import annotations

from django.urls import path

from reader import api, views

app_name = "reader"

STUDY = "reader/<uuid:study_id>/"

urlpatterns = [
    path("reader/session/", views.session, name="session"),
    path(STUDY, views.page, name="page"),
    path(f"{STUDY}versions/<int:number>/", views.version, name="version"),
    path(f"{STUDY}masks/index.json", views.mask_index, name="mask_index"),
    path(f"{STUDY}masks/<str:series_uid>.bin", views.mask, name="mask"),
    path(f"{STUDY}evidence.json", views.evidence, name="evidence"),
    path(f"{STUDY}state/", api.Current.as_view(), name="state"),
    path(f"{STUDY}claim/", api.Claim.as_view(), name="claim"),
    path(f"{STUDY}take-over/", api.TakeOver.as_view(), name="take_over"),
    path(f"{STUDY}release/", api.Release.as_view(), name="release"),
    path(f"{STUDY}second/", views.second_review, name="second_review"),
    path(f"{STUDY}second/start/", api.StartSecondReview.as_view(), name="start_second_review"),
    path(f"{STUDY}second/close/", api.CloseSecondReview.as_view(), name="close_second_review"),
    path(f"{STUDY}read-again/", api.ReadAgain.as_view(), name="read_again"),
    path(f"{STUDY}newer-reading/", api.UseNewerReading.as_view(), name="use_newer_reading"),
    path(f"{STUDY}findings/<str:level>/confirm/", api.ConfirmLevel.as_view(), name="confirm_level"),
    path(f"{STUDY}findings/<str:level>/reopen/", api.ReopenLevel.as_view(), name="reopen_level"),
    path(f"{STUDY}findings/<str:level>/<str:site>/", api.ChangeGrade.as_view(), name="change_grade"),
    path(f"{STUDY}findings/<str:level>/<str:site>/confirm/", api.ConfirmSite.as_view(), name="confirm_site"),
    path(f"{STUDY}draft/", api.EditText.as_view(), name="draft"),
    path(f"{STUDY}draft/use/", api.UseSuggestion.as_view(), name="use_suggestion"),
    path(f"{STUDY}draft/use-all/", api.UseAllSuggestions.as_view(), name="use_all_suggestions"),
    path(f"{STUDY}draft/dismiss/", api.DismissSuggestion.as_view(), name="dismiss_suggestion"),
    path(f"{STUDY}draft/replace/", api.ReplaceText.as_view(), name="replace_text"),
    path(f"{STUDY}draft/follow/", api.FollowTable.as_view(), name="follow_table"),
    path(f"{STUDY}draft/bring-back/", api.BringBackText.as_view(), name="bring_back_text"),
    path(f"{STUDY}renumber/", api.Renumber.as_view(), name="renumber"),
    path(f"{STUDY}late/", api.AcknowledgeLate.as_view(), name="acknowledge_late"),
    path(f"{STUDY}sign/", api.Sign.as_view(), name="sign"),
    path(f"{STUDY}amend/start/", api.StartAmendment.as_view(), name="start_amendment"),
    path(f"{STUDY}amend/discard/", api.DiscardAmendment.as_view(), name="discard_amendment"),
    path(f"{STUDY}amend/", api.Amend.as_view(), name="amend"),
]
