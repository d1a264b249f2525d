"""The ground all acts stand on: one transaction, one record, once per request token (R13, R14).

An act is a keyword-only function decorated with `@act`. It locks the account first, asks
`act_repeated` whether its token has already been here, looks, writes, and leaves one `Act` row
through `act_record`. A refusal is raised: the whole transaction goes, the record with it, so
the token stays free for another try.
"""

import getpass
import hashlib
import json
import os
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import wraps
from typing import Any, NamedTuple, ParamSpec, TypeVar

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from customers.models import Account, Act
from customers.setwise import rows_insert_keyed

P = ParamSpec("P")
R = TypeVar("R")

CANONICAL = json.JSONEncoder(sort_keys=True, default=str, ensure_ascii=True)
TOKEN_GRAMMAR = re.compile(r"[\x21-\x7e]{1,100}", re.ASCII)


class Refusal(Exception):
    """Something the rules do not allow, with a sentence fit for a person."""


class TokenReused(Refusal):
    """A request token that arrived before with other content."""


class FactsChanged(Refusal):
    """What a confirmation showed is no longer what would happen."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: a signed-in person, or a named command run by somebody on a machine."""

    origin: str
    user: User | None = None
    command: str = ""

    @property
    def name(self) -> str:
        return self.user.get_username() if self.user else self.command

    @classmethod
    def from_command(cls, command: str) -> "Actor":
        return cls(origin=f"command line of {_login_name()}", command=command)


def _login_name() -> str:
    """The name of who is logged in; a container often runs under a number that has none."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return f"user {os.getuid()}"


def act(function: Callable[P, R]) -> Callable[P, R]:
    """Run the act as one transaction.

    Two arrivals of one token, or of one key, at the same moment: the database lets one in, and the
    other looks again, to find the first one's record or to refuse in words.
    """

    @wraps(function)
    def in_one_transaction(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            with transaction.atomic():
                return function(*args, **kwargs)
        except IntegrityError:
            with transaction.atomic():
                return function(*args, **kwargs)

    return in_one_transaction


def account_lock(account_id: int) -> Account:
    """The account's row, locked until the transaction ends; what is read after it is current.

    FOR NO KEY UPDATE: rows that point at the account can still be inserted by others. On SQLite
    the IMMEDIATE transaction holds the whole file, which serves the same end.
    """
    return accounts_lock([account_id])[0]


def accounts_lock(account_ids: list[int]) -> list[Account]:
    """Several accounts, always locked in the order of their ids, so that nobody waits in a ring."""
    if not transaction.get_connection().in_atomic_block:
        raise RuntimeError("An account is locked inside a transaction or not at all.")
    locked = list(
        Account.objects.select_for_update(no_key=True, of=("self",))
        .select_related("customer")
        .filter(pk__in=account_ids)
        .order_by("pk")
    )
    if len(locked) != len(set(account_ids)):
        raise Refusal("This account does not exist.")
    return locked


def fingerprint(content: Mapping[str, Any]) -> str:
    """A short proof of what was asked or shown: the same facts give the same text."""
    return hashlib.sha256(CANONICAL.encode(content).encode()).hexdigest()


def facts_check(shown: str, facts: Mapping[str, Any]) -> None:
    """Refuses if a confirmation that carries a fingerprint showed other facts (R13)."""
    if shown and shown != fingerprint(facts):
        raise FactsChanged("The facts have changed since this page was shown. Look again before you confirm.")


def act_repeated(kind: str, token: str, content: Mapping[str, Any]) -> Act | None:
    """The record of the first arrival of this token, if there was one.

    Refuses a token that is no token, and one that was used for something else.
    """
    if not TOKEN_GRAMMAR.fullmatch(token):
        raise TokenReused("A request needs a token of 1 to 100 visible ASCII characters.")
    first = Act.objects.filter(token=token).first()
    if first is None:
        return None
    if first.kind != kind or first.fingerprint != fingerprint(content):
        raise TokenReused(
            "This request token was already used for something else. "
            "Load the page again and repeat what you want."
        )
    return first


def act_record(
    kind: str,
    *,
    token: str,
    content: Mapping[str, Any],
    by: Actor,
    now: datetime,
    subject: str,
    account: Account | None = None,
    reason: str = "",
    details: Mapping[str, Any] | None = None,
) -> Act:
    """Write the one record of an act. `subject` names its result, such as `credit:17`."""
    return Act.objects.create(
        kind=kind,
        token=token,
        fingerprint=fingerprint(content),
        user=by.user,
        command=by.command,
        actor_name=by.name,
        origin=by.origin[:200],
        at=now,
        account=account,
        subject=subject,
        reason=reason,
        details=dict(details or {}),
    )


class Deed(NamedTuple):
    """What one of many acts of a kind did, to one account."""

    token: str
    content: Mapping[str, Any]
    account_id: int
    subject: str
    details: Mapping[str, Any]


def acts_record(kind: str, deeds: Sequence[Deed], *, by: Actor, now: datetime) -> dict[str, int]:
    """Write a record each, and answer with their ids by their tokens."""
    names = (
        *("kind", "token", "fingerprint", "user", "command", "actor_name", "origin", "at"),
        *("account", "subject", "reason", "details"),
    )
    who = (by.user.pk if by.user else None, by.command, by.name, by.origin[:200], now)
    rows = [
        (
            *(kind, deed.token, fingerprint(deed.content), *who),
            *(deed.account_id, deed.subject, "", deed.details),
        )
        for deed in deeds
    ]
    return rows_insert_keyed(Act, names, rows, key="token")
