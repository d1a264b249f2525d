"""Free units wherever a credit is shown: counted in units, beside the money they are worth (R11)."""

import pytest
from django.test import Client

from credits.models import Credit, Entry
from customers.models import Account, Act
from invoices.models import Invoice, Item, Kind
from tests.factories import (
    a_credit,
    a_draft,
    a_line,
    a_token,
    a_unit_credit,
    an_account,
    an_invoice,
    an_item,
    issue,
    void,
    void_credit,
)
from tests.pages.reading import fields, rows, sent, text

pytestmark = pytest.mark.django_db


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def api() -> Item:
    return an_item("API calls", unit="calls")


@pytest.fixture
def used(account: Account, api: Item) -> Credit:
    """1,000 free calls, of which 260 at a cent each are used."""
    credit = a_unit_credit(account, "1000", api, name="Free calls")
    an_invoice(account, a_line(api, "0.01", "260"))
    return credit


def left(web: Client, account: Account) -> str:
    seen = text(web.get(f"/accounts/{account.pk}/"))
    return seen[seen.index("Free units") :].partition("; ")[0]


def test_r11_from_a_grant_to_an_invoice_and_back_through_the_pages(web: Client, api: Item) -> None:
    account = an_account()
    web.post(
        f"/accounts/{account.pk}/credits/add/",
        {
            "name": "Free calls",
            "denomination": "units",
            "units": "1000",
            "unit_item": api.pk,
            "category": "promotional",
            "effective_from": "2026-08-01",
            "priority": "50",
            "request_token": a_token(),
        },
    )
    assert left(web, account) == "Free units 1,000 of 1,000 API calls left"
    draft = a_draft(account, a_line(api, "0.01", "260"))
    assert left(web, account) == "Free units 1,000 of 1,000 API calls left"
    assert "API calls left; 740 after the open drafts" in text(web.get(f"/accounts/{account.pk}/"))
    page = f"/invoices/{draft.pk}/"
    assert "260 calls − 260 free" in text(web.get(page))
    confirmation = text(web.get(f"{page}issue/"))
    assert "would be paid by Free calls : 260 calls free −$2.60" in confirmation
    assert "Issue for $0.00" in confirmation
    assert sent(web, f"{page}issue/").status_code == 302
    assert left(web, account) == "Free units 740 of 1,000 API calls left"
    seen = rows(web.get(page))
    assert "API calls 1 Aug – 31 Aug 2026 260 calls − 260 free $0.01 $2.60 −$2.60 $0.00" in seen
    assert "paid by Free calls : 260 calls free −$2.60" in seen
    assert "Free calls 260 API calls worth $2.60" in rows(web.get(f"{page}void/"))
    sent(web, f"{page}void/", reason="Wrong customer")
    assert left(web, account) == "Free units 1,000 of 1,000 API calls left"
    assert Credit.objects.with_balance().get().balance == 1000 * 10**6


def test_r11_a_line_shows_what_is_free_of_its_quantity(web: Client, account: Account, api: Item) -> None:
    a_unit_credit(account, "260", api, name="Free calls")
    a_credit(account, "1.00", name="Money")
    draft = a_draft(account, a_line(api, "0.01", "1000"))
    projected = rows(web.get(f"/invoices/{draft.pk}/"))
    assert "API calls 1 Aug – 31 Aug 2026 1,000 calls − 260 free $0.01 $10.00 −$3.60 $6.40" in projected
    issue(draft, "2026-09-10")
    issued = rows(web.get(f"/invoices/{draft.pk}/"))
    assert [row.replace("would be paid", "paid") for row in projected] == issued
    assert "Free calls Used. −$2.60 260 API calls" in issued
    assert "Money Used. −$1.00" in issued


def test_an_act_of_before_units_were_known_is_read_as_money(web: Client, account: Account, api: Item) -> None:
    credit = a_credit(account, "2.00", name="Money")
    invoice = an_invoice(account, (api, "5.00"))
    assert Act.objects.get(kind="invoice_issue").details["outcomes"] == [[credit.pk, "used", 200]]
    assert "Money Used. −$2.00" in rows(web.get(f"/invoices/{invoice.pk}/"))


