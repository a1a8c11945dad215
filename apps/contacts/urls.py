from django.urls import path, re_path

from . import views

urlpatterns = [
    path("doubts/", views.doubts, name="doubts"),
    path("doubts/<int:pk>/decide/", views.doubt_decide, name="doubt_decide"),
    path("sources/", views.sources, name="sources"),
    path("sources/new/", views.source_new, name="source_new"),
    path("sources/<int:pk>/", views.source, name="source"),
    path("sources/<int:pk>/agreement/", views.source_agreement, name="source_agreement"),
    path("sources/<int:pk>/agreement/add/", views.source_agreement_add, name="source_agreement_add"),
    path("sources/<int:pk>/wordings/new/", views.wording_new, name="wording_new"),
    path("sources/<int:pk>/decide/<slug:verdict>/", views.source_decide, name="source_decide"),
    path("wordings/<int:pk>/approve/", views.wording_approve, name="wording_approve"),
    path("imports/<int:pk>/", views.import_preview, name="import_preview"),
    path("imports/<int:pk>/heading/", views.import_heading, name="import_heading"),
    path("imports/<int:pk>/forecast/", views.import_forecast, name="import_forecast"),
    path("imports/<int:pk>/discard/", views.import_discard, name="import_discard"),
    path("imports/<int:pk>/correct/", views.import_correct, name="import_correct"),
    path("imports/<int:pk>/take-back/", views.import_take_back, name="import_take_back"),
    path("imports/<int:pk>/progress/", views.import_progress, name="import_progress"),
    re_path(
        r"^imports/(?P<pk>[0-9]{1,18})/report\.(?P<form>xlsx|jsonl)$",
        views.import_report,
        name="import_report",
    ),
]
