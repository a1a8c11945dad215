from django.urls import path

from . import views

urlpatterns = [
    path("lists/<slug:list_name>/<slug:step>/", views.list_change, name="list_change"),
    path("drafts/", views.drafts, name="drafts"),
]
