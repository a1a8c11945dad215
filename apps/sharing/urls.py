from django.urls import path

from . import views

urlpatterns = [
    path("shares/", views.shares, name="shares"),
    path("shares/new/", views.share_new, name="share_new"),
    path("shares/<share:pk>/", views.share, name="share"),
    path("shares/<share:pk>/agreement/", views.share_agreement, name="share_agreement"),
    path("shares/<share:pk>/look/", views.share_look, name="share_look"),
    path("shares/<share:pk>/file/", views.share_file, name="share_file"),
    path("shares/<share:pk>/fetch/", views.share_fetch, name="share_fetch"),
    path("shares/<share:pk>/step/<slug:step>/", views.share_step, name="share_step"),
]
