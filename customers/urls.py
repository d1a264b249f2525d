from django.urls import path

from customers import views

urlpatterns = [
    path("customers/", views.customers, name="customers"),
    path("customers/add/", views.customer_open_page, name="customer_open"),
    path("customers/<int:pk>/edit/", views.customer_edit_page, name="customer_edit"),
    path("customers/<int:pk>/close/", views.customer_close_page, name="customer_close"),
    path("customers/<int:pk>/erase/", views.customer_erase_page, name="customer_erase"),
    path("customers/<int:pk>/accounts/add/", views.account_open_page, name="account_open"),
    path("accounts/<int:pk>/edit/", views.account_edit_page, name="account_edit"),
    path("accounts/<int:pk>/close/", views.account_close_page, name="account_close"),
]
