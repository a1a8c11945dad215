from django.urls import path

from . import views

urlpatterns = [
    path("scripts/", views.scripts, name="scripts"),
    path("scripts/new/", views.script_new, name="script_new"),
    path("scripts/queue/", views.script_queue, name="script_queue"),
    path("scripts/next/", views.script_next, name="script_next"),
    path("scripts/<int:pk>/", views.script, name="script"),
    path("scripts/<int:script_pk>/versions/new/", views.version_new, name="version_new"),
    path("scripts/<int:pk>/edit/", views.version_edit, name="version_edit"),
    path("scripts/<int:pk>/submit/", views.script_submit, name="script_submit"),
    path("scripts/<int:pk>/review/", views.script_review, name="script_review"),
    path("scripts/<int:pk>/overrule/", views.script_overrule, name="script_overrule"),
    path("scripts/<int:pk>/publish/", views.script_publish, name="script_publish"),
    path("scripts/<int:pk>/retire/", views.script_retire, name="script_retire"),
    path("scripts/<int:pk>/remarks/", views.remark_new, name="remark_new"),
    path("remarks/<int:pk>/", views.remark_change, name="remark_change"),
    path("rules/", views.rules, name="rules"),
    path("rules/new/", views.rule_new, name="rule_new"),
    path("rules/<slug:code>/", views.rule, name="rule"),
    path("rules/<slug:code>/change/", views.rule_change, name="rule_change"),
    path("rules/<slug:code>/<int:number>/", views.rule_version, name="rule_version"),
    path("rules/<slug:code>/<int:number>/<slug:verdict>/", views.rule_decide, name="rule_decide"),
]
