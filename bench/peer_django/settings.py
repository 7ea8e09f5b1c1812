"""The peer of bench-ingest: what startproject makes, DEBUG off.

PEER_DB is mysql://USER:PASSWORD@HOST:PORT/NAME; PEER_MEDIA is where pictures
go; PEER_CONN_MAX_AGE is 0 (Django's own default: a connection a request, peer
A) or a number of seconds (peer B: connections are kept).
"""

import os
from urllib.parse import unquote, urlparse

_db = urlparse(os.environ["PEER_DB"])

SECRET_KEY = os.urandom(16).hex()
DEBUG = False
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "urls"
WSGI_APPLICATION = "wsgi.application"
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "monitoring",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.mysql",
        "NAME": _db.path[1:],
        "USER": unquote(_db.username),
        "PASSWORD": unquote(_db.password),
        "HOST": _db.hostname,
        "PORT": _db.port,
        "CONN_MAX_AGE": int(os.environ.get("PEER_CONN_MAX_AGE", "0")),
        "OPTIONS": {"charset": "utf8mb4", "sql_mode": "STRICT_TRANS_TABLES"},
    }
}
MEDIA_ROOT = os.environ.get("PEER_MEDIA", "/nonexistent")
