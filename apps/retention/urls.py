from django.urls import path

from . import views

urlpatterns = [
    path("retention/", views.retention, name="retention"),
    path("retention/runs/start/", views.purge_start, name="purge_start"),
    path("retention/runs/<int:pk>/", views.purge_run, name="purge_run"),
    path("retention/runs/<int:pk>/certificate.<str:form>", views.purge_certificate, name="purge_certificate"),
    path("retention/holds/", views.holds, name="holds"),
    path("retention/holds/new/", views.hold_new, name="hold_new"),
    path("retention/holds/<int:pk>/end/", views.hold_end, name="hold_end"),
    path("retention/backups/", views.backups, name="backups"),
]
