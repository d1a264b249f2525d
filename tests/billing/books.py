"""Books that somebody may forge, and the two commands that look after them."""

from io import StringIO
from pathlib import Path

from django.core.management import call_command

from credits.models import Credit, Entry
from tests.factories import a_credit, an_account, an_invoice, an_item, void, void_credit

COLUMNS = "account_id, credit_id, kind, currency, amount, invoice_id, line_id, act_id, value_date, booked_at"


class Books:
    """An account with eleven entries, and another.

    1, 2: two credits granted. 3, 4: the first pays 30.00 and 20.00 on two invoices. 5, 6: it pays a third,
    and gets that back. 7, 8: a credit granted and voided. 9 to 11: both pay an invoice of 65.00.
    """

    def __init__(self) -> None:
        self.account, item, seats = an_account(), an_item(), an_item("Seats")
        self.credit = a_credit(self.account, "100.00", priority=1, items=(item,))
        self.second = a_credit(self.account, "50.00", priority=2, items=(item,))
        first = an_invoice(self.account, (item, "30.00"), (seats, "10.00"))
        self.unpaid = first.lines.get(position=2)
        an_invoice(self.account, (item, "20.00"), now="2026-09-02")
        void(an_invoice(self.account, (item, "5.00"), now="2026-09-03"), "2026-09-04")
        void_credit(a_credit(self.account, "7.00"), "2026-09-05")
        self.last = an_invoice(self.account, (item, "40.00"), (item, "25.00"), now="2026-09-06")
        self.other = an_account()
        a_credit(self.other, "10.00")
        an_invoice(self.other, (item, "4.00"))
        assert Entry.objects.filter(account=self.account).count() == 11

    def row(self, number: int) -> str:
        """How `verify_ledger` names an entry of the account."""
        return rf"^entry {number} of account {self.account.pk} \({self.account.key}\): "

    def where(self, number: int) -> str:
        return f"WHERE account_id = {self.account.pk} AND number = {number}"

    def insert(self, number: int, like: int) -> str:
        copied = f"SELECT {number}, hash, {COLUMNS} FROM credits_entry {self.where(like)}"
        return f"INSERT INTO credits_entry (number, hash, {COLUMNS}) {copied}"

    def moved(self, by: int, *numbers: int) -> list[str]:
        return [f"UPDATE credits_entry SET number = {number + by} {self.where(number)}" for number in numbers]

    def credit_of(self, credit: Credit) -> str:
        return rf"^credit {credit.pk} of account {self.account.pk} \({self.account.key}\): "


def verify(*options: str) -> str:
    out = StringIO()
    call_command("verify_ledger", *options, stdout=out)
    return out.getvalue()


def heads_export(directory: Path) -> tuple[str, str]:
    """`manage.py export_heads > FILE`, and what `verify_ledger` is told of it."""
    file = directory / "heads"
    with file.open("w") as out:
        call_command("export_heads", stdout=out)
    return "--heads", str(file)
