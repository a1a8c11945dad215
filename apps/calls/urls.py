from django.urls import path

from . import views

urlpatterns = [
    path("desk/", views.desk, name="desk"),
    path("desk/state/", views.desk_state, name="desk_state"),
    path("desk/next/", views.desk_next, name="desk_next"),
    path("desk/call/", views.desk_call, name="desk_call"),
    path("desk/end/", views.desk_end, name="desk_end"),
    path("desk/opt-out/", views.desk_opt_out, name="desk_opt_out"),
    path("desk/postpone/", views.desk_postpone, name="desk_postpone"),
    path("desk/later/", views.desk_later, name="desk_later"),
    path("desk/later/<int:pk>/", views.desk_take, name="desk_take"),
    path("desk/break/", views.desk_break, name="desk_break"),
    path("desk/break/end/", views.desk_break_end, name="desk_break_end"),
    path("desk/result/", views.desk_result, name="desk_result"),
    path("contacts/<contact:pk>/", views.contact, name="contact"),
    path("campaigns/<campaign:pk>/", views.campaign, name="campaign"),
    path("campaigns/<campaign:pk>/forecast/", views.forecast_list, name="forecast_list"),
    path("campaigns/<campaign:pk>/what-if/", views.forecast_campaign, name="forecast_campaign"),
    path("forecasts/draft/<int:pk>/", views.forecast_draft, name="forecast_draft"),
    path("forecasts/<int:pk>/", views.forecast, name="forecast"),
    path("flags/", views.flags, name="flags"),
    path("flags/<int:pk>/close/", views.flag_close, name="flag_close"),
    path("tickets/", views.tickets, name="tickets"),
    path("tickets/<int:pk>/close/", views.ticket_close, name="ticket_close"),
    path("decisions/", views.decisions, name="decisions"),
    path("decisions/<decision:pk>/", views.decision, name="decision"),
]
