from django.urls import path

from . import views

urlpatterns = [
    path("telephony/", views.gateways, name="gateways"),
    path("telephony/trunks/new/", views.trunk_new, name="trunk_new"),
    path("telephony/trunks/<trunk:pk>/", views.trunk_edit, name="trunk_edit"),
    path("telephony/diallers/new/", views.dialler_new, name="dialler_new"),
    path("telephony/diallers/<dialler:pk>/", views.dialler_edit, name="dialler_edit"),
    path("telephony/diallers/<dialler:pk>/digest/", views.dialler_digest, name="dialler_digest"),
    path("telephony/calls/", views.live_calls, name="live_calls"),
    path("telephony/calls/<call:pk>/end/", views.live_call_end, name="live_call_end"),
    path("telephony/attempts/", views.attempts, name="attempts"),
]
