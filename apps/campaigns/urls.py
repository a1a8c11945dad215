from django.urls import path

from . import views

urlpatterns = [
    path("contacts/", views.contacts, name="contacts"),
    path("contacts/search/", views.contact_search, name="contact_search"),
    path("contacts/<contact:pk>/reveal/<slug:field>/", views.contact_reveal, name="contact_reveal"),
    path("contacts/<contact:pk>/consents/new/", views.consent_new, name="consent_new"),
    path("contacts/<contact:pk>/consents/<int:consent>/withdraw/", views.consent_withdraw, name="consent_withdraw"),
    path("contacts/<contact:pk>/consents/<int:consent>/evidence/", views.consent_evidence, name="consent_evidence"),
    path("contacts/<contact:pk>/minor/", views.minor_flag, name="minor_flag"),
    path("contacts/<contact:pk>/minor/lift/", views.minor_lift, name="minor_lift"),
    path("api-clients/", views.clients, name="api_clients"),
    path("api-clients/new/", views.client_add, name="client_add"),
    path("api-clients/<int:pk>/change/", views.client_change, name="client_change"),
    path("grants/ask-campaign/", views.campaign_grant_ask, name="campaign_grant_ask"),
    path("imports/new/", views.import_new, name="import_new"),
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/new/", views.campaign_new, name="campaign_new"),
    path("campaigns/<campaign:pk>/agents/", views.campaign_agent, name="campaign_agent"),
    path("campaigns/<campaign:pk>/script/", views.campaign_pin, name="campaign_pin"),
    path("campaigns/<campaign:pk>/exceptions/", views.exception_ask, name="exception_ask"),
    path("campaigns/<campaign:pk>/step/<slug:step>/", views.campaign_move, name="campaign_move"),
    path("exceptions/<exception:pk>/<slug:verdict>/", views.exception_decide, name="exception_decide"),
    path("lines/", views.lines, name="lines"),
    path("lines/new/", views.line_new, name="line_new"),
    path("lines/<int:pk>/change/", views.line_change, name="line_change"),
    path("filings/new/", views.filing_new, name="filing_new"),
    path("contacts/<contact:pk>/zone/", views.contact_zone, name="contact_zone"),
]
