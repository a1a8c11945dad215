from django.urls import path

from . import views

urlpatterns = [
    path("incidents/", views.incidents, name="incidents"),
    path("incidents/new/", views.incident_new, name="incident_new"),
    path("incidents/tasks/", views.incident_tasks, name="incident_tasks"),
    path("incidents/tasks/<int:pk>/done/", views.incident_task_done, name="incident_task_done"),
    path("incidents/alarm/<int:pk>/", views.incident_of_alarm, name="incident_of_alarm"),
    path("incidents/<incident:pk>/", views.incident, name="incident"),
    path("incidents/<incident:pk>/facts/", views.incident_facts, name="incident_facts"),
    path("incidents/<incident:pk>/step/", views.incident_step, name="incident_step"),
    path("incidents/<incident:pk>/notice/<slug:recipient>/", views.incident_notice, name="incident_notice"),
    path("incidents/<incident:pk>/report/", views.incident_report, name="incident_report"),
    path("assessments/", views.assessments, name="assessments"),
    path("assessments/new/", views.assessment_new, name="assessment_new"),
    path("assessments/<assessment:pk>/", views.assessment, name="assessment"),
    path("assessments/<assessment:pk>/edit/", views.assessment_edit, name="assessment_edit"),
    path("assessments/<assessment:pk>/step/", views.assessment_step, name="assessment_step"),
    path("assessments/<assessment:pk>/paper/", views.assessment_paper, name="assessment_paper"),
]
