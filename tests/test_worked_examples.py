"""Five stories an accountant can follow, to the cent."""

import pytest

from credits.models import Category, Credit
from customers.models import Account
from customers.money import amount_text
from invoices.models import Invoice, Kind
from tests.factories import (
    a_credit,
    a_customer,
    a_draft,
    a_line,
    an_account,
    an_item,
    balance,
    correct,
    expire,
    issue,
    ledger,
    paid_by_line,
    void,
)

pytestmark = pytest.mark.django_db


def figures(invoice: Invoice) -> dict[str, str]:
    """Total, what credits paid, what is due: as on the invoice."""
    total, credited = invoice.total or 0, invoice.credited or 0
    amounts = {"total": total, "credited": credited, "due": invoice.amount_due or 0}
    return {name: amount_text(amount, invoice.currency) for name, amount in amounts.items()}


def paid(invoice: Invoice) -> list[tuple[str, str, str]]:
    """Which credit paid how much of which line."""
    return [
        (credit, line, amount_text(sum_, invoice.currency)) for credit, line, sum_ in paid_by_line(invoice)
    ]


def left(credit: Credit) -> str:
    return amount_text(balance(credit), credit.currency)


def booked(account: Account) -> list[tuple[str, str]]:
    return [(kind, amount_text(amount, account.currency)) for _, kind, amount in ledger(account)]


def test_john_wick_of_chatppt_uses_his_referral_first_and_then_what_he_bought() -> None:
    """A referral of 100.00 pays API calls only; 500.00 bought in advance pay anything.

    August:    12,500 calls × 0.004 = 50.00; 3 seats × 25.00 = 75.00; platform 20.00;  together 145.00
    September: 20,000 calls × 0.004 = 80.00;                   75.00;          20.00;  together 175.00
    October:  100,000 calls × 0.004 = 400.00;                  75.00;          20.00;  together 495.00
    """
    account = an_account(a_customer("John Wick"), name="ChatPPT", time_zone="America/New_York")
    calls = an_item("API calls", Kind.USAGE_METER)
    seats, platform = an_item("Seats", Kind.LICENSE), an_item("Platform", Kind.FIXED_FEE)
    bought = a_credit(account, "500.00", name="Bought", priority=50, category=Category.PURCHASED)
    referral = a_credit(account, "100.00", name="Referral", priority=10, kinds=(Kind.USAGE_METER,))

    def month(quantity: str, start: str, end: str) -> Invoice:
        lines = (a_line(calls, "0.004", quantity), a_line(seats, "25.00", "3"), (platform, "20.00"))
        return issue(a_draft(account, *lines, start=start, end=end), end)

    august = month("12500", "2026-08-01", "2026-09-01")
    assert figures(august) == {"total": "145.00", "credited": "145.00", "due": "0.00"}
    assert paid(august) == [
        ("Referral", "API calls", "50.00"),
        ("Bought", "Seats", "75.00"),
        ("Bought", "Platform", "20.00"),
    ]
    assert (left(referral), left(bought)) == ("50.00", "405.00")

    september = month("20000", "2026-09-01", "2026-10-01")
    assert figures(september) == {"total": "175.00", "credited": "175.00", "due": "0.00"}
    assert paid(september) == [
        ("Referral", "API calls", "50.00"),
        ("Bought", "API calls", "30.00"),
        ("Bought", "Seats", "75.00"),
        ("Bought", "Platform", "20.00"),
    ]
    assert (left(referral), left(bought)) == ("0.00", "280.00")

    october = month("100000", "2026-10-01", "2026-11-01")
    assert figures(october) == {"total": "495.00", "credited": "280.00", "due": "215.00"}
    assert paid(october) == [("Bought", "API calls", "280.00")]
    assert (left(referral), left(bought)) == ("0.00", "0.00")


def test_r5_an_earlier_credit_moves_aside_so_that_a_later_one_is_not_stranded() -> None:
    """X 50.00, Y 40.00, Z 30.00: together 120.00.

    First any line with 60.00, then 50.00 for X only, then 40.00 for Y only. Had the first one paid
    X (50.00) and Y (10.00) from the top, the second would find nothing and 30.00 of Z would be due.
    Instead it leaves X to the second, and of Y so much (10.00) to the third that nothing is due.
    """
    account = an_account()
    x, y, z = an_item("X"), an_item("Y"), an_item("Z")
    first = a_credit(account, "60.00", name="Any line", priority=1)
    second = a_credit(account, "50.00", name="X only", priority=2, items=(x,))
    third = a_credit(account, "40.00", name="Y only", priority=3, items=(y,))
    invoice = issue(a_draft(account, (x, "50.00"), (y, "40.00"), (z, "30.00")))
    assert figures(invoice) == {"total": "120.00", "credited": "120.00", "due": "0.00"}
    assert paid(invoice) == [
        ("Any line", "Y", "30.00"),
        ("Any line", "Z", "30.00"),
        ("X only", "X", "50.00"),
        ("Y only", "Y", "10.00"),
    ]
    assert [left(credit) for credit in (first, second, third)] == ["0.00", "0.00", "30.00"]


