"""The chain of hashes: its text is fixed for good, and the ledger follows it (R14, R16)."""

import hashlib
from datetime import UTC, date, datetime, timedelta, timezone
from threading import Thread
from typing import Any

import pytest
from django.db import connection

from billing.services import invoice_issue
from credits.chain import GENESIS, Link, link_hash
from credits.ledger import entry_link
from credits.models import Entry
from credits.services import credit_grant
from customers.models import Account
from tests.factories import (
    a_credit,
    a_customer,
    a_draft,
    a_run,
    an_account,
    an_invoice,
    an_item,
    by_now,
    correct,
    expire,
    issue,
    terms,
    void,
    void_credit,
)
from tests.forging import chains_forge

GRANTED = Link(
    account=7,
    number=1,
    credit=12,
    kind="granted",
    currency="USD",
    amount=5000,
    units=None,
    invoice=None,
    line=None,
    reverses=None,
    act=31,
    value_date=date(2026, 8, 1),
    booked_at=datetime(2026, 8, 1, 12, 0, 0, 1, tzinfo=UTC),
)
REVERSED = Link(
    account=7,
    number=3,
    credit=12,
    kind="reversed",
    currency="JPY",
    amount=-9223372036854775808,
    units=-260_000_000,
    invoice=4,
    line=9,
    reverses=44,
    act=33,
    value_date=date(1, 1, 1),
    booked_at=datetime(9999, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
)
FIRST_TEXT = (
    "scrip-entry-1|0000000000000000000000000000000000000000000000000000000000000000|7|1|12|granted|USD|5000"
    "|-|-|-|-|31|2026-08-01|2026-08-01T12:00:00.000001Z"
)
FIRST_HASH = "100870ca19511871e777217a585af042e7e9aa23088ac05cbac9fd4cbfb6a7e4"
SECOND_TEXT = (
    f"scrip-entry-1|{FIRST_HASH}|7|3|12|reversed|JPY|-9223372036854775808"
    "|-260000000|4|9|44|33|0001-01-01|9999-12-31T23:59:59.999999Z"
)
SECOND_HASH = "1d8082d927c5188b4b23e5e0f64dba48ed6ba540a441258a7758400354ee7ca7"

# Each fact of an entry, and another value for it.
OTHER: dict[str, Any] = {
    "account": 8,
    "number": 2,
    "credit": 13,
    "kind": "expired",
    "currency": "EUR",
    "amount": 5001,
    "units": 1,
    "invoice": 1,
    "line": 1,
    "reverses": 1,
    "act": 32,
    "value_date": date(2026, 8, 2),
    "booked_at": GRANTED.booked_at + timedelta(microseconds=1),
}


def test_what_is_hashed_is_this_text_and_no_other_for_good() -> None:
    assert GRANTED.canonical(GENESIS) == FIRST_TEXT
    assert REVERSED.canonical(FIRST_HASH) == SECOND_TEXT


def test_the_hash_is_the_sha256_of_the_text() -> None:
    assert link_hash(GENESIS, GRANTED) == FIRST_HASH == hashlib.sha256(FIRST_TEXT.encode()).hexdigest()
    assert link_hash(FIRST_HASH, REVERSED) == SECOND_HASH == hashlib.sha256(SECOND_TEXT.encode()).hexdigest()


def test_a_chain_begins_with_64_zeros() -> None:
    assert GENESIS == "0000000000000000000000000000000000000000000000000000000000000000"


def test_every_fact_of_an_entry_changes_its_hash() -> None:
    assert set(OTHER) == set(Link._fields)
    hashes = {link_hash(GENESIS, GRANTED._replace(**{name: value})) for name, value in OTHER.items()}
    assert len(hashes | {FIRST_HASH}) == len(OTHER) + 1


def test_the_entry_before_changes_the_hash() -> None:
    assert link_hash(FIRST_HASH, GRANTED) != FIRST_HASH


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"account": 1, "number": 11}, {"account": 11, "number": 1}),
        ({"invoice": 5, "line": None}, {"invoice": None, "line": 5}),
        ({"line": 5, "reverses": None}, {"line": None, "reverses": 5}),
        ({"amount": 5, "invoice": 0}, {"amount": 50, "invoice": None}),
    ],
)
def test_no_two_entries_have_one_text(one: dict[str, Any], other: dict[str, Any]) -> None:
    texts = {GRANTED._replace(**facts).canonical(GENESIS) for facts in (one, other)}
    assert len(texts) == 2


