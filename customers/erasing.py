"""Erasing what apps above keep of a person (R16), without knowing those apps.

An app that keeps a name or a contact of its own registers, when it starts, how to forget it. That is
called in the erasing transaction, with the accounts locked.
"""

from collections.abc import Callable, Sequence

Erase = Callable[[Sequence[int]], None]

_registered: list[Erase] = []


def erase_too(erase: Erase) -> None:
    """`erase` will be given the ids of the accounts of who is erased."""
    if erase not in _registered:
        _registered.append(erase)


def erase_elsewhere(account_ids: Sequence[int]) -> None:
    for erase in _registered:
        erase(account_ids)
