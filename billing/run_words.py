"""What `run_billing` says of a run, and of what a run would do: for people, and for machines."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from billing.issuing.drafts import Parked
from billing.models import Run, Sums
from billing.run import DryRun, drafts_from_before, drafts_waiting
from customers.commands import amount_words, counted
from customers.models import Account
from customers.money import amount_text

MOST_LINES = 100
"""Of the accounts that a run left, so many are printed; all are on its page, and in what `--json` prints."""
LEFT = ("account__key", "draft", "waiting", "reason")


def run_summary(run: Run) -> dict[str, Any]:
    sums = run.sums()
    return {
        "run": run.pk,
        "period": f"{run.period_start:%Y-%m}",
        "before_end": run.before_end,
        "retries": run.retries_id,
        "started": run.started_at.isoformat(),
        "finished": run.finished_at.isoformat() if run.finished_at else None,
        "seconds": (run.finished_at - run.started_at).total_seconds() if run.finished_at else None,
        "issued": sum(of.invoices for of in sums),
        "sums": _sums_summary(sums),
        "parked": _parked_summary(run.parked.values_list(*LEFT).iterator()),
        "waiting": drafts_waiting(run),
        "earlier_drafts": drafts_from_before(run),
    }


def run_lines(run: Run) -> list[str]:
    sums, left = run.sums(), run.parked.count()
    lines = [
        f"{run}: {counted(sum(of.invoices for of in sums), 'invoice')} issued for {run.period_start:%Y-%m}."
    ]
    lines += _sums_lines(sums)
    lines += _parked_lines("Parked", run.parked.values_list(*LEFT)[:MOST_LINES], left)
    return lines + _earlier_lines(run)


def dry_summary(run: Run, found: DryRun) -> dict[str, Any]:
    return {
        "dry_run": True,
        "period": f"{run.period_start:%Y-%m}",
        "before_end": run.before_end,
        "retries": run.retries_id,
        "would_issue": found.invoices,
        "sums": _sums_summary(found.sums.values()),
        "parked": _parked_summary(_keyed(found.parked)),
        "earlier_drafts": drafts_from_before(run),
    }


def dry_lines(run: Run, found: DryRun) -> list[str]:
    invoices = counted(found.invoices, "invoice")
    lines = [f"{invoices} would be issued for {run.period_start:%Y-%m}; nothing was issued."]
    lines += _sums_lines(found.sums.values())
    lines += _parked_lines("Would be left", _keyed(found.parked[:MOST_LINES]), len(found.parked))
    return lines + _earlier_lines(run)


def _sums_summary(sums: Iterable[Sums]) -> list[dict[str, Any]]:
    return [
        {
            "currency": of.currency,
            "invoices": of.invoices,
            "total": amount_text(of.total, of.currency),
            "credited": amount_text(of.credited, of.currency),
            "due": amount_text(of.due, of.currency),
        }
        for of in sums
    ]


def _sums_lines(sums: Iterable[Sums]) -> list[str]:
    return [
        f"  {of.currency}: {counted(of.invoices, 'invoice')}, total {amount_words(of.total, of.currency)}, "
        f"credited {amount_words(of.credited, of.currency)}, due {amount_words(of.due, of.currency)}."
        for of in sums
    ]


def _parked_summary(left: Iterable[Sequence[Any]]) -> list[dict[str, Any]]:
    return [dict(zip(("account", "draft", "waiting", "reason"), at, strict=True)) for at in left]


def _parked_lines(word: str, left: Iterable[Sequence[Any]], number: int) -> list[str]:
    lines = [
        f"  {word}: {account}, from draft {draft} on ({counted(waiting, 'draft')}): {reason}"
        for account, draft, waiting, reason in left
    ]
    if number > len(lines):
        lines.append(f"  And {counted(number - len(lines), 'more account')}.")
    return lines


def _keyed(left: Sequence[Parked]) -> Iterator[Sequence[Any]]:
    """With the keys of the accounts in place of their ids."""
    keys = Account.objects.in_bulk([at.account_id for at in left]) if left else {}
    return ((keys[at.account_id].key, *at[1:]) for at in left)


def _earlier_lines(run: Run) -> list[str]:
    earlier = drafts_from_before(run)
    if not earlier:
        return []
    return [f"  Warning: still to be issued from earlier months: {counted(earlier, 'draft')}."]
