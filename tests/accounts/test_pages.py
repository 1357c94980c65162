import pytest
from django.test import Client

from accounts.models import AuditEvent, User


def test_a_page_says_that_it_is_no_medical_device(client):
    page = client.get("/accounts/login/").content.decode()
    assert "Not a medical device. The machine's draft is not a reading." in page


def test_a_wrong_password_is_told_without_saying_which_half_was_wrong(reader, client):
    wrong = client.post("/accounts/login/", {"username": "reader", "password": "x"}).content.decode()
    unknown = client.post("/accounts/login/", {"username": "nobody", "password": "x"}).content.decode()
    for page in (wrong, unknown):
        assert "Name and password do not match" in page


def test_ten_wrong_passwords_pause_the_name_and_say_so(reader, password, settings):
    settings.AXES_ENABLED = True
    browser = Client()
    answers = [browser.post("/accounts/login/", {"username": "reader", "password": "x"}) for _ in range(11)]
    assert answers[8].status_code == 200
    assert answers[10].status_code == 429
    assert "paused for 15 minutes" in answers[10].content.decode()
    right = browser.post("/accounts/login/", {"username": "reader", "password": password})
    assert right.status_code == 429


def test_a_closed_account_cannot_log_in(reader, password, client):
    User.objects.filter(pk=reader.pk).update(is_active=False)
    assert client.post("/accounts/login/", {"username": "reader", "password": password}).status_code == 200


def test_an_unknown_address_is_told_in_plain_words(reader, as_user):
    answer = as_user(reader).get("/no/such/page/")
    assert answer.status_code == 404
    assert "There is nothing at this address" in answer.content.decode()


# --- the admin site -----------------------------------------------------------------------------


@pytest.fixture
def admin(administrator, as_user):
    return as_user(administrator)


def new_user(**more):
    word = "a long enough phrase"
    return {"username": "newcomer", "usable_password": "true", "password1": word, "password2": word, **more}


def test_an_administrator_adds_a_radiologist_and_the_trail_says_so(admin, administrator):
    from django.contrib.auth.models import Group

    group = Group.objects.get(name="radiologist")
    assert admin.post("/admin/accounts/user/add/", new_user(groups=[group.pk])).status_code == 302
    newcomer = User.objects.get(username="newcomer")
    event = AuditEvent.objects.get(action="user_changed")
    assert event.actor == administrator
    assert event.detail["user"] == newcomer.pk
    assert event.detail["what"] == "added"
    assert event.detail["roles"] == ["radiologist"]


def test_a_change_of_roles_and_of_password_is_on_record(admin, reader):
    page = f"/admin/accounts/user/{reader.pk}/"
    assert admin.post(f"{page}change/", {"username": "reader", "is_active": "on", "groups": []}).status_code == 302
    assert list(reader.groups.all()) == []
    word = "another long phrase"
    fields = {"usable_password": "true", "password1": word, "password2": word}
    assert admin.post(f"{page}password/", fields).status_code == 302
    roles, password = AuditEvent.objects.filter(action="user_changed").order_by("id")
    assert roles.detail["fields"] == ["Groups"]
    assert roles.detail["roles"] == []
    assert password.detail["fields"] == ["password"]
    assert word not in str(password.detail)


def test_an_administrator_does_not_change_their_own_roles(admin, administrator):
    from django.contrib.auth.models import Group

    radiologist = Group.objects.get(name="radiologist")
    admin.post(
        f"/admin/accounts/user/{administrator.pk}/change/",
        {"username": "administrator", "is_active": "on", "groups": [radiologist.pk]},
    )
    assert list(administrator.groups.values_list("name", flat=True)) == ["administrator"]


def test_an_administrator_does_not_touch_a_superuser(admin):
    root = User.objects.create_superuser("root", password="unguessable phrase")
    assert admin.post(f"/admin/accounts/user/{root.pk}/password/", {"password1": "x"}).status_code == 403
    admin.post(f"/admin/accounts/user/{root.pk}/change/", {"username": "mine"})
    root.refresh_from_db()
    assert root.username == "root"


def test_an_administrator_cannot_make_a_superuser(admin):
    admin.post("/admin/accounts/user/add/", new_user(is_superuser="on", is_staff="on"))
    newcomer = User.objects.get(username="newcomer")
    assert not newcomer.is_superuser
    assert not newcomer.is_staff


def test_nobody_deletes_an_account(admin, reader):
    assert admin.post(f"/admin/accounts/user/{reader.pk}/delete/", {"post": "yes"}).status_code == 403
    assert User.objects.filter(pk=reader.pk).exists()


def test_the_trail_is_shown_and_not_changed_in_the_admin(admin):
    event = AuditEvent.objects.create(action="view")
    assert admin.get("/admin/accounts/auditevent/").status_code == 200
    page = f"/admin/accounts/auditevent/{event.pk}"
    assert admin.post(f"{page}/change/", {"action": "sign"}).status_code == 403
    assert admin.post(f"{page}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("who", ["reader", "stranger"])
def test_the_admin_site_is_for_administrators(who, request, as_user):
    user = request.getfixturevalue(who)
    User.objects.filter(pk=user.pk).update(is_staff=True)
    answer = as_user(user).get("/admin/accounts/user/")
    assert answer.status_code == 302
    assert "/admin/login/" in answer["Location"]