def test_r11_units_that_cost_less_than_the_smallest_coin_are_shown_as_used(
    web: Client, account: Account, api: Item
) -> None:
    a_unit_credit(account, "10", api, name="Free calls")
    invoice = an_invoice(account, a_line(api, "0.0001", "100"))
    seen = rows(web.get(f"/invoices/{invoice.pk}/"))
    assert "paid by Free calls : 10 calls free –" in seen
    assert "Free calls Used. – 10 API calls" in seen


def test_r11_units_are_never_added_to_money(web: Client, account: Account, api: Item, used: Credit) -> None:
    a_credit(account, "50.00", name="Money")
    seen = text(web.get(f"/accounts/{account.pk}/"))
    assert "Available $50.00 an invoice" in seen
    assert "Projected $50.00 left" in seen
    assert "Used so far $0.00 of $50.00 granted" in seen


def test_each_item_has_its_own_tile_over_all_its_credits(web: Client, account: Account, api: Item) -> None:
    storage = an_item("Gigabytes", unit="GB")
    a_unit_credit(account, "100", api, expires_on="2026-09-30")
    a_unit_credit(account, "200.5", api)
    a_unit_credit(account, "7", storage)
    a_unit_credit(account, "9", storage, effective_from="2026-12-01")
    void_credit(a_unit_credit(account, "5", storage))
    seen = text(web.get(f"/accounts/{account.pk}/"))
    calls = "Free units 300.5 of 300.5 API calls left; 300.5 after the open drafts; 100 expire within 30 days"
    assert calls in seen
    assert "Free units 7 of 7 Gigabytes left; 7 after the open drafts" in seen


def test_lists_count_units(web: Client, account: Account, used: Credit) -> None:
    listed = text(web.get(f"/accounts/{account.pk}/credits/"))
    assert "API calls Never Live 740 of 1,000 API calls" in listed
    ledger = text(web.get(f"/accounts/{account.pk}/"))
    assert "−260 API calls −$2.60" in ledger
    home = text(web.get("/"))
    assert "USD $0.00 740 API calls" in home
    assert "$0.00 740 API calls" in text(web.get(f"/customers/{account.customer_id}/"))


def test_units_that_expire_soon_are_counted_on_the_home_page(
    web: Client, account: Account, api: Item
) -> None:
    a_unit_credit(account, "0.5", api, name="Trial", expires_on="2026-09-30")
    assert "Trial Main, John Wick 30 Sep 0.5 API calls" in rows(web.get("/"))


def test_r11_the_page_of_a_credit_has_a_ledger_of_units_and_money(web: Client, used: Credit) -> None:
    void(Invoice.objects.get(), "2026-09-05")
    void_credit(used, "2026-09-06")
    answer = web.get(f"/credits/{used.pk}/")
    seen = [row.split(" UTC ")[-1] for row in rows(answer)]
    assert "No. Entry For Value date Booked, UTC By API calls Worth Balance" in rows(answer)
    ends = [" ".join(row.split()[-3:]) for row in seen[-4:]]
    assert ends == ["1,000 – 1,000", "−260 −$2.60 740", "260 $2.60 1,000", "−1,000 – 0"]
    assert "Left 0 of 1,000 API calls granted" in text(answer)


def test_the_burn_down_of_units_is_drawn_in_units(web: Client, used: Credit) -> None:
    page = web.get(f"/credits/{used.pk}/").content.decode()
    assert ">1,000</text>" in page
    assert "1 Sep 2026: 740 API calls</title>" in page
    assert "Worth so far $2.60" in text(web.get(f"/credits/{used.pk}/"))


def test_r8_voiding_says_which_units_are_lost_and_what_those_used_were_worth(
    web: Client, used: Credit
) -> None:
    seen = text(web.get(f"/credits/{used.pk}/void/"))
    assert "Lost 740 API calls what is left of 1,000 API calls" in seen
    assert "Stays 260 API calls, worth $2.60 what it already paid stays paid" in seen
    sent(web, f"/credits/{used.pk}/void/", reason="By mistake")
    assert Entry.objects.latest("number").units == -740 * 10**6
    assert "Free units" not in text(web.get(f"/accounts/{used.account_id}/"))


