"""Every address of the product. Each app names its own; pages that need several are here."""

from django.contrib import admin
from django.urls import include, path

from billing import act_views, run_views, views

handler400 = "billing.middleware.bad_request"
handler500 = "billing.middleware.server_error"

urlpatterns = [
    path("", views.home, name="home"),
    path("customers/<int:pk>/", views.customer, name="customer"),
    path("accounts/<int:pk>/", views.account, name="account"),
    path("invoices/<int:pk>/", views.invoice, name="invoice"),
    path("invoices/<int:pk>/issue/", act_views.invoice_issue_page, name="invoice_issue"),
    path("invoices/<int:pk>/void/", act_views.invoice_void_page, name="invoice_void"),
    path("invoices/<int:pk>/correct/", act_views.invoice_correct_page, name="invoice_correct"),
    path("runs/", run_views.runs_page, name="runs"),
    path("runs/start/", run_views.run_start_page, name="run_start"),
    path("runs/<int:pk>/", run_views.run_page, name="run"),
    path("runs/<int:pk>/retry/", run_views.run_retry_page, name="run_retry"),
    path("", include("customers.urls")),
    path("", include("invoices.urls")),
    path("", include("credits.urls")),
    path("", include("billing.reports.urls")),
    path("admin/", admin.site.urls),
]
