import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from config import checks

ROOT = Path(__file__).resolve().parents[2]


pytestmark = pytest.mark.filterwarnings("ignore:Overriding setting DATABASES")


@pytest.fixture
def production(settings, tmp_path):
    """A production as it should be; each test spoils one thing."""
    settings.PRODUCTION = True
    settings.DEBUG = False
    settings.SECRET_KEY = "k3J#v9Qz" * 8
    settings.SECRET_KEY_FILE = tmp_path / "secret_key"
    settings.ALLOWED_HOSTS = ["reader.hospital.example"]
    settings.PUBLIC_URL = "https://reader.hospital.example"
    # Looked at only: the connection that other tests use stays as it is.
    settings.DATABASES = {"default": {"ENGINE": "django.db.backends.postgresql"}}
    settings.SESSION_COOKIE_SECURE = settings.CSRF_COOKIE_SECURE = settings.SECURE_SSL_REDIRECT = True
    return settings


def error_ids() -> list[str]:
    return [message.id for message in checks.production_is_safe()]


def test_a_safe_production_passes(production):
    assert error_ids() == []
    checks.refuse_unsafe_production()


def test_the_quick_start_is_not_held_to_production(production):
    production.DEBUG = True
    production.PRODUCTION = False
    assert error_ids() == []


@pytest.mark.parametrize(
    ("name", "value", "problem"),
    [
        ("DEBUG", True, "deepspine.E001"),
        ("SECRET_KEY", "short", "deepspine.E002"),
        ("SECRET_KEY", "a" * 60, "deepspine.E002"),
        ("ALLOWED_HOSTS", ["*"], "deepspine.E003"),
        ("ALLOWED_HOSTS", [], "deepspine.E003"),
        ("ALLOWED_HOSTS", [".hospital.example"], "deepspine.E003"),
        ("DATABASES", {"default": {"ENGINE": "django.db.backends.sqlite3"}}, "deepspine.E004"),
        ("PUBLIC_URL", "http://reader.hospital.example", "deepspine.E005"),
        ("PUBLIC_URL", "https://another.example", "deepspine.E006"),
        ("SESSION_COOKIE_SECURE", False, "deepspine.E007"),
    ],
)
def test_an_unsafe_production_is_refused(production, name, value, problem):
    setattr(production, name, value)
    assert problem in error_ids()
    with pytest.raises(ImproperlyConfigured, match="not safe to start"):
        checks.refuse_unsafe_production()


def test_the_secret_of_the_quick_start_is_refused_in_production(production):
    production.SECRET_KEY_FILE.write_text(production.SECRET_KEY)
    assert error_ids() == ["deepspine.E002"]


def start(program: list[str], tmp_path: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {**kept, "DEEPSPINE_DATA_DIR": str(tmp_path), **variables}
    return subprocess.run(
        [sys.executable, *program], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.parametrize(
    "program",
    [["manage.py", "migrate"], ["-c", "import config.wsgi"], ["-c", "import config.asgi"]],
    ids=["manage", "wsgi", "asgi"],
)
def test_no_door_opens_on_an_unsafe_production(program, tmp_path):
    unsafe = {"DEEPSPINE_PRODUCTION": "true", "DEEPSPINE_SECRET_KEY": "k3J#v9Qz" * 8, "DEEPSPINE_DEBUG": "true"}
    refused = start(program, tmp_path, **unsafe)
    assert refused.returncode != 0
    assert "Unset DEEPSPINE_DEBUG" in refused.stderr
    assert "Set DATABASE_URL to a PostgreSQL database" in refused.stderr


def test_a_production_without_a_secret_names_the_variable(tmp_path):
    refused = start(["manage.py", "check"], tmp_path, DEEPSPINE_PRODUCTION="true")
    assert refused.returncode == 1
    assert refused.stderr.strip() == "Cannot start: DEEPSPINE_SECRET_KEY is not set, and has no default."


def test_a_bad_variable_is_named_in_one_line(tmp_path):
    refused = start(["manage.py", "check"], tmp_path, DEEPSPINE_QUIET_SECONDS="soon")
    assert refused.returncode == 1
    assert refused.stderr.strip().startswith("Cannot start: DEEPSPINE_QUIET_SECONDS is 'soon'")


def test_the_content_security_policy_is_on_pages_and_on_static_files(client):
    for path in ("/accounts/login/", "/static/css/app.css"):
        answer = client.get(path)
        assert answer.status_code == 200
        policy = answer["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "'unsafe-eval'" not in policy
