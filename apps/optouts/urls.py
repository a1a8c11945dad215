from django.urls import path

from . import views

urlpatterns = [path("opt-outs/", views.opt_outs, name="opt_outs")]
