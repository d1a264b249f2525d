from django.urls import path

from credits import batch_views, desk_views, notice_views, schedule_views, tag_views, views

urlpatterns = [
    path("accounts/<int:pk>/credits/", views.credits_page, name="credits"),
    path("accounts/<int:pk>/credits/add/", views.credit_grant_page, name="credit_grant"),
    path("accounts/<int:pk>/notices/", notice_views.notices_page, name="notices"),
    path("credits/<int:pk>/", views.credit_page, name="credit"),
    path("credits/<int:pk>/void/", views.credit_void_page, name="credit_void"),
    path("credits/<int:pk>/replace/", views.credit_replace_page, name="credit_replace"),
    path("credits/batches/", batch_views.batches_page, name="batches"),
    path("credits/batches/add/", batch_views.credits_grant_page, name="credits_grant"),
    path("credits/batches/<int:pk>/", batch_views.batch_page, name="batch"),
    path("credits/batches/<int:pk>/void/", batch_views.credits_void_page, name="credits_void"),
    path("credits/expiring/", desk_views.expiring_page, name="expiring"),
    path("credits/expiring/extend/", desk_views.credits_extend_page, name="credits_extend"),
    path("items/<int:pk>/tag/", tag_views.item_tag_page, name="item_tag"),
    path("accounts/<int:pk>/schedules/add/", schedule_views.schedule_add_page, name="schedule_add"),
    path("schedules/<int:pk>/", schedule_views.schedule_page, name="schedule"),
    path("schedules/<int:pk>/stop/", schedule_views.schedule_stop_page, name="schedule_stop"),
]
