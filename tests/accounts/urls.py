"""Two guarded views, one plain and one of the API, beside the product's own."""

from django.http import HttpResponse
from django.urls import path
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.policy import RadiologistRequired, radiologist_required
from config.urls import urlpatterns as product


@radiologist_required
def guarded(request, study_id):
    return HttpResponse("read")


class Api(APIView):
    permission_classes = [RadiologistRequired]

    def get(self, request):
        return Response("read")


urlpatterns = [
    path("guarded/<uuid:study_id>/", guarded, name="guarded"),
    path("api/", Api.as_view(), name="api"),
    *product,
]
