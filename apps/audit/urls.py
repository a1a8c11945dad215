from django.urls import path

from . import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/read/", views.inbox_read, name="inbox_read"),
]
