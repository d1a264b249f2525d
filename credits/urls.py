from django.urls import path

from credits import views

urlpatterns = [
    path("accounts/<int:pk>/credits/", views.credits_page, name="credits"),
    path("accounts/<int:pk>/credits/add/", views.credit_grant_page, name="credit_grant"),
    path("credits/<int:pk>/", views.credit_page, name="credit"),
    path("credits/<int:pk>/void/", views.credit_void_page, name="credit_void"),
    path("credits/<int:pk>/replace/", views.credit_replace_page, name="credit_replace"),
]
