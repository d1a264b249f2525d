"""The first ring round what must not change: the model itself (R2).

`save()` on a saved row, `delete()`, and the QuerySet's bulk ways all refuse, with a sentence.
The second ring is the admin, the third the database (`customers.triggers`).
"""

from typing import Any, NoReturn, TypeVar

from django.db import models

M = TypeVar("M", bound=models.Model, covariant=True)


class Sealed(Exception):
    """An attempt to change or delete what was saved for good."""


class SealedQuerySet(models.QuerySet[M]):
    def _refuse(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Sealed(f"A saved {self.model._meta.verbose_name} is never changed or deleted.")

    update = _refuse
    bulk_update = _refuse
    update_or_create = _refuse
    delete = _refuse
    _raw_delete = _refuse

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        if kwargs.get("update_conflicts") or kwargs.get("ignore_conflicts"):
            self._refuse()
        return super().bulk_create(objs, *args, **kwargs)


class SealedModel(models.Model):
    """A row that is written once."""

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise Sealed(f"A saved {self._meta.verbose_name} is never changed.")
        kwargs["force_insert"] = True
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise Sealed(f"A saved {self._meta.verbose_name} is never deleted.")