def test_r2_replacing_begins_with_the_units_that_are_left(web: Client, used: Credit, api: Item) -> None:
    answer = web.get(f"/credits/{used.pk}/replace/")
    assert "The rest of “Free calls”, 740 API calls, is voided" in text(answer)
    form = fields(answer)
    assert (form["denomination"], form["units"], form["unit_item"]) == ("units", "740", str(api.pk))
    sent(web, f"/credits/{used.pk}/replace/", units="800", reason="More of them")
    new = Credit.objects.with_balance().get(replaces=used)
    assert (new.balance, new.unit_item) == (800 * 10**6, api)
    assert Credit.objects.with_balance().get(pk=used.pk).balance == 0


def test_r2_units_may_be_replaced_by_money(web: Client, used: Credit) -> None:
    more = {"denomination": "money", "amount": "7.40", "applies_to": "invoice", "reason": "Money instead"}
    sent(web, f"/credits/{used.pk}/replace/", **more)
    new = Credit.objects.get(replaces=used)
    assert (new.amount, new.units, new.scope_rows.count()) == (740, None, 0)


def test_r13_an_issue_whose_units_changed_meanwhile_is_shown_again(
    web: Client, account: Account, api: Item
) -> None:
    """The money is the same: only what is counted differs."""
    a_unit_credit(account, "10", api, name="Free calls")
    draft = a_draft(account, a_line(api, "0.0001", "100"))
    form = fields(web.get(f"/invoices/{draft.pk}/issue/"))
    a_unit_credit(account, "10", api, name="More calls")
    answer = web.post(f"/invoices/{draft.pk}/issue/", form)
    assert answer.status_code == 200
    assert "More calls : 10 calls free" in text(answer)
    assert Invoice.objects.get().is_draft


@pytest.mark.parametrize("closed", [False, True])
def test_r9_a_void_tells_which_units_come_back_and_which_close_again(
    web: Client, account: Account, used: Credit, closed: bool
) -> None:
    if closed:
        void_credit(used, "2026-09-05")
    seen = rows(web.get(f"/invoices/{Invoice.objects.get().pk}/void/"))
    again = "closed again at once: the credit is voided " if closed else ""
    assert f"Free calls {again}260 API calls worth $2.60" in seen


def test_r2_the_admin_shows_units_tags_and_limits_and_offers_no_field(
    root_web: Client, account: Account, api: Item, used: Credit
) -> None:
    capped = a_credit(account, "50.00", name="Half", max_amount=20000, kinds=(Kind.LICENSE,))
    listed = rows(root_web.get("/admin/credits/credit/"))
    assert any("Free calls" in row and "1,000 API calls 740 API calls" in row for row in listed)
    shown = root_web.get(f"/admin/credits/credit/{capped.pk}/change/")
    assert "Limit on one invoice: At most $200.00 on an invoice" in text(shown)
    assert b'name="_save"' not in shown.content
    entries = rows(root_web.get("/admin/credits/entry/"))
    assert any("Applied −$2.60 −260 API calls" in row for row in entries)
    assert any("Granted $0.00 1,000 API calls" in row for row in entries)
    assert any(
        "1,000 API calls 740 API calls" in row for row in rows(root_web.get("/admin/credits/balance/"))
    )


def test_the_newest_entries_name_their_credits_live_or_closed(
    web: Client, account: Account, used: Credit
) -> None:
    void_credit(a_credit(account, "5.00", name="Gone"))
    assert rows(web.get(f"/accounts/{account.pk}/"))[-4:] == [
        "4 Voided Gone 15 Aug 2026 −$5.00",
        "3 Granted Gone 1 Aug 2026 $5.00",
        "2 Applied Free calls , INV-2026-000001 1 Sep 2026 −260 API calls −$2.60",
        "1 Granted Free calls 1 Aug 2026 1,000 API calls",
    ]
