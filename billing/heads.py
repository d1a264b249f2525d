"""Heads kept elsewhere: the newest hash of every account, as lines of JSON (`credits.chain`).

A file begins with a line that names its version and moment; then comes a line for each account; the last
counts them, so that a file that was cut is not taken for a whole one. Keep it where the database's owner
cannot write: it is what shows a rewritten or cut ledger.
"""

import json
import re
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from billing.verification.chain import Head

VERSION = "scrip-heads-1"
HASH = re.compile(r"[0-9a-f]{64}", re.ASCII)


class HeadsRefused(ValueError):
    """A file that is not one of exported heads, with the line named."""


def heads_write(heads: Iterable[Head], now: datetime) -> Iterator[str]:
    yield json.dumps({"version": VERSION, "exported_at": now.isoformat()})
    accounts = 0
    for head in heads:
        accounts += 1
        yield json.dumps({"account": head.account, "key": head.key, "number": head.number, "hash": head.hash})
    yield json.dumps({"accounts": accounts})


def heads_read(lines: Iterable[str]) -> dict[int, Head]:
    """The heads of a file, by account. Refuses anything but what `heads_write` writes, all of it."""
    heads: dict[int, Head] = {}
    counted = None
    for place, line in enumerate(lines, start=1):
        facts = _facts(line)
        if place == 1:
            if facts.get("version") != VERSION:
                raise HeadsRefused(f"line 1: the version is not {VERSION}.")
            continue
        if counted is not None:
            raise HeadsRefused(f"line {place}: the line that counts the accounts is the last one.")
        if "accounts" in facts:
            counted = facts["accounts"]
            continue
        head = _head(facts)
        if head is None:
            raise HeadsRefused(f"line {place}: this is not the head of an account.")
        if head.account in heads:
            raise HeadsRefused(f"line {place}: account {head.account} was named before.")
        heads[head.account] = head
    if type(counted) is not int or counted != len(heads):
        raise HeadsRefused("the file was cut: its last line does not count the accounts named in it.")
    if not heads:
        raise HeadsRefused("the file names no account: nothing could be compared with it.")
    return heads


def _facts(line: str) -> dict[str, Any]:
    """What a line says; nothing if it is no object."""
    try:
        facts = json.loads(line)
    except (ValueError, RecursionError):
        return {}
    return facts if isinstance(facts, dict) else {}


def _head(facts: dict[str, Any]) -> Head | None:
    account, key, number, hash_ = (facts.get(name) for name in ("account", "key", "number", "hash"))
    if type(account) is int and type(number) is int and isinstance(key, str) and isinstance(hash_, str):
        return Head(account, key, number, hash_) if HASH.fullmatch(hash_) else None
    return None
