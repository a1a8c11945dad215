from django.urls import path

from . import views

urlpatterns = [
    path("invitation/", views.invitation, name="invitation"),
    path("invitation/<slug:token>/", views.invitation_open, name="invitation_open"),
]
