from django.urls import path

from . import views

urlpatterns = [path("inbox/mail/", views.mail_choice, name="mail_choice")]
