from django.urls import path

from . import views

urlpatterns = [
    path("scripts/", views.scripts, name="scripts"),
    path("scripts/new/", views.script_new, name="script_new"),
    path("scripts/<int:pk>/", views.script, name="script"),
    path("scripts/<int:script_pk>/versions/new/", views.version_new, name="version_new"),
    path("scripts/<int:pk>/submit/", views.script_submit, name="script_submit"),
    path("scripts/<int:pk>/review/", views.script_review, name="script_review"),
]
