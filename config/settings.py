"""All settings, read from the environment by the typed readers of `config.env`.

DEEPSPINE_PRODUCTION=true makes `config.checks` refuse to start anything unsafe;
without it the product runs as the quick start does, on this machine only.
"""

from __future__ import annotations

import re
from pathlib import Path

from csp.constants import NONE, SELF

from config import env
from config.logs import logging_for

BASE_DIR = Path(__file__).resolve().parent.parent
PRODUCTION = env.flag("DEEPSPINE_PRODUCTION", False)
DEBUG = env.flag("DEEPSPINE_DEBUG", False)

# --- folders and servers ------------------------------------------------------------------------
DATA_DIR = env.folder("DEEPSPINE_DATA_DIR", BASE_DIR / "var")
MODELS_DIR = env.folder("DEEPSPINE_MODELS", DATA_DIR / "models")
DATABASES = {"default": env.database("DATABASE_URL", DATA_DIR / "db.sqlite3")}
REDIS_URL = env.broker("REDIS_URL", DATA_DIR / "redis.sock")
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- access to the web server -------------------------------------------------------------------
SECRET_KEY_FILE = DATA_DIR / "secret_key"
SECRET_KEY = env.text("DEEPSPINE_SECRET_KEY") if PRODUCTION else env.secret("DEEPSPINE_SECRET_KEY", SECRET_KEY_FILE)
PORT = env.integer("DEEPSPINE_PORT", 8000, least=1, most=65535)
ALLOWED_HOSTS = env.names("DEEPSPINE_ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
PUBLIC_URL = env.public_url("DEEPSPINE_PUBLIC_URL", f"http://127.0.0.1:{PORT}")
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = PRODUCTION
SESSION_COOKIE_AGE = env.integer("DEEPSPINE_SESSION_HOURS", 12, least=1, most=24) * 3600
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_HSTS_SECONDS = 31_536_000 if PRODUCTION else 0
# Only a proxy that sets the header itself may be trusted with it.
if env.flag("DEEPSPINE_BEHIND_TLS_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"

# --- the application ----------------------------------------------------------------------------
INSTALLED_APPS = [
    "accounts.apps.AdminSiteConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "django_vite",
    "csp",
    "axes",
    "config.apps.ConfigConfig",
    "accounts.apps.AccountsConfig",
    "worklist",
    "reader",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    # Outside WhiteNoise: the policy must be on the worker scripts' own responses too.
    "csp.middleware.CSPMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    # Every view needs a login unless it is exempted.
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.context.roles",
            ]
        },
    }
]

LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
LOGGING = logging_for(production=PRODUCTION)

# --- people -------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "/worklist/"
LOGOUT_REDIRECT_URL = "login"
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
# Ten wrong passwords for one name from one address lock it for a quarter of an hour (the cool-off is in hours).
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = 0.25
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_LOCKOUT_TEMPLATE = "429.html"
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "UNICODE_JSON": True,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "DeepSPINE Reader",
    "DESCRIPTION": "The review of a study as JSON. Images are served as DICOMweb, which has standards of its own.",
    "VERSION": "0.1.0",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["rest_framework.permissions.IsAuthenticated"],
}

# --- what the browser may load ------------------------------------------------------------------
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF, "'wasm-unsafe-eval'"],
        "worker-src": [SELF],
        "style-src": [SELF],
        "style-src-attr": ["'unsafe-inline'"],
        "img-src": [SELF, "data:", "blob:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "frame-ancestors": [NONE],
        "base-uri": [NONE],
        "form-action": [SELF],
    }
}
STATIC_URL = "/static/"
STATICFILES_DIRS = [path for path in (BASE_DIR / "static/public", BASE_DIR / "static/build") if path.is_dir()]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedStaticFilesStorage"},
}
# In production `collectstatic` has run; elsewhere files are served from their source folders.
STATIC_ROOT = BASE_DIR / "static/collected" if PRODUCTION else None
WHITENOISE_USE_FINDERS = not PRODUCTION
WHITENOISE_AUTOREFRESH = DEBUG


def is_named_by_content(_path: str, url: str) -> bool:
    """Vite puts a hash of the content into a file's name: such a file may be cached for good."""
    return re.fullmatch(r"/static/assets/.+-[\w-]{8}\.\w+", url) is not None


WHITENOISE_IMMUTABLE_FILE_TEST = is_named_by_content
DJANGO_VITE = {"default": {"dev_mode": False, "manifest_path": BASE_DIR / "static/build/manifest.json"}}

# --- the queue ----------------------------------------------------------------------------------
QUIET_SECONDS = env.integer("DEEPSPINE_QUIET_SECONDS", 60, least=0, most=3600)
LEASE_SECONDS = env.integer("DEEPSPINE_LEASE_SECONDS", 30, least=2, most=3600)
HEARTBEAT_SECONDS = env.integer("DEEPSPINE_HEARTBEAT_SECONDS", 5, least=1, most=600)
MAX_ATTEMPTS = env.integer("DEEPSPINE_MAX_ATTEMPTS", 3, least=1, most=10)
TICK_SECONDS = env.integer("DEEPSPINE_TICK_SECONDS", 3, least=1, most=60)
INFERENCE_DEVICE = env.choice("DEEPSPINE_DEVICE", "cpu", r"cpu|cuda(:[0-9]+)?", "cpu, cuda or cuda:0")
if HEARTBEAT_SECONDS * 2 > LEASE_SECONDS:
    raise env.BadSetting(
        "DEEPSPINE_HEARTBEAT_SECONDS", f"is {HEARTBEAT_SECONDS}; say at most half of DEEPSPINE_LEASE_SECONDS."
    )

# --- limits of received files -------------------------------------------------------------------
MIB = 1024**2
UPLOAD_MAX_BYTES = env.integer("DEEPSPINE_UPLOAD_MAX_MIB", 2048, least=1, most=65536) * MIB
INSTANCE_MAX_BYTES = env.integer("DEEPSPINE_INSTANCE_MAX_MIB", 64, least=1, most=4096) * MIB
SERIES_MAX_BYTES = 512 * MIB
IMAGE_MAX_SIDE = 4096
VALUE_MAX_BYTES = MIB
DATASET_MAX_ELEMENTS = 20_000
DATASET_MAX_DEPTH = 16
ZIP_MAX_MEMBERS = 5000
ZIP_MAX_BYTES = UPLOAD_MAX_BYTES

#: Rules of `reader.retention`, as ``images:signed:730,study:failed:90``; none: everything is kept.
RETENTION = env.names("DEEPSPINE_RETENTION", "")

INCOMING_DIR = env.folder("DEEPSPINE_INCOMING_DIR", DATA_DIR / "incoming")
# On the disk of the data folder, so that a received file is stored by a rename.
FILE_UPLOAD_TEMP_DIR = str(INCOMING_DIR)
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_NUMBER_FILES = ZIP_MAX_MEMBERS
DATA_UPLOAD_MAX_NUMBER_FIELDS = ZIP_MAX_MEMBERS + 100
