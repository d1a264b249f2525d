"""Bars: heaped from zero, both ways, and never wider or taller than their box."""

from hypothesis import given
from hypothesis import strategies as st

from billing.reports.bars import Bars, bars


def drawn(values: list[list[int]], size: tuple[int, int] = (1100, 240)) -> Bars | None:
    named = [(f"Month {number}", parts) for number, parts in enumerate(values)]
    return bars(named, ("One", "Two"), str, size=size)


def test_nothing_is_drawn_of_nothing() -> None:
    assert drawn([]) is None
    assert drawn([[0, 0], [0, 0]]) is None


def test_parts_are_heaped_and_say_what_they_are() -> None:
    chart = drawn([[30, 10], [0, 20]])
    assert chart is not None
    one, two, three = chart.parts
    assert (one.series, two.series, three.series) == (1, 2, 2)
    assert one.words == "Month 0, One: 30"
    assert one.y + one.height == chart.zero == three.y + three.height
    assert two.y + two.height == one.y
    assert one.height == 3 * two.height
    assert [amount for _, amount in chart.amounts] == ["0", "10", "20", "30", "40"]


def test_what_is_below_zero_hangs_from_the_line() -> None:
    chart = drawn([[30, -10]])
    assert chart is not None
    up, down = chart.parts
    assert up.y + up.height == chart.zero == down.y


@given(
    st.lists(st.lists(st.integers(-(10**15), 10**15), min_size=2, max_size=2), min_size=1, max_size=40),
    st.sampled_from([(1100, 240), (540, 240), (360, 200)]),
)
def test_all_of_it_is_inside_the_box(values: list[list[int]], size: tuple[int, int]) -> None:
    chart = drawn(values, size)
    if chart is None:
        return
    assert 2 <= len(chart.amounts) <= 7
    for part in chart.parts:
        assert chart.left <= part.x <= part.x + part.width <= chart.width
        assert 0 <= part.y <= part.y + part.height <= chart.height
    assert all(chart.left < x < chart.width for x, _ in chart.names)
    assert chart.names
