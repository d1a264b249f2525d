"""An account, and what it is charged for: tests of charges and usage start here unless they say otherwise."""

import pytest

from customers.models import Account
from invoices.models import Item, Kind, PriceList
from tests.factories import an_account, an_item
from tests.invoices.recurring import a_price, a_price_list


@pytest.fixture
def account() -> Account:
    return an_account()


@pytest.fixture
def seats() -> Item:
    return an_item("Seats", Kind.LICENSE, unit="seat")


@pytest.fixture
def calls() -> Item:
    return an_item("API calls")


@pytest.fixture
def standard(calls: Item) -> PriceList:
    price_list = a_price_list()
    a_price(price_list, calls, ("1000", "0.01"), ("", "0.005"), scheme="graduated")
    return price_list
