from django.urls import path

from . import views

urlpatterns = [
    path("desk/", views.desk, name="desk"),
    path("desk/state/", views.desk_state, name="desk_state"),
    path("desk/call/", views.desk_call, name="desk_call"),
    path("desk/end/", views.desk_end, name="desk_end"),
    path("desk/opt-out/", views.desk_opt_out, name="desk_opt_out"),
    path("desk/skip/", views.desk_skip, name="desk_skip"),
    path("desk/result/", views.desk_result, name="desk_result"),
    path("contacts/<contact:pk>/", views.contact, name="contact"),
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/<decision:pk>/", views.decision, name="decision"),
]
