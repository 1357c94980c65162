import re

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from accounts import policy
from accounts.models import User


def passwords(output: str) -> dict[str, str]:
    return dict(re.findall(r"^  (demo-\w+) +(\S+)$", output, re.MULTILINE))


def test_the_demo_users_can_log_in_with_what_was_printed_once(db, capsys):
    call_command("demo_users")
    printed = passwords(capsys.readouterr().out)
    assert set(printed) == {"demo-administrator", "demo-radiologist"}
    for username, password in printed.items():
        assert Client().post("/accounts/login/", {"username": username, "password": password}).status_code == 302
    assert policy.is_radiologist(User.objects.get(username="demo-radiologist"))
    assert policy.may_administer(User.objects.get(username="demo-administrator"))


def test_a_second_run_prints_no_password_and_says_how_to_get_a_new_one(db, capsys):
    call_command("demo_users")
    hashed = dict(User.objects.values_list("username", "password"))
    capsys.readouterr()
    call_command("demo_users")
    output = capsys.readouterr().out
    assert passwords(output) == {}
    assert "demo_users --reset" in output
    assert dict(User.objects.values_list("username", "password")) == hashed


def test_a_reset_prints_passwords_that_work_and_ends_the_old_ones(db, capsys):
    call_command("demo_users")
    old = passwords(capsys.readouterr().out)["demo-radiologist"]
    call_command("demo_users", "--reset")
    new = passwords(capsys.readouterr().out)["demo-radiologist"]
    user = User.objects.get(username="demo-radiologist")
    assert user.check_password(new)
    assert not user.check_password(old)


def test_there_are_no_demo_users_in_production(db, settings):
    settings.PRODUCTION = True
    with pytest.raises(CommandError, match="not for production"):
        call_command("demo_users")
    assert not User.objects.exists()
