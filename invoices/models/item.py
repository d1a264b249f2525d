"""What can be charged (R3)."""

import re

from django.db import models
from django.db.models import Q
from simple_history.models import HistoricalRecords


class Kind(models.TextChoices):
    USAGE_METER = "usage_meter", "Usage meter"
    ADD_ON = "add_on", "Add-on"
    FIXED_FEE = "fixed_fee", "Fixed fee"
    LICENSE = "license", "License"


TAG_GRAMMAR = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
LONGEST_TAG = 60


class Item(models.Model):
    """A thing that can be charged. Its kind never changes (R3). `tags` are a sorted list of words."""

    key = models.CharField(max_length=120, unique=True)
    name = models.CharField(max_length=200)
    kind = models.CharField(max_length=20, choices=Kind)
    unit = models.CharField(max_length=60, blank=True)
    tags = models.JSONField(default=list, blank=True)
    created_at = models.DateTimeField()

    history = HistoricalRecords()

    class Meta:
        ordering = ("name", "pk")
        constraints = (models.CheckConstraint(condition=Q(kind__in=Kind.values), name="item_kind_known"),)

    def __str__(self) -> str:
        return self.name
