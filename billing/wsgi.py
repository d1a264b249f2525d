"""The door for web servers, such as `gunicorn billing.wsgi`."""

import os

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "billing.settings")

application = get_wsgi_application()

if not settings.SECRET_KEY_IS_SET:
    raise ImproperlyConfigured(
        "SCRIP_SECRET_KEY is not set. `make run` writes one into .env; a server of yours needs its own, "
        'for instance from: python -c "import secrets; print(secrets.token_urlsafe(50))"'
    )
