from django.urls import path

from . import views

urlpatterns = [
    path("evidence/", views.evidence_packs, name="evidence_packs"),
    path("evidence/new/", views.evidence_new, name="evidence_new"),
    path("evidence/verify_pack.py", views.evidence_verifier, name="evidence_verifier"),
    path("evidence/<evidence:pk>/", views.evidence, name="evidence"),
    path("evidence/<evidence:pk>/decide/", views.evidence_decide, name="evidence_decide"),
    path("evidence/<evidence:pk>/fetch/", views.evidence_fetch, name="evidence_fetch"),
]
