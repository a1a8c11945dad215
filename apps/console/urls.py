from django.urls import path

from . import people, views

urlpatterns = [
    path("", views.home, name="home"),
    path("search/", views.search, name="search"),
    path("people/", people.people, name="people"),
    path("people/add/", people.person_add, name="person_add"),
    path("people/<int:pk>/details/", people.person_details, name="person_details"),
    path("people/<int:pk>/second-factor/", people.factor_reset_ask, name="factor_reset_ask"),
    path("second-factors/<int:pk>/decide/", people.factor_reset_decide, name="factor_reset_decide"),
    path("people/<int:pk>/<slug:step>/", people.person_change, name="person_change"),
    path("departments/", people.departments, name="departments"),
    path("departments/<int:pk>/", people.department, name="department"),
    path("departments/<int:pk>/close/", people.department_close, name="department_close"),
    path("enforcement/", views.duties, name="duties"),
    path("demo/sign-in/", views.demo_sign_in, name="demo_sign_in"),
]