def test_times_are_hashed_in_utc_to_the_microsecond_wherever_they_were_read() -> None:
    elsewhere = GRANTED.booked_at.astimezone(timezone(timedelta(hours=13, minutes=45)))
    assert elsewhere.date() == date(2026, 8, 2)
    assert link_hash(GENESIS, GRANTED._replace(booked_at=elsewhere)) == FIRST_HASH
    whole = GRANTED._replace(booked_at=datetime(2026, 8, 1, 12, tzinfo=UTC))
    assert whole.canonical(GENESIS).endswith("|2026-08-01T12:00:00.000000Z")


@pytest.mark.django_db
def test_r16_no_word_about_a_person_is_hashed() -> None:
    account, item = an_account(a_customer("Zoë Wick", email="zoe@example.org"), name="Zoë's"), an_item("Zoë")
    a_credit(account, "50.00", name="Zoë")
    void(an_invoice(account, (item, "30.00")))
    texts = [entry_link(entry).canonical(GENESIS) for entry in Entry.objects.all()]
    assert len(texts) == 3
    words = {word for text in texts for word in text.split("|") if any(letter.isalpha() for letter in word)}
    times = {word for word in words if word.endswith("Z") and word[:4] == "2026"}
    assert words - times == {"scrip-entry-1", "granted", "applied", "reversed", "USD"}


@pytest.mark.django_db
def test_every_kind_of_entry_follows_from_the_one_before() -> None:
    account, item = an_account(time_zone="Pacific/Auckland"), an_item()
    a_credit(account, "50.00", expires_on="2026-09-30", now="2026-08-01 23:59:59.999999")
    issue(correct(an_invoice(account, (item, "30.00"))), "2026-09-10")
    expire(account, "2026-11-15")
    void_credit(a_credit(account, "5.00"))
    other = an_account()
    a_credit(other, "10.00")
    assert kinds(account) == {"granted", "applied", "reversed", "expired", "voided"}
    assert_in_line(account, other)


@pytest.mark.django_db
def test_several_accounts_at_once_each_go_on_from_their_own_last_entry() -> None:
    accounts, item = [an_account() for _ in range(3)], an_item()
    for number, account in enumerate(accounts):
        for _ in range(number + 1):
            a_credit(account, "4.00")
        for _ in range(2):
            a_draft(account, (item, "6.00"))
    assert a_run().parts.count() == 1, "in one transaction: none had to be tried again by itself"
    assert Entry.objects.filter(kind="applied").count() == 1 + 3 + 4
    assert_in_line(*accounts)


def kinds(account: Account) -> set[str]:
    return set(Entry.objects.filter(account=account).values_list("kind", flat=True))


def assert_in_line(*accounts: Account) -> None:
    """Read back from the database, the entries of each account make one line of hashes from the beginning."""
    for account in accounts:
        previous, number = GENESIS, 0
        for entry in Entry.objects.filter(account=account).order_by("number"):
            previous, number = link_hash(previous, entry_link(entry)), number + 1
            assert (entry.number, entry.hash) == (number, previous)
        assert number > 0
    before = dict(Entry.objects.values_list("pk", "hash"))
    chains_forge()  # writes only where a hash does not follow
    assert dict(Entry.objects.values_list("pk", "hash")) == before


@pytest.mark.django_db(transaction=True)
def test_r14_postings_at_once_keep_one_line() -> None:
    """Four desks grant and bill on one account at the same time; no two build on the same entry."""
    account, item = an_account(), an_item()
    drafts = [a_draft(account, (item, "3.00")) for _ in range(4)]
    told = [[by_now("2026-09-01") for _ in range(3)] for _ in drafts]
    promise = terms(account, "1.00")
    failed: list[BaseException] = []

    def desk(number: int) -> None:
        try:
            for once in told[number][:2]:
                credit_grant(account=account, terms=promise, reason="", **once)
            invoice_issue(invoice=drafts[number], **told[number][2])
        except BaseException as trouble:  # noqa: BLE001
            failed.append(trouble)
        finally:
            connection.close()

    threads = [Thread(target=desk, args=[number]) for number in range(len(drafts))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    assert Entry.objects.filter(account=account, kind="granted").count() == 8
    assert Entry.objects.filter(account=account, kind="applied").count() >= 4
    assert_in_line(account)
