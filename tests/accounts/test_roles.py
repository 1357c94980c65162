import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import Client

from accounts import policy
from accounts.models import User


def test_a_radiologist_may_read_and_not_administer(reader):
    assert policy.is_radiologist(reader)
    assert not policy.may_administer(reader)


def test_an_administrator_may_administer_and_not_read(administrator):
    assert policy.may_administer(administrator)
    assert not policy.is_radiologist(administrator)


def test_a_superuser_is_no_radiologist(db):
    root = User.objects.create_superuser("root")
    assert policy.may_administer(root)
    assert not policy.is_radiologist(root)


def test_strangers_and_the_anonymous_may_nothing(stranger):
    for user in (stranger, AnonymousUser()):
        assert not policy.is_radiologist(user)
        assert not policy.may_administer(user)


def test_a_closed_account_has_no_roles(reader, administrator):
    for user in (reader, administrator):
        user.is_active = False
        user.save()
    assert not policy.is_radiologist(reader)
    assert not policy.may_administer(administrator)


@pytest.mark.parametrize("path", ["/worklist/", "/admin/", "/accounts/password/"])
def test_the_anonymous_are_sent_to_the_login(db, path):
    answer = Client().get(path)
    assert answer.status_code == 302
    assert "/login/" in answer["Location"]


def test_the_roles_come_back_after_a_transactional_test_emptied_the_database(transactional_db):
    from django.contrib.auth.models import Group

    assert set(Group.objects.values_list("name", flat=True)) == {"administrator", "radiologist"}
    assert Group.objects.get(name="administrator").permissions.count() == 4
