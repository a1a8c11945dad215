from django.urls import path

from . import views

urlpatterns = [
    path("invitation/", views.invitation, name="invitation"),
    path("invitation/<slug:token>/", views.invitation_open, name="invitation_open"),
    path("lists/<slug:list_name>/<slug:step>/", views.list_change, name="list_change"),
    path("sessions/end/", views.own_sessions_end, name="own_sessions_end"),
]
