from django.urls import path

from . import views

urlpatterns = [
    path("trail/", views.trail, name="trail"),
    path("trail/<int:pk>/proof/", views.trail_proof, name="trail_proof"),
    path("trail/heads/", views.tree_heads, name="tree_heads"),
    path("trail/heads/check/", views.tree_heads_check, name="trail_check"),
    path("trail/heads/export/", views.tree_heads_export, name="trail_export"),
    path("alarms/", views.alarms, name="alarms"),
    path("alarms/<int:pk>/", views.alarm_step, name="alarm_step"),
]
