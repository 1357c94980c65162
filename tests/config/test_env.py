import os
import stat
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from config import env

NAME = "DEEPSPINE_SOMETHING"


@pytest.fixture
def says(monkeypatch):
    """Set the variable under test."""
    monkeypatch.delenv(NAME, raising=False)
    return lambda value: monkeypatch.setenv(NAME, value)


def test_an_unset_or_empty_variable_takes_its_default(says):
    assert env.integer(NAME, 5, least=0, most=9) == 5
    says("  ")
    assert env.integer(NAME, 5, least=0, most=9) == 5
    assert env.flag(NAME, True) is True


def test_a_variable_without_a_default_must_be_set(says):
    with pytest.raises(env.BadSetting, match=f"{NAME} is not set"):
        env.text(NAME)


@pytest.mark.parametrize(("value", "means"), [("true", True), ("ON", True), ("1", True), ("no", False), ("0", False)])
def test_a_flag_is_said_in_words_or_digits(says, value, means):
    says(value)
    assert env.flag(NAME, not means) is means


@pytest.mark.parametrize("value", ["maybe", "2", "tru", "-"])
def test_a_flag_that_is_neither_true_nor_false_is_refused_by_name(says, value):
    says(value)
    with pytest.raises(env.BadSetting, match=f"{NAME} is .*say true or false"):
        env.flag(NAME, False)


@pytest.mark.parametrize("value", ["ten", "1.5", "0x10", "11", "-1", "1e1", "٣"])
def test_a_number_out_of_range_or_none_is_refused_with_the_range(says, value):
    says(value)
    with pytest.raises(env.BadSetting, match=f"{NAME} is .* from 0 to 10"):
        env.integer(NAME, 5, least=0, most=10)


@given(some.integers(-1000, 1000))
def test_every_number_in_range_is_read_as_it_was_said(number):
    os.environ[NAME] = str(number)
    try:
        assert env.integer(NAME, 0, least=-1000, most=1000) == number
    finally:
        del os.environ[NAME]


def test_a_choice_matches_in_full(says):
    says("cuda:0\nrm")
    with pytest.raises(env.BadSetting, match="say cpu or cuda"):
        env.choice(NAME, "cpu", r"cpu|cuda(:[0-9]+)?", "cpu or cuda")


def test_names_are_split_at_commas_and_trimmed(says):
    says(" a.example , b.example,,")
    assert env.names(NAME, "") == ["a.example", "b.example"]


def test_a_folder_is_made_for_its_owner_only(says, tmp_path):
    says(str(tmp_path / "deep" / "data"))
    folder = env.folder(NAME, tmp_path)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_is_relative_or_a_file_is_refused(says, tmp_path):
    says("data")
    with pytest.raises(env.BadSetting, match=f"{NAME} is 'data'; say an absolute path"):
        env.folder(NAME, tmp_path)
    (tmp_path / "file").touch()
    says(str(tmp_path / "file"))
    with pytest.raises(env.BadSetting, match="cannot be made"):
        env.folder(NAME, tmp_path)


@pytest.mark.parametrize("value", ["reader.example", "ftp://reader.example", "https://", "https://reader.example/path"])
def test_a_public_url_is_scheme_and_host_only(says, value):
    says(value)
    with pytest.raises(env.BadSetting, match=f"{NAME} is "):
        env.public_url(NAME, "")


def test_a_postgresql_url_is_taken_apart(says):
    says("postgresql://ann:p%40ss@db.example:5433/spine?sslmode=require")
    database = env.database(NAME, Path("/unused"))
    assert database["ENGINE"].endswith("postgresql")
    assert (database["USER"], database["PASSWORD"]) == ("ann", "p@ss")
    assert (database["HOST"], database["PORT"], database["NAME"]) == ("db.example", 5433, "spine")
    assert database["OPTIONS"] == {"sslmode": "require"}


def test_sqlite_writers_queue_instead_of_failing(says, tmp_path):
    database = env.database(NAME, tmp_path / "db.sqlite3")
    assert database["NAME"] == str(tmp_path / "db.sqlite3")
    assert database["OPTIONS"]["transaction_mode"] == "IMMEDIATE"
    assert database["OPTIONS"]["timeout"] == 20


@pytest.mark.parametrize(
    "value", ["mysql://ann@db/spine", "postgresql://ann@db", "postgresql://ann@db:port/spine", "sqlite://"]
)
def test_a_database_url_that_cannot_work_is_refused_without_its_password(says, value):
    says(value.replace("ann@", "ann:secret@"))
    with pytest.raises(env.BadSetting, match=f"^{NAME} ") as refusal:
        env.database(NAME, Path("/unused"))
    assert "secret" not in str(refusal.value)


def test_a_broker_is_redis_or_a_short_unix_socket(says):
    assert env.broker(NAME, Path("/data/redis.sock")) == "redis+socket:///data/redis.sock"
    says("unix:///data/redis.sock")
    assert env.broker(NAME, Path("/x")) == "redis+socket:///data/redis.sock"
    says("amqp://guest@localhost")
    with pytest.raises(env.BadSetting, match="starts with 'amqp'"):
        env.broker(NAME, Path("/x"))
    says(f"redis+socket:///{'long/' * 30}redis.sock")
    with pytest.raises(env.BadSetting, match="over 107 bytes"):
        env.broker(NAME, Path("/x"))


def test_a_short_secret_is_refused_and_not_repeated(says, tmp_path):
    says("hunter2")
    with pytest.raises(env.BadSetting, match="at least 50") as refusal:
        env.secret(NAME, tmp_path / "secret")
    assert "hunter2" not in str(refusal.value)


def test_a_generated_secret_stays_the_same_and_is_its_owners_only(says, tmp_path):
    first = env.secret(NAME, tmp_path / "secret")
    assert env.secret(NAME, tmp_path / "secret") == first
    assert len(first) >= 50
    assert stat.S_IMODE((tmp_path / "secret").stat().st_mode) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]
