from django.urls import path

from . import views

urlpatterns = [
    path("rights/", views.matrix, name="matrix"),
    path("rights/fields/<int:pk>/", views.field, name="protected_field"),
    path("people/<int:pk>/", views.person, name="person"),
    path("grants/", views.grants, name="grants"),
    path("grants/ask/", views.grant_ask, name="grant_ask"),
    path("grants/<int:pk>/decide/", views.grant_decide, name="grant_decide"),
    path("permission-audits/", views.audits, name="permission_audits"),
    path("permission-audits/run/", views.audit_run, name="permission_audit_run"),
    path("permission-audits/<int:pk>/", views.audit, name="permission_audit"),
    path("permission-audits/<int:pk>/report.<str:form>", views.audit_report, name="permission_audit_report"),
    path("permission-audits/<int:pk>/mend/", views.findings_mend, name="findings_mend"),
    path("permission-audits/findings/<int:pk>/mend/", views.finding_mend, name="finding_mend"),
    path("reviews/", views.reviews, name="reviews"),
    path("reviews/start/", views.review_start, name="review_start"),
    path("reviews/decide/", views.reviews_decide, name="reviews_decide"),
    path("reviews/items/<int:pk>/", views.review_decide, name="review_decide"),
]
