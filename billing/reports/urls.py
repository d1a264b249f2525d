from django.urls import path

from billing.reports import views

urlpatterns = [
    path("reports/", views.reports, name="reports"),
    *(
        path(
            f"reports/{report.name}/",
            views.report,
            {"name": report.name},
            name=f"report_{report.name.replace('-', '_')}",
        )
        for report in views.REPORTS
    ),
]