def test_r9_a_wrong_invoice_is_corrected_and_another_voided() -> None:
    """100.00 expire on 31 August. August is billed at 80.00, and should have been 60.00.

    Found in December, when the grace is long over: 80.00 come back, the correction takes 60.00 on
    the terms of 1 September, and the 40.00 left are gone. Then the correction is voided too: what
    comes back then is gone at once.
    """
    account, item = an_account(), an_item()
    credit = a_credit(account, "100.00", expires_on="2026-08-31")
    wrong = issue(a_draft(account, (item, "80.00")), "2026-09-01")
    assert figures(wrong) == {"total": "80.00", "credited": "80.00", "due": "0.00"}

    replacement = correct(wrong, "2026-12-01")
    replacement.lines.update(unit_price="60.00", amount=6000)
    right = issue(replacement, "2026-12-01")
    expire(account, "2026-12-02")
    assert (wrong.number, right.number) == ("INV-2026-000001", "INV-2026-000002")
    assert figures(right) == {"total": "60.00", "credited": "60.00", "due": "0.00"}
    assert booked(account) == [
        ("granted", "100.00"),
        ("applied", "-80.00"),
        ("reversed", "80.00"),
        ("applied", "-60.00"),
        ("expired", "-40.00"),
    ]

    void(right, "2026-12-03")
    assert booked(account)[5:] == [("reversed", "60.00"), ("expired", "-60.00")]
    assert left(credit) == "0.00"


def test_r12_a_correction_line_lowers_charges_before_credits_pay() -> None:
    """August: API 100.00, API −30.00, Seats 50.00: 120.00, of which 70.00 are API calls.

    September: API 20.00, API −30.00, Storage 40.00, Seats 10.00: 40.00. The −30.00 take all of API
    (20.00) and 10.00 of Storage, which is of its kind. Payable are Storage 30.00 and Seats 10.00.
    """
    account = an_account()
    api, storage, seats = an_item("API"), an_item("Storage"), an_item("Seats", Kind.LICENSE)
    usage = a_credit(account, "75.00", name="Usage", priority=1, kinds=(Kind.USAGE_METER,))
    any_line = a_credit(account, "12.00", name="Any line", priority=2)

    august = issue(a_draft(account, (api, "100.00"), (api, "-30.00"), (seats, "50.00")))
    assert figures(august) == {"total": "120.00", "credited": "82.00", "due": "38.00"}
    assert paid(august) == [("Usage", "API", "70.00"), ("Any line", "Seats", "12.00")]

    more = a_credit(account, "28.00", name="More", priority=3, now="2026-09-02")
    lines = ((api, "20.00"), (api, "-30.00"), (storage, "40.00"), (seats, "10.00"))
    september = issue(a_draft(account, *lines, start="2026-09-01", end="2026-10-01"), "2026-10-01")
    assert figures(september) == {"total": "40.00", "credited": "33.00", "due": "7.00"}
    assert paid(september) == [
        ("Usage", "Storage", "5.00"),
        ("More", "Storage", "25.00"),
        ("More", "Seats", "3.00"),
    ]
    assert [left(credit) for credit in (usage, any_line, more)] == ["0.00", "0.00", "0.00"]


def test_r10_dinars_have_three_decimals_and_what_is_not_used_in_time_is_gone() -> None:
    """10.500 KWD expire on 31 August, days counted in Kuwait.

    August: 3 × 1.2345 = 3.7035, to the even 3.704; 7 × 0.3335 = 2.3345, to the even 2.334; 6.038 in all.
    September's service began after the last day, so the 4.462 left pay nothing of it. The grace ends
    on 15 October; on 16 October they are gone, and that is their value date though booked in November.
    """
    account = an_account(currency="KWD", time_zone="Asia/Kuwait")
    calls, storage = an_item("Calls"), an_item("Storage")
    credit = a_credit(account, "10.500", expires_on="2026-08-31")

    august = issue(a_draft(account, a_line(calls, "1.2345", "3"), a_line(storage, "0.3335", "7")))
    assert figures(august) == {"total": "6.038", "credited": "6.038", "due": "0.000"}
    assert paid(august) == [("Welcome", "Calls", "3.704"), ("Welcome", "Storage", "2.334")]
    assert left(credit) == "4.462"

    september = a_draft(account, (calls, "5.000"), start="2026-09-01", end="2026-10-01")
    assert figures(issue(september, "2026-10-01")) == {"total": "5.000", "credited": "0.000", "due": "5.000"}

    [gone] = expire(account, "2026-11-20")
    assert (str(gone.value_date), str(gone.booked_at.date())) == ("2026-10-16", "2026-11-20")
    assert booked(account) == [
        ("granted", "10.500"),
        ("applied", "-3.704"),
        ("applied", "-2.334"),
        ("expired", "-4.462"),
    ]
