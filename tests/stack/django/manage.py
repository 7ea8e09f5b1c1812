#!/usr/bin/python3
"""The earlier server of this product, as small as it can be: the same tables
by Django's own migrations, the same endpoints, rows by Django's own ORM.

  WS_DJANGO_DB=mysql://USER:PASSWORD@HOST:PORT/NAME WS_DJANGO_DIR=DIR \
      manage.py makemigrations monitoring | migrate | runserver | fill | dump

DIR holds the migrations that makemigrations writes, and the media files.
"""
import os
import sys
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.management import execute_from_command_line

sys.dont_write_bytecode = True  # nothing is written beside the sources
HERE = Path(__file__).resolve().parent
WORK = Path(os.environ["WS_DJANGO_DIR"])
DB = urlsplit(os.environ["WS_DJANGO_DB"])
(WORK / "migrations_of").mkdir(parents=True, exist_ok=True)
(WORK / "migrations_of" / "__init__.py").touch()
sys.path[:0] = [str(HERE), str(WORK)]

settings.configure(
    DEBUG=False,
    SECRET_KEY="of a test rig",
    ALLOWED_HOSTS=["127.0.0.1"],
    ROOT_URLCONF="monitoring.api",
    INSTALLED_APPS=["monitoring"],
    MIGRATION_MODULES={"monitoring": "migrations_of"},
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_TZ=True,
    TIME_ZONE="UTC",
    MEDIA_ROOT=str(WORK / "media"),
    DATABASES={
        "default": {
            "ENGINE": "django.db.backends.mysql",
            "NAME": DB.path[1:],
            "USER": DB.username,
            "PASSWORD": DB.password,
            "HOST": DB.hostname,
            "PORT": DB.port,
            "CONN_MAX_AGE": 60,
            "OPTIONS": {"charset": "utf8mb4", "init_command": "SET sql_mode='STRICT_TRANS_TABLES'"},
        }
    },
)
execute_from_command_line(sys.argv)
