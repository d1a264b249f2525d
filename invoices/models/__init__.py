"""What is owed: items, their prices, invoices and their lines (R1, R7, R15)."""

from invoices.models.charge import BilledMonth, Charge
from invoices.models.invoice import Invoice, InvoiceQuerySet, Series, Source, Status
from invoices.models.item import LONGEST_TAG, TAG_GRAMMAR, Item, Kind
from invoices.models.line import Line, LineQuerySet
from invoices.models.price import AccountPriceList, Price, PriceList, Scheme
from invoices.models.usage import UsageRecord, UsageSource

__all__ = (
    "LONGEST_TAG",
    "TAG_GRAMMAR",
    "AccountPriceList",
    "BilledMonth",
    "Charge",
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
    "UsageRecord",
    "UsageSource",
)
