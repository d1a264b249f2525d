from django.urls import path

from credits import notice_views, schedule_views, tag_views, views

urlpatterns = [
    path("accounts/<int:pk>/credits/", views.credits_page, name="credits"),
    path("accounts/<int:pk>/credits/add/", views.credit_grant_page, name="credit_grant"),
    path("accounts/<int:pk>/notices/", notice_views.notices_page, name="notices"),
    path("credits/<int:pk>/", views.credit_page, name="credit"),
    path("credits/<int:pk>/void/", views.credit_void_page, name="credit_void"),
    path("credits/<int:pk>/replace/", views.credit_replace_page, name="credit_replace"),
    path("items/<int:pk>/tag/", tag_views.item_tag_page, name="item_tag"),
    path("accounts/<int:pk>/schedules/add/", schedule_views.schedule_add_page, name="schedule_add"),
    path("schedules/<int:pk>/", schedule_views.schedule_page, name="schedule"),
    path("schedules/<int:pk>/stop/", schedule_views.schedule_stop_page, name="schedule_stop"),
]
