from django.urls import path

from . import views

urlpatterns = [
    path("inbox/", views.inbox, name="inbox"),
    path("inbox/done/", views.inbox_done, name="inbox_done"),
    path("inbox/read/", views.inbox_read, name="inbox_read"),
    path("inbox/mail/", views.mail_choice, name="mail_choice"),
]
