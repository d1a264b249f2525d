"""`manage.py demo`: a small believable company to try the product on. Safe to run again."""

from collections.abc import Mapping
from typing import Any

from django.urls import reverse
from django.utils import timezone

from billing.demo.founding import OPERATOR, Demo, demo_make
from billing.models import Run
from credits.models import Credit
from customers.acts import Actor
from customers.commands import Report, ReportingCommand, counted
from customers.models import Account, Customer
from invoices.models import Invoice


class Command(ReportingCommand):
    help = "Make a small company with customers, credits and invoices, and a login to look at it with."

    def report(self, options: Mapping[str, Any]) -> Report:
        demo = demo_make(by=Actor.from_command("demo"), now=timezone.now())
        return Report(demo_summary(demo), demo_lines(demo))


def demo_summary(demo: Demo) -> dict[str, Any]:
    return {
        "made": demo.made,
        "customers": Customer.objects.count(),
        "accounts": Account.objects.count(),
        "credits": Credit.objects.count(),
        "invoices": Invoice.objects.count(),
        "runs": Run.objects.count(),
        "open": demo.story.get_absolute_url(),
        "sign_in": reverse("admin:login"),
        "login": OPERATOR if demo.login else None,
        "password": demo.password or None,
    }


def demo_lines(demo: Demo) -> list[str]:
    summary = demo_summary(demo)
    if demo.made:
        named = ("customer", "account", "credit", "invoice")
        parts = [counted(summary[f"{what}s"], what) for what in named]
        parts.append(counted(summary["runs"], "billing run"))
        lines = [f"The demo company is made: {', '.join(parts)}."]
    else:
        lines = ["The demo company is there already: nothing was changed."]
    lines += _login_lines(demo)
    return [*lines, f"  Then open {summary['open']}: {demo.story.customer.name}, account {demo.story.name}."]


def _login_lines(demo: Demo) -> list[str]:
    change = f"`manage.py changepassword {OPERATOR}` sets a new password"
    address = reverse("admin:login")
    if demo.password:
        return [
            f"  Sign in at {address} as {OPERATOR} with the password {demo.password}",
            f"  It is shown only this once; {change}.",
        ]
    if demo.login:
        return [f"  Sign in at {address} as {OPERATOR}: the login exists, and {change}."]
    return [f"  There is no login {OPERATOR} any more; `manage.py createsuperuser` makes another."]
