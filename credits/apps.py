from django.apps import AppConfig

from customers.erasing import erase_too


class CreditsConfig(AppConfig):
    name = "credits"
    verbose_name = "Credits"

    def ready(self) -> None:
        # Models are loaded only now, so what needs them is imported only now.
        from credits.telling import addresses_erase  # noqa: PLC0415

        erase_too(addresses_erase)
