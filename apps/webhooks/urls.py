from django.urls import path

from . import views

urlpatterns = [
    path("webhooks/", views.end_points, name="end_points"),
    path("webhooks/new/", views.end_point_add, name="end_point_add"),
    path("webhooks/<int:pk>/", views.end_point, name="end_point"),
    path("webhooks/<int:pk>/<slug:step>/", views.end_point_change, name="end_point_change"),
    path("webhooks/deliveries/<int:pk>/again/", views.delivery_again, name="delivery_again"),
]
