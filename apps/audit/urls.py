from django.urls import path

from . import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/seals/", views.seals, name="trail_seals"),
    path("trail/seals/check/", views.seals_check, name="trail_check"),
    path("trail/seals/export/", views.seals_export, name="trail_export"),
    path("alarms/", views.alarms, name="alarms"),
    path("alarms/<int:pk>/", views.alarm_step, name="alarm_step"),
]
