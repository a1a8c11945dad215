from django.urls import path

from . import views

urlpatterns = [
    path("", views.home, name="home"),
    path("overview.csv", views.overview_file, {"form": "csv"}, name="overview_csv"),
    path("overview.pdf", views.overview_file, {"form": "pdf"}, name="overview_pdf"),
    path("search/", views.search, name="search"),
    path("enforcement/", views.duties, name="duties"),
]
