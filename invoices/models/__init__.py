"""What is owed: items, their prices, invoices and their lines (R1, R7, R15)."""

from invoices.models.invoice import Invoice, InvoiceQuerySet, Series, Source, Status
from invoices.models.item import LONGEST_TAG, TAG_GRAMMAR, Item, Kind
from invoices.models.line import Line, LineQuerySet
from invoices.models.price import AccountPriceList, Price, PriceList, Scheme

__all__ = (
    "LONGEST_TAG",
    "TAG_GRAMMAR",
    "AccountPriceList",
    "Invoice",
    "InvoiceQuerySet",
    "Item",
    "Kind",
    "Line",
    "LineQuerySet",
    "Price",
    "PriceList",
    "Scheme",
    "Series",
    "Source",
    "Status",
)
