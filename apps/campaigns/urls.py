from django.urls import path

from . import views

urlpatterns = [
    path("contacts/", views.contacts, name="contacts"),
    path("contacts/search/", views.contact_search, name="contact_search"),
    path("contacts/<contact:pk>/reveal/<slug:field>/", views.contact_reveal, name="contact_reveal"),
    path("api-clients/", views.clients, name="api_clients"),
    path("api-clients/new/", views.client_add, name="client_add"),
    path("api-clients/<int:pk>/change/", views.client_change, name="client_change"),
    path("grants/ask-campaign/", views.campaign_grant_ask, name="campaign_grant_ask"),
    path("imports/new/", views.import_new, name="import_new"),
    path("campaigns/", views.campaigns, name="campaigns"),
    path("campaigns/new/", views.campaign_new, name="campaign_new"),
    path("campaigns/<campaign:pk>/", views.campaign, name="campaign"),
    path("campaigns/<campaign:pk>/agents/", views.campaign_agent, name="campaign_agent"),
    path("campaigns/<campaign:pk>/<slug:step>/", views.campaign_move, name="campaign_move"),
]
