from django.urls import path

from invoices import charge_views, item_views, price_views, views

urlpatterns = [
    path("items/", item_views.items, name="items"),
    path("invoices/", views.invoices, name="invoices"),
    path("accounts/<int:pk>/invoices/add/", views.invoice_draft_page, name="invoice_draft"),
    path("invoices/<int:pk>/edit/", views.invoice_edit_page, name="invoice_edit"),
    path("invoices/<int:pk>/discard/", views.invoice_discard_page, name="invoice_discard"),
    path("invoices/<int:pk>/pay/", views.invoice_pay_page, name="invoice_pay"),
    path("prices/", price_views.price_lists, name="price_lists"),
    path("prices/add/", price_views.price_list_add_page, name="price_list_add"),
    path("prices/<int:pk>/", price_views.price_list_page, name="price_list"),
    path("prices/<int:pk>/edit/", price_views.price_list_edit_page, name="price_list_edit"),
    path("prices/<int:pk>/add/", price_views.price_add_page, name="price_add"),
    path("accounts/<int:pk>/prices/", price_views.account_prices_page, name="account_prices"),
    path("accounts/<int:pk>/charges/", charge_views.charges_page, name="charges"),
    path("accounts/<int:pk>/charges/add/", charge_views.charge_add_page, name="charge_add"),
    path("charges/<int:pk>/end/", charge_views.charge_end_page, name="charge_end"),
    path("accounts/<int:pk>/usage/add/", charge_views.usage_record_add_page, name="usage_record_add"),
]
