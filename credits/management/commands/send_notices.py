"""`manage.py send_notices`: tell of low balances and credits about to expire. For every day's timetable."""

from collections.abc import Mapping
from typing import Any

from django.utils import timezone

from credits.notice_mail import mail_server_set
from credits.notice_run import NoticesResult, notices_run
from customers.commands import Report, ReportingCommand, counted

NO_SERVER = "No mail server is set (SCRIP_EMAIL_URL): notices stand on the home page alone."


class Command(ReportingCommand):
    help = (
        "Tell, once per crossing, of balances below their threshold and of credits about to expire: on the "
        "home page, and by e-mail where an address and a mail server are set. Running it twice is once; "
        "running it late tells what holds by then."
    )

    def report(self, options: Mapping[str, Any]) -> Report:
        result = notices_run(clock=timezone.now, progress=self.progress)
        return Report(notices_summary(result), notices_lines(result), notices_failure(result))


def notices_summary(result: NoticesResult) -> dict[str, Any]:
    return {
        "accounts": result.accounts,
        "told": result.opened,
        "cleared": result.cleared,
        "emails": result.letters,
        "mail_server": mail_server_set(),
        "mail_server_away": result.server_away,
        "left": [{"account": left.account.key, "reason": left.reason} for left in result.left],
    }


def notices_lines(result: NoticesResult) -> list[str]:
    lines = [
        f"{counted(result.accounts, 'account')} looked at: {counted(result.opened, 'notice')} told, "
        f"{result.cleared:,} cleared."
    ]
    if not mail_server_set():
        lines.append(NO_SERVER)
    elif result.server_away:
        lines += [f"{counted(result.letters, 'e-mail')} sent.", f"  {result.server_away}"]
    else:
        lines.append(f"{counted(result.letters, 'e-mail')} sent.")
    return lines + [f"  Left: account {left.account.key}: {left.reason}" for left in result.left]


def notices_failure(result: NoticesResult) -> str:
    """What the next run will try again."""
    if result.server_away:
        return "Not all e-mail could be sent; the next run sends the rest."
    return f"{counted(len(result.left), 'account')} could not be told." if result.left else ""
