"""Heads kept elsewhere: the newest hash of every account, as lines of JSON (`credits.chain`).

A file begins with a line that names its version and moment; the others are one account each. Keep it
where the database's owner cannot write: it is what shows a rewritten or cut ledger.
"""

import json
from collections.abc import Iterable, Iterator
from datetime import datetime

from billing.verification.chain import Head

VERSION = "scrip-heads-1"


class HeadsRefused(ValueError):
    """A file that is not one of exported heads, with the line named."""


def heads_write(heads: Iterable[Head], now: datetime) -> Iterator[str]:
    yield json.dumps({"version": VERSION, "exported_at": now.isoformat()})
    for head in heads:
        yield json.dumps({"account": head.account, "key": head.key, "number": head.number, "hash": head.hash})


def heads_read(lines: Iterable[str]) -> dict[int, Head]:
    """The heads of a file, by account. Refuses anything but what `heads_write` writes."""
    heads: dict[int, Head] = {}
    for place, line in enumerate(lines, start=1):
        try:
            facts = json.loads(line)
            if place == 1:
                if facts["version"] != VERSION:
                    raise HeadsRefused(f"line 1: the version is not {VERSION}.")
                continue
            head = Head(int(facts["account"]), str(facts["key"]), int(facts["number"]), str(facts["hash"]))
        except (KeyError, TypeError, ValueError) as wrong:
            if isinstance(wrong, HeadsRefused):
                raise
            raise HeadsRefused(f"line {place}: this is not a file of exported heads.") from wrong
        heads[head.account] = head
    if not heads:
        raise HeadsRefused("the file names no account: nothing could be compared with it.")
    return heads
