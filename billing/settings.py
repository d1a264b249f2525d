"""All settings of Scrip, in one file.

Values come from the environment (or from `.env` beside `manage.py`) through the readers of
`billing.environment`; the README lists them. A bad value stops the start with its name.
"""

import os
import secrets
from pathlib import Path
from typing import Any

import django
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from billing.environment import (
    env_currencies,
    env_database,
    env_file_read,
    env_mail_sender,
    env_mail_server,
    env_names,
    env_number,
    env_replica,
    env_switch,
    env_text,
    env_time_zone,
)

BASE_DIR = Path(__file__).resolve().parent.parent
VAR_DIR = BASE_DIR / "var"
env_file_read(Path(os.environ.get("SCRIP_ENV_FILE", BASE_DIR / ".env")))

# --- What the product is set to do ------------------------------------------------------

SCRIP_ISSUER = env_text("SCRIP_ISSUER", "Scrip")
SCRIP_INVOICE_PREFIX = env_text("SCRIP_INVOICE_PREFIX", "INV", longest=12)
SCRIP_GRACE_DAYS = env_number("SCRIP_GRACE_DAYS", 45, least=0, most=3650)
SCRIP_MAX_AMOUNT = env_number("SCRIP_MAX_AMOUNT", 100_000_000, least=1, most=1_000_000_000_000)
SCRIP_TIME_ZONE = env_time_zone("SCRIP_TIME_ZONE", "UTC")
CURRENCIES = env_currencies(
    "SCRIP_CURRENCIES",
    [
        *("USD", "EUR", "GBP", "JPY", "CHF", "AUD", "BHD", "BRL", "CAD", "CNY", "CZK", "DKK"),
        *("HKD", "INR", "KRW", "KWD", "MXN", "NOK", "NZD", "PLN", "SEK", "SGD", "TND", "ZAR"),
    ],
)
DEFAULT_CURRENCY = CURRENCIES[0]

# --- Secrets and doors ------------------------------------------------------------------

# Commands may run without a key of ours: they sign nothing that outlives them. The web server
# refuses to (billing/wsgi.py), since a key made up at start would log everybody out.
SECRET_KEY = env_text("SCRIP_SECRET_KEY", "")
SECRET_KEY_IS_SET = bool(SECRET_KEY)
if SECRET_KEY_IS_SET and len(SECRET_KEY) < 50:
    raise ImproperlyConfigured("SCRIP_SECRET_KEY: at least 50 characters, please.")
SECRET_KEY = SECRET_KEY or secrets.token_urlsafe(50)

DEBUG = env_switch("SCRIP_DEBUG", default=False)
ALLOWED_HOSTS = env_names("SCRIP_ALLOWED_HOSTS", ["127.0.0.1", "localhost"])
HTTPS = env_switch("SCRIP_HTTPS", default=True)

SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-scrip-session" if HTTPS else "scrip-session"
CSRF_COOKIE_NAME = "__Host-scrip-csrf" if HTTPS else "scrip-csrf"
SESSION_COOKIE_AGE = 12 * 60 * 60
if env_switch("SCRIP_BEHIND_PROXY", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
# A draft of 500 lines is a form of 3,000 fields.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF],
        "base-uri": [NONE],
        "object-src": [NONE],
        "frame-ancestors": [NONE],
    }
}
LOGIN_URL = "admin:login"
LOGIN_REDIRECT_URL = "home"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

# --- The house --------------------------------------------------------------------------

INSTALLED_APPS = [
    "billing",
    "credits",
    "invoices",
    "customers",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.humanize",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "csp",
    "django_htmx",
    "djmoney",
    "simple_history",
]
MIDDLEWARE = [
    # Those that only add headers come first, so that static files and refusals bear them too.
    "django.middleware.security.SecurityMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "billing.middleware.refuse_unreadable_input",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "simple_history.middleware.HistoryRequestMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "billing.middleware.answer_database_trouble",
]
ROOT_URLCONF = "billing.urls"
WSGI_APPLICATION = "billing.wsgi.application"
TEMPLATES: list[dict[str, Any]] = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "billing.context.admin_frame",
            ],
            "builtins": ["customers.templatetags.money", "credits.templatetags.measures"],
        },
    }
]

DATABASES = {"default": env_database("DATABASE_URL", VAR_DIR / "scrip.sqlite3")}
DATABASE_ROUTERS: list[str] = []
SCRIP_REPLICA_LAG = env_number("SCRIP_REPLICA_LAG", 10, least=1, most=3600)
if REPLICA := env_replica("SCRIP_REPLICA_URL", DATABASES["default"]):
    DATABASES["replica"] = REPLICA
    DATABASE_ROUTERS.append("customers.replica.ReplicaRouter")
    MIDDLEWARE.append("customers.replica.remember_writing")
# Jobs for workers on other machines lie in the database, and only PostgreSQL can keep them. They come first,
# so that `billing.admin` can take their pages out of the admin again.
if DATABASES["default"]["ENGINE"].endswith(".postgresql"):
    INSTALLED_APPS.insert(0, "procrastinate.contrib.django")
PROCRASTINATE_AUTODISCOVER_MODULE_NAME = "jobs"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
SIMPLE_HISTORY_REVERT_DISABLED = True

# --- Mail -------------------------------------------------------------------------------

# Without a server no mail is sent, and what there is to tell stands on the home page alone.
MAIL_SERVER = env_mail_server("SCRIP_EMAIL_URL")
SCRIP_EMAIL_FROM = env_mail_sender("SCRIP_EMAIL_FROM", needed=bool(MAIL_SERVER))
if django.VERSION >= (6, 1):
    MAILERS = {"default": {"OPTIONS": MAIL_SERVER or {"host": "localhost"}}}
elif MAIL_SERVER:
    EMAIL_HOST, EMAIL_PORT = MAIL_SERVER["host"], MAIL_SERVER["port"]
    EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = MAIL_SERVER["username"], MAIL_SERVER["password"]
    EMAIL_USE_TLS, EMAIL_USE_SSL = MAIL_SERVER["use_tls"], MAIL_SERVER["use_ssl"]
    EMAIL_TIMEOUT = MAIL_SERVER["timeout"]

# --- Words, time and files --------------------------------------------------------------

LANGUAGE_CODE = "en-us"
USE_I18N = True
USE_TZ = True
TIME_ZONE = "UTC"
USE_THOUSAND_SEPARATOR = False

STATIC_URL = "static/"
STATIC_ROOT = VAR_DIR / "static"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"plain": {"format": "{asctime} {levelname} {name}: {message}", "style": "{"}},
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "plain"}},
    "root": {"handlers": ["console"], "level": "WARNING"},
}
