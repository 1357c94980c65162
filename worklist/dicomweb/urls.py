"""DICOMweb; included at /dicom-web/. Paths as in DICOM PS3.18 section 10."""

from django.urls import path

from worklist.dicomweb import query, retrieve, store

STUDY = "studies/<str:study>"
SERIES = f"{STUDY}/series/<str:series>"
INSTANCE = f"{SERIES}/instances/<str:instance>"

urlpatterns = [
    path("studies", store.studies, name="studies"),
    path("series", query.series, name="all_series"),
    path("instances", query.instances, name="all_instances"),
    path(STUDY, store.study, name="study"),
    path(f"{STUDY}/metadata", retrieve.metadata, name="study_metadata"),
    path(f"{STUDY}/series", query.series, name="study_series"),
    path(f"{STUDY}/instances", query.instances, name="study_instances"),
    path(SERIES, retrieve.instances, name="series"),
    path(f"{SERIES}/metadata", retrieve.metadata, name="series_metadata"),
    path(f"{SERIES}/instances", query.instances, name="series_instances"),
    path(INSTANCE, retrieve.instances, name="instance"),
    path(f"{INSTANCE}/metadata", retrieve.metadata, name="instance_metadata"),
    path(f"{INSTANCE}/rendered", retrieve.rendered, name="rendered"),
    path(f"{INSTANCE}/frames/<str:frames>", retrieve.frames, name="frames"),
    path(f"{INSTANCE}/frames/<int:frame>/rendered", retrieve.rendered, name="rendered_frame"),
]
