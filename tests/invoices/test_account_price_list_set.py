"""Choosing the price list an account uses from a day on."""

from typing import Any

import pytest

from customers.acts import TokenReused
from customers.models import Act
from customers.services import account_close
from invoices.models import AccountPriceList
from invoices.price_lists import lists_on
from invoices.price_services import PriceListRefused, account_price_list_set
from tests.factories import an_account, by_now, day
from tests.invoices.prices import a_price_list, uses

pytestmark = pytest.mark.django_db


def test_a_choice_is_kept_and_leaves_a_record_on_the_account() -> None:
    account, prices = an_account(), a_price_list(default=False)
    choice = uses(account, prices)
    assert lists_on([account.pk], day("2026-08-01")) == {account.pk: prices.pk}
    assert lists_on([account.pk], day("2026-07-31")) == {}
    record = Act.objects.get(kind="account_price_list_set")
    assert (record.account, record.subject) == (account, f"account:{account.pk}")
    assert record.details == {"choice": choice.pk}


def test_r13_twice_is_once_and_other_content_is_refused() -> None:
    account, prices = an_account(), a_price_list()
    once: dict[str, Any] = {"account": account, "price_list": prices, "effective_from": day("2026-08-01")}
    once |= by_now("2026-07-01")
    assert account_price_list_set(**once) == account_price_list_set(**once)
    with pytest.raises(TokenReused):
        account_price_list_set(**once | {"price_list": None})
    assert AccountPriceList.objects.count() == 1


def test_r15_a_list_in_another_currency_is_refused_in_words() -> None:
    with pytest.raises(PriceListRefused, match="in JPY, and the account in USD"):
        uses(an_account(), a_price_list(currency="JPY"))


def test_a_closed_account_and_a_day_out_of_time_are_refused() -> None:
    account, prices = an_account(), a_price_list()
    with pytest.raises(PriceListRefused, match="between the years"):
        uses(account, prices, "1999-12-31")
    account_close(account=account, reason="Left", **by_now("2026-07-01"))
    with pytest.raises(PriceListRefused, match="closed"):
        uses(account, prices)
    assert not AccountPriceList.objects.exists()
