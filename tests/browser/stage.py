"""The stage of the browser tests: an account in the middle of its life, and every page of it."""

from dataclasses import dataclass
from decimal import Decimal

from billing.models import Run
from credits.models import Credit, Schedule
from credits.schedule_run import schedules_run
from credits.telling import notice_rule_set, notices_tell
from customers.models import Account, Act
from invoices.models import Charge, Invoice, Item, Kind, PriceList
from tests.credits.batches import granted
from tests.factories import (
    a_command,
    a_credit,
    a_draft,
    a_line,
    a_run,
    a_schedule,
    a_unit_credit,
    an_account,
    an_invoice,
    an_item,
    at,
    by_now,
    correct,
    pay,
    tag,
    void_credit,
)
from tests.invoices.prices import a_plan, a_price, a_price_list, uses
from tests.invoices.recurring import a_charge, a_usage, make_drafts, the_draft


@dataclass(frozen=True, slots=True)
class Stage:
    account: Account
    credit: Credit
    units: Credit
    issued: Invoice
    draft: Invoice
    item: Item
    schedule: Schedule
    batch: Act
    run: Run
    prices: PriceList
    charge: Charge
    rated: Invoice

    def pages(self) -> dict[str, str]:
        """By name, every page that an operator can open."""
        account, credit = f"/accounts/{self.account.pk}/", f"/credits/{self.credit.pk}/"
        issued, draft = f"/invoices/{self.issued.pk}/", f"/invoices/{self.draft.pk}/"
        units, schedule = f"/credits/{self.units.pk}/", f"/schedules/{self.schedule.pk}/"
        customer = f"/customers/{self.account.customer_id}/"
        prices = f"/prices/{self.prices.pk}/"
        admin = {
            f"admin {name}": f"/admin/{name}/"
            for name in (
                "credits/credit",
                "credits/entry",
                "credits/schedule",
                "invoices/invoice",
                "invoices/item/add",
                "customers/act",
                "billing/run",
            )
        }
        return {
            "home": "/",
            "nothing found": "/?q=nobody",
            "customers": "/customers/",
            "customer": customer,
            "add customer": "/customers/add/",
            "edit customer": f"{customer}edit/",
            "close customer": f"{customer}close/",
            "open account": f"{customer}accounts/add/",
            "account": account,
            "rename account": f"{account}edit/",
            "close account": f"{account}close/",
            "credits": f"{account}credits/?all",
            "Add Credits": f"{account}credits/add/",
            "credit": credit,
            "void credit": f"{credit}void/",
            "replace credit": f"{credit}replace/",
            "notices": f"{account}notices/",
            "free units": units,
            "void free units": f"{units}void/",
            "replace free units": f"{units}replace/",
            "add schedule": f"{account}schedules/add/",
            "schedule": schedule,
            "stop schedule": f"{schedule}stop/",
            "batches": "/credits/batches/",
            "grant to many": "/credits/batches/add/",
            "batch": f"/credits/batches/{self.batch.pk}/",
            "void batch": f"/credits/batches/{self.batch.pk}/void/",
            "expiry desk": "/credits/expiring/?last=2200-12-31",
            "extend credits": f"/credits/expiring/extend/?credit={self.credit.pk}",
            "items": "/items/",
            "no item": "/items/?q=nothing",
            "tag item": f"/items/{self.item.pk}/tag/",
            "invoices": "/invoices/",
            "draft invoice": f"{account}invoices/add/",
            "draft": draft,
            "edit draft": f"{draft}edit/",
            "discard draft": f"{draft}discard/",
            "issue": f"{draft}issue/",
            "invoice": issued,
            "pay": f"{issued}pay/",
            "void invoice": f"{issued}void/",
            "correct": f"{issued}correct/",
            "runs": "/runs/",
            "run": f"/runs/{self.run.pk}/",
            "start run": "/runs/start/",
            "retry run": f"/runs/{self.run.pk}/retry/",
            "prices": "/prices/",
            "add price list": "/prices/add/",
            "price list": prices,
            "edit price list": f"{prices}edit/",
            "add price": f"{prices}add/?item={self.item.pk}",
            "prices of an account": f"{account}prices/",
            "charges": f"{account}charges/",
            "add charge": f"{account}charges/add/",
            "end charge": f"/charges/{self.charge.pk}/end/",
            "record usage": f"{account}usage/add/",
            "rated draft": f"/invoices/{self.rated.pk}/",
            "reports": "/reports/",
            **{
                f"report {name}": f"/reports/{name}/"
                for name in ("owed", "breakage", "use", "cost-basis", "roll-forward")
            },
            "report of no day": "/reports/use/?as_of=soon",
            "admin": "/admin/",
            "admin history": f"/admin/invoices/item/{self.item.pk}/history/",
            "admin credit": f"/admin/credits/credit/{self.credit.pk}/change/",
            **admin,
        }


def a_stage() -> Stage:
    account = an_account(name="Main account of a customer with a rather long name")
    api, seats = an_item("API calls", unit="calls"), an_item("Seats of the team", Kind.LICENSE)
    credit = a_credit(
        account, "1234567.89", name="Referral", priority=1, items=(api,), expires_on="2026-10-01"
    )
    a_credit(account, "5.00", name="Any", priority=2, max_amount=20000, max_percent=Decimal("12.50"))
    units = a_unit_credit(account, "1000000.5", api, name="Free calls for the first year of a contract")
    void_credit(a_credit(account, "10.00", name="A mistake"))
    tag(api, "gpu", "paid-by-the-team-with-a-rather-long-name")
    issued = an_invoice(account, a_line(api, "0.000012", "123456789"), (seats, "50.00"))
    pay(an_invoice(account, (seats, "10.00")))
    correct(an_invoice(account, (api, "7.00")))
    draft = a_draft(account, (api, "70.00"), (seats, "30.00"), start="2026-09-01", end="2026-10-01")
    schedule = a_schedule(account, "25.00", name="Every last day", day_of_month=31, lifetime_days=60)
    schedules_run(as_of=None, by=a_command("grant_schedules"), now=at("2026-09-10"))
    notice_rule_set(
        account=account,
        low_balance=999_999_900,
        expiring_days=30,
        email="winston@example.com",
        **by_now("2026-09-09"),
    )
    notices_tell(account=account, now=at("2026-09-09"), by_email=False)
    batch = granted(account, an_account(currency="JPY"), amount="500")
    a_draft(an_account(currency="JPY"), (seats, "500"), start="2026-09-01", end="2026-09-05")
    run = a_run("2026-09", "2026-09-10")
    prices, charge, rated = a_priced_month(account, api, seats)
    return Stage(account, credit, units, issued, draft, api, schedule, batch, run, prices, charge, rated)


def a_priced_month(account: Account, meter: Item, seats: Item) -> tuple[PriceList, Charge, Invoice]:
    """Prices past, current and to come, charges and usage, and the draft that is made of them."""
    prices = a_price_list("Prices of a contract with a rather long name", default=False)
    a_price(prices, meter, a_plan("graduated", ("1000", "0.000000000012"), ("", "0.1", "1234567.89")))
    a_price(prices, meter, a_plan("volume", ("123456789012", "0.000000000012"), ("", "0.1")), "2026-09-01")
    a_price(prices, meter, a_plan("package", ("", "0.00012"), size="1000000"), "2026-11-01")
    uses(account, prices)
    charge = a_charge(account, seats, "1234567.000001", "3", description="For the team with a long name")
    a_usage(account, meter, "123456789.000001")
    make_drafts()
    a_usage(account, meter, "-17", "2026-09-03")
    return prices, charge, the_draft(account)
