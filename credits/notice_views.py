"""The page of an account's notices: when to tell and whom, and what was told."""

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.db.models import F
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone

from credits.models import Notice, NoticeRule
from credits.notice_forms import NoticeRuleForm
from credits.notice_mail import mail_server_set
from credits.notice_words import NoticeRow, notice_rows
from credits.telling import notice_rule_set
from customers.models import Account
from customers.requests import actor_of, permission_needed

PER_PAGE = 50


@permission_needed("credits.view_noticerule", "credits.view_notice")
def notices_page(request: HttpRequest, pk: int) -> HttpResponse:
    """Whoever may look sees the rule; whoever may change it has it as a form."""
    account = get_object_or_404(Account.objects.select_related("customer"), pk=pk)
    may_set = bool(request.user.has_perm("credits.change_noticerule"))
    if request.method == "POST" and not may_set:
        raise PermissionDenied
    rule = NoticeRule.objects.filter(account=account).first()
    form = NoticeRuleForm(request.POST or None, account=account, rule=rule)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        if form.perform(
            lambda: notice_rule_set(
                account=account,
                low_balance=data["low_balance"],
                expiring_days=data["expiring_days"],
                email=data["email"],
                by=actor_of(request),
                now=timezone.now(),
                token=form.token,
            )
        ):
            messages.success(request, "The notices are set. The next run of send_notices tells by them.")
            return redirect("notices", pk=pk)
    told = Notice.objects.filter(account=account).select_related("account", "credit__unit_item")
    newest = told.order_by(F("cleared_at").desc(nulls_first=True), "-told_at", "-pk")
    page = Paginator(newest, PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "account": account,
        "rule": rule,
        "form": form if may_set and (not account.closed_at or form.errors) else None,
        "page": page,
        "rows": notice_rows(page),
        "mail_server_set": mail_server_set(),
    }
    return render(request, "credits/notices.html", context)


def open_notices(first: int) -> list[NoticeRow]:
    """What was told and still holds, of all open accounts, the newest first."""
    told = Notice.objects.filter(cleared_at=None, account__closed_at=None)
    return notice_rows(told.select_related("account__customer", "credit__unit_item")[:first])
