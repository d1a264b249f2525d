"""What a price saves, in percent that is never overstated; and what a part of a credit was bought for."""

import pytest

from credits.discount import discount_percent, discount_text, price_of_part, price_of_rest


@pytest.mark.parametrize(
    ("price", "worth", "text"),
    [
        (8000, 10000, "20 % off"),
        (0, 10000, "100 % off"),
        (10000, 10000, ""),
        (12000, 10000, ""),
        (6667, 10000, "33.3 % off"),
        (1, 3, "66.6 % off"),
        (9996, 10000, ""),
        (9990, 10000, "0.1 % off"),
        (1, 10000, "99.9 % off"),
        (1, 10**15, "99.9 % off"),
        (10**15 - 1, 10**15, ""),
        (500, 1000, "50 % off"),
    ],
)
def test_a_discount_is_rounded_down_to_a_tenth_of_a_percent(price: int, worth: int, text: str) -> None:
    assert discount_text(price, worth) == text
    assert discount_percent(price, worth) * worth <= max(worth - price, 0) * 100


@pytest.mark.parametrize(
    ("price", "part", "whole", "expected"),
    [(8000, 5000, 10000, 4000), (100, 1, 3, 33), (200, 1, 3, 67), (1, 1, 2, 0), (3, 1, 2, 2), (80, 0, 9, 0)],
)
def test_the_price_of_a_part_is_rounded_once_half_even(
    price: int, part: int, whole: int, expected: int
) -> None:
    assert price_of_part(price, part, whole) == expected


@pytest.mark.parametrize(
    ("price", "rest", "whole"), [(5, 1, 2), (7, 1, 2), (8000, 3333, 10000), (1, 1, 3), (0, 1, 2)]
)
def test_the_price_of_a_part_and_of_the_rest_come_to_the_price(price: int, rest: int, whole: int) -> None:
    """Each rounded by itself, half of 5 would be 2 twice."""
    assert price_of_part(price, whole - rest, whole) + price_of_rest(price, rest, whole) == price
