"""The worklist's pages at /worklist/, the models at /models/, and DICOMweb at /dicom-web/."""

from django.urls import include, path

from worklist.listing import views
from worklist.versions import pages as model_pages

app_name = "worklist"

pages = [
    path("", views.page, name="page"),
    path("rows/", views.rows, name="rows"),
    path("upload/", views.upload, name="upload"),
    path("studies/<uuid:study_id>/queue/", views.queue_study, name="queue"),
    path("rejections/<int:rejection_id>/dismiss/", views.dismiss, name="dismiss"),
    path("rejections/dismiss/", views.dismiss_all, name="dismiss_all"),
]

models = [
    path("", model_pages.page, name="models"),
    path("uncertain-below/", model_pages.set_uncertain_below, name="uncertain_below"),
    path("compared/<int:reading_id>/", model_pages.compared_study, name="compared_study"),
    path("<str:name>/stop-shadow/", model_pages.stop_shadow, name="stop_shadow"),
    path("<str:name>/<str:version>/compared/", model_pages.compared, name="compared"),
    path("<str:name>/<str:version>/<str:verb>/", model_pages.act, name="model_act"),
]

urlpatterns = [
    path("models/", include(models)),
    path("worklist/", include(pages)),
    path("dicom-web/", include("worklist.dicomweb.urls")),
]
