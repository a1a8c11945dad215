from django.urls import path

from . import views

urlpatterns = [
    path("requests/", views.requests, name="requests"),
    path("requests/new/", views.request_new, name="request_new"),
    path("requests/<request:pk>/", views.request_page, name="request"),
    path("requests/<request:pk>/step/", views.request_step, name="request_step"),
    path("requests/<request:pk>/execute/", views.request_execute, name="request_execute"),
    path("requests/<request:pk>/copy/", views.request_copy, name="request_copy"),
    path(
        "requests/<request:pk>/certificate.<slug:form>", views.request_certificate, name="request_certificate"
    ),
    path("my-data/", views.my_data, name="my_data"),
    path("copy/<str:word>/", views.copy, name="copy"),
]
