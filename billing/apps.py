"""Start-up of the outer ring: what follows every migration."""

from django.apps import AppConfig
from django.core.checks import Tags, register
from django.db.models.signals import post_migrate, pre_migrate


class BillingConfig(AppConfig):
    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        # Models are loaded only now, so what needs them is imported only now.
        from billing.database_rules import rules_check, rules_enforce, rules_lift  # noqa: PLC0415
        from billing.roles import roles_enforce  # noqa: PLC0415

        pre_migrate.connect(rules_lift, sender=self)
        post_migrate.connect(rules_enforce, sender=self)
        post_migrate.connect(roles_enforce, sender=self)
        register(rules_check, Tags.database)
