from django.urls import path

from invoices import item_views, views

urlpatterns = [
    path("items/", item_views.items, name="items"),
    path("invoices/", views.invoices, name="invoices"),
    path("accounts/<int:pk>/invoices/add/", views.invoice_draft_page, name="invoice_draft"),
    path("invoices/<int:pk>/edit/", views.invoice_edit_page, name="invoice_edit"),
    path("invoices/<int:pk>/discard/", views.invoice_discard_page, name="invoice_discard"),
    path("invoices/<int:pk>/pay/", views.invoice_pay_page, name="invoice_pay"),
]
