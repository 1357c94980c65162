"""The worklist's pages at /worklist/ and DICOMweb at /dicom-web/."""

from django.urls import include, path

from worklist import views

app_name = "worklist"

pages = [
    path("", views.page, name="page"),
    path("rows/", views.rows, name="rows"),
    path("upload/", views.upload, name="upload"),
    path("studies/<uuid:study_id>/queue/", views.queue_study, name="queue"),
    path("rejections/<int:rejection_id>/dismiss/", views.dismiss, name="dismiss"),
    path("rejections/dismiss/", views.dismiss_all, name="dismiss_all"),
]

urlpatterns = [
    path("worklist/", include(pages)),
    path("dicom-web/", include("worklist.dicomweb.urls")),
]
