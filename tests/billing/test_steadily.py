"""What may be done twice is asked again when its connection is lost, and only then. PostgreSQL only."""

import psycopg
import pytest
from django.db import DataError, OperationalError, connection, transaction

from billing.issuing.chunk import steadily
from customers.models import Account
from tests.processes import database_address

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]


def cut() -> None:
    connection.ensure_connection()
    with psycopg.connect(database_address(), autocommit=True) as another:
        another.execute("SELECT pg_terminate_backend(%s, 5000)", [connection.connection.info.backend_pid])


@pytest.mark.parametrize("statements", [0, 1])
def test_a_transaction_whose_connection_is_lost_is_asked_again_once(statements: int) -> None:
    asked: list[int] = []

    def ask() -> int:
        with transaction.atomic():
            for _ in range(statements):
                Account.objects.count()
            asked.append(len(asked))
            if len(asked) == 1:
                cut()
            return Account.objects.count()

    assert (steadily(ask), asked) == (0, [0, 1])


def test_one_that_is_lost_twice_is_given_up() -> None:
    def ask() -> None:
        with transaction.atomic():
            cut()
            Account.objects.count()

    with pytest.raises(OperationalError):
        steadily(ask)


def test_what_the_database_refuses_on_a_sound_connection_is_not_asked_again() -> None:
    asked: list[int] = []

    def ask(words: str) -> None:
        asked.append(1)
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(words)

    with pytest.raises(DataError):
        steadily(lambda: ask("SELECT 1 / 0"))
    with pytest.raises(OperationalError):
        steadily(lambda: ask("SET LOCAL statement_timeout = 1; SELECT pg_sleep(5)"))
    assert len(asked) == 2
