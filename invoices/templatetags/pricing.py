"""Prices and how amounts came about, for people."""

from django import template

from invoices.pricing_words import pricing_words, unit_price_words

register = template.Library()

register.filter("pricing_words", pricing_words)
register.filter("unit_price_words", unit_price_words)
