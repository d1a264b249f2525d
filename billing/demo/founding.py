"""Making the demo on an empty database, once, with a login for its operator; all of it or nothing."""

from dataclasses import dataclass
from datetime import UTC, datetime

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.crypto import get_random_string

from billing.demo.company import FIRST_TOKEN, Company
from billing.demo.days import Days
from billing.demo.facts import CUSTOMERS, STORY
from customers.acts import Actor, Refusal
from customers.models import Account, Act, Customer

OPERATOR = "operator"
ROLE = "Operators"


class DemoRefused(Refusal):
    """A database that is in use for something else."""


@dataclass(frozen=True, slots=True)
class Demo:
    """`password` is there only if the login was made now: it is kept nowhere but as a hash."""

    made: bool
    story: Account
    login: bool
    password: str


def demo_make(*, by: Actor, now: datetime) -> Demo:
    """Make the company and the login, or find them made before. Refuses among other customers."""
    with transaction.atomic():
        if Act.objects.filter(token=FIRST_TOKEN).exists():
            return Demo(made=False, story=_story(), login=_login_exists(), password="")
        if Customer.objects.exists():
            raise DemoRefused(
                "This database has customers already, and the demo is not put among them. "
                "Set DATABASE_URL to a database of its own."
            )
        Company(Days(now.astimezone(UTC).date()), by).make()
        password = "" if _login_exists() else _login_make()
        return Demo(made=True, story=_story(), login=True, password=password)


def _story() -> Account:
    return Account.objects.get(customer__key=CUSTOMERS[0][0], key=STORY)


def _login_exists() -> bool:
    return get_user_model().objects.filter(username=OPERATOR).exists()


def _login_make() -> str:
    """The operator, with a password nobody could guess, and the rights of the role that ships."""
    role = Group.objects.filter(name=ROLE).first()
    if role is None:
        raise DemoRefused(
            f"The role “{ROLE}” is missing. Run `manage.py migrate`: it puts the roles in force."
        )
    password = get_random_string(20)
    user = get_user_model().objects.create_user(OPERATOR, password=password, is_staff=True)
    user.groups.add(role)
    return password
