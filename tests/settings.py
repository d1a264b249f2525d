"""Settings of the test suite: the product's own, on plain HTTP and with fast password hashes."""

import os

os.environ["SCRIP_ENV_FILE"] = os.devnull
os.environ.setdefault("SCRIP_SECRET_KEY", "only-for-tests-" + "x" * 50)
os.environ.setdefault("SCRIP_HTTPS", "0")

from billing.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
WHITENOISE_AUTOREFRESH = True
WHITENOISE_USE_FINDERS = True
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "testserver"]
