from django.urls import path

from . import views

urlpatterns = [
    path("policies/", views.policies, name="policies"),
    path("policies/new/<slug:kind>/", views.policy_new, name="policy_new"),
    path("policies/drafts/<int:pk>/", views.policy_draft, name="policy_draft"),
    path("policies/drafts/<int:pk>/<slug:verdict>/", views.policy_decide, name="policy_decide"),
]
