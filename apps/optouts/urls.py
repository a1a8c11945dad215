from django.urls import path

from . import views

urlpatterns = [
    path("opt-outs/", views.opt_outs, name="opt_outs"),
    path("opt-outs/new/", views.opt_out_new, name="opt_out_new"),
    path("opt-outs/lifts/new/", views.lift_ask, name="lift_ask"),
    path("opt-outs/lifts/<int:pk>/<slug:verdict>/", views.lift_decide, name="lift_decide"),
    path("opt-outs/messages/<int:pk>/", views.message, name="message"),
    path("opt-outs/lists/new/", views.list_in, name="list_in"),
    path("opt-outs/lists/<int:pk>/", views.list_in_progress, name="list_in_progress"),
    path("opt-outs/lists/rows/<int:pk>/", views.list_row, name="list_row"),
    path("scrubs/", views.scrubs, name="scrubs"),
    path("scrubs/<int:pk>/", views.scrub, name="scrub"),
    path("scrubs/<int:pk>/result/", views.scrub_result, name="scrub_result"),
    path("o/", views.leave_by_code, name="leave_by_code"),
    path("o/<str:word>/", views.leave, name="leave"),
]
