from django.urls import path

from .views import people, rights, second_person

urlpatterns = [
    path("people/", people.people, name="people"),
    path("people/add/", people.person_add, name="person_add"),
    path("people/<int:pk>/details/", people.person_details, name="person_details"),
    path("people/<int:pk>/second-factor/", people.factor_reset_ask, name="factor_reset_ask"),
    path("second-person/", second_person.second_person, name="second_person"),
    path(
        "second-person/<slug:kind>/<int:pk>/", second_person.second_person_decide, name="second_person_decide"
    ),
    path("people/<int:pk>/<slug:step>/", people.person_change, name="person_change"),
    path("departments/", people.departments, name="departments"),
    path("departments/<int:pk>/", people.department, name="department"),
    path("departments/<int:pk>/close/", people.department_close, name="department_close"),
    path("sessions/end/", people.own_sessions_end, name="own_sessions_end"),
    path("rights/", rights.matrix, name="matrix"),
    path("rights/fields/<int:pk>/", rights.field, name="protected_field"),
    path("people/<int:pk>/", rights.person, name="person"),
    path("grants/", rights.grants, name="grants"),
    path("grants/ask/", rights.grant_ask, name="grant_ask"),
    path("grants/<int:pk>/decide/", rights.grant_decide, name="grant_decide"),
    path("permission-audits/", rights.audits, name="permission_audits"),
    path("permission-audits/run/", rights.audit_run, name="permission_audit_run"),
    path("permission-audits/<int:pk>/", rights.audit, name="permission_audit"),
    path("permission-audits/<int:pk>/report.<str:form>", rights.audit_report, name="permission_audit_report"),
    path("permission-audits/<int:pk>/resolve/", rights.findings_resolve, name="findings_resolve"),
    path("permission-audits/findings/<int:pk>/resolve/", rights.finding_resolve, name="finding_resolve"),
    path("reviews/", rights.reviews, name="reviews"),
    path("reviews/start/", rights.review_start, name="review_start"),
    path("reviews/decide/", rights.reviews_decide, name="reviews_decide"),
    path("reviews/items/<int:pk>/", rights.review_decide, name="review_decide"),
]
