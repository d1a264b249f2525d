"""Acts in words, with a link to what they made or moved."""

from django import template
from django.urls import reverse

from customers.commands import counted
from customers.models import Act

register = template.Library()

WORDS = {
    "account_close": "closed",
    "account_edit": "renamed",
    "account_open": "opened",
    "account_price_list_set": "set the price list of",
    "charge_add": "added",
    "charge_end": "ended",
    "credit_grant": "granted",
    "credit_replace": "granted, in place of another,",
    "credit_sell": "sold",
    "credit_void": "voided",
    "credits_extend": "extended",
    "credits_expire": "booked expired credits of",
    "credits_grant": "granted",
    "credits_void": "voided what was left of",
    "customer_close": "closed",
    "customer_edit": "edited",
    "customer_erase": "erased the names of",
    "customer_open": "added",
    "draft_make": "made, from charges and usage,",
    "draft_refresh": "refreshed, from charges and usage,",
    "invoice_correct": "voided, to correct it,",
    "invoice_discard": "discarded",
    "invoice_draft": "drafted",
    "invoice_edit": "edited",
    "invoice_issue": "issued",
    "invoice_pay": "recorded the payment of",
    "invoice_void": "voided",
    "item_add": "added",
    "item_edit": "edited",
    "item_tag": "tagged",
    "price_add": "added a price to",
    "price_list_add": "added",
    "price_list_edit": "edited",
    "run_start": "started",
    "schedule_add": "added",
    "schedule_grant": "granted, as a schedule says,",
    "schedule_stop": "stopped",
    "notice_rule_set": "set the notices of",
    "usage_import": "imported usage:",
    "usage_record_add": "recorded usage of",
    "usage_records_import": "imported",
}
# Subjects that are so many of something.
MANY = {"credits": "credit", "usage_records": "usage record"}
PAGES = ("account", "batch", "credit", "customer", "invoice", "price_list", "run", "schedule")


@register.filter
def act_words(act: Act) -> str:
    if act.kind == "price_add" and "name" in act.details:
        did = "replaced the price of {} on" if "replaces" in act.details else "added a price of {} to"
        return did.format(act.details["name"])
    return WORDS.get(act.kind, act.kind.replace("_", " "))


@register.filter
def act_subject(act: Act) -> str:
    """`credit:17` as “credit 17”; `credits:5000` as “5,000 credits”."""
    what, _, number = act.subject.partition(":")
    if what in MANY:
        return counted(int(number), MANY[what])
    return f"{what.replace('_', ' ')} {number}"


@register.filter
def act_link(act: Act) -> str:
    """The page of what the act was about; none for what it threw away or has no page."""
    if act.kind == "credits_grant":
        return reverse("batch", args=[act.pk])
    page, _, pk = act.subject.partition(":")
    if act.account_id and (page == "charge" or act.kind == "usage_record_add"):
        return reverse("charges", args=[act.account_id])
    return reverse(page, args=[pk]) if page in PAGES and act.kind != "invoice_discard" else ""
