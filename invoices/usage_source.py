"""A usage file where it lies: read once, its SHA-256 taken of the very bytes that were read."""

import hashlib
import io
from collections.abc import Collection
from datetime import date
from typing import Any, BinaryIO

from invoices.usage_days import UsageDays, Zones, usage_days_read
from invoices.usage_file import UsageFile, usage_read


class _Hashed(io.RawIOBase):
    """Bytes on their way to the reader. A file that grows meanwhile cannot get another file's hash."""

    def __init__(self, source: BinaryIO) -> None:
        self.source = source
        self.sha256 = hashlib.sha256()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        data = self.source.read(len(buffer))
        self.sha256.update(data)
        buffer[: len(data)] = data
        return len(data)


def usage_source_read(
    source: BinaryIO, *, period_start: date, period_end: date, currencies: Collection[str]
) -> tuple[UsageFile, str]:
    """The charges of a period, and the digest of the file. Raises UsageRefused at the first wrong cell."""
    hashed = _Hashed(source)
    usage = usage_read(_text(hashed), period_start=period_start, period_end=period_end, currencies=currencies)
    return usage, hashed.sha256.hexdigest()


def usage_days_source_read(
    source: BinaryIO, *, period_start: date, period_end: date, currencies: Collection[str], zones: Zones
) -> tuple[UsageDays, str]:
    """The same for a file's quantities, day by day."""
    hashed = _Hashed(source)
    usage = usage_days_read(
        _text(hashed), period_start=period_start, period_end=period_end, currencies=currencies, zones=zones
    )
    return usage, hashed.sha256.hexdigest()


def _text(hashed: _Hashed) -> io.TextIOWrapper:
    return io.TextIOWrapper(
        io.BufferedReader(hashed, 1 << 20), encoding="utf-8-sig", errors="surrogateescape", newline=""
    )
