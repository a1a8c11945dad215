from django.urls import path

from . import views

urlpatterns = [
    path("people/add/", views.person_add, name="person_add"),
    path("people/<int:pk>/<slug:step>/", views.person_change, name="person_change"),
    path("lists/<slug:list_name>/<slug:step>/", views.list_change, name="list_change"),
    path("sessions/end/", views.own_sessions_end, name="own_sessions_end"),
]
