"""The product's settings over a throwaway data folder.

Set before `config.settings` reads the environment, and inherited by every
process that a test starts. DATABASE_URL and REDIS_URL come from outside when
the second pass runs on PostgreSQL and Redis.
"""

import atexit
import os
import shutil
import tempfile

if "DEEPSPINE_TEST_DATA_DIR" not in os.environ:
    # Short: a Unix socket's name holds 107 bytes.
    os.environ["DEEPSPINE_TEST_DATA_DIR"] = tempfile.mkdtemp(prefix="deepspine-")
    atexit.register(shutil.rmtree, os.environ["DEEPSPINE_TEST_DATA_DIR"], ignore_errors=True)
os.environ["DEEPSPINE_DATA_DIR"] = os.environ["DEEPSPINE_TEST_DATA_DIR"]
for name in (
    "DEEPSPINE_PRODUCTION",
    "DEEPSPINE_DEBUG",
    "DEEPSPINE_PORT",
    "DEEPSPINE_ALLOWED_HOSTS",
    "DEEPSPINE_MODELS",
):
    os.environ.pop(name, None)

from config.settings import *  # noqa: F403
from config.settings import DATA_DIR, DATABASES, REDIS_URL

# A file, not memory: the web server's threads and the worker process share it.
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    DATABASES["default"]["TEST"] = {"NAME": str(DATA_DIR / "test.sqlite3")}
else:
    # Throwaway servers need not survive a power cut, and idle connections would keep the test database in use.
    DATABASES["default"]["CONN_MAX_AGE"] = 0

CELERY_BROKER_URL = REDIS_URL
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# Throttling has its own test, which turns it on.
AXES_ENABLED = False
