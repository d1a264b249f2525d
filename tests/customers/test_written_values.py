"""Rows written many at once are the rows that were given, whatever is in them."""

import pytest
from django.db import connection

from customers.acts import Actor, Deed, acts_record
from customers.models import Act
from customers.setwise import array
from tests.factories import an_account, at

ODD = (
    *("", "NULL", "null", "{}", "a,b", ' "quoted" ', "it's", "\\", '\\"', "\\N", "tab\tline\nend"),
    *("%s %%", "ü—漢"),
)


@pytest.mark.django_db
def test_words_with_any_sign_arrive_as_they_were() -> None:
    account = an_account()
    by = Actor(origin='a, "test" \\ it\'s {1}', command="%s")
    deeds = [
        Deed(f"t:{place}", {}, account.pk, f"s:{text}", {"said": text, "none": None})
        for place, text in enumerate(ODD)
    ]
    acts_record("odd", deeds, by=by, now=at("2026-08-01"))
    found = Act.objects.filter(kind="odd").order_by("pk")
    assert [act.details for act in found] == [{"said": text, "none": None} for text in ODD]
    assert [act.subject for act in found] == [f"s:{text}" for text in ODD]
    assert {(act.origin, act.command) for act in found} == {(by.origin, by.command)}


@pytest.mark.django_db
@pytest.mark.postgresql
def test_an_array_is_read_as_the_values_it_was_made_of() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::text[], %s::bigint[]", [array([*ODD, None]), array([1, None, -(2**63)])])
        assert cursor.fetchone() == ([*ODD, None], [1, None, -(2**63)])
