from django.http import HttpRequest

from accounts import policy


def roles(request: HttpRequest) -> dict[str, bool]:
    """What templates may show to this user. Hiding is a courtesy; the views refuse by themselves."""
    user = getattr(request, "user", None)
    if user is None:
        return {"may_read": False, "may_administer": False}
    return {"may_read": policy.is_radiologist(user), "may_administer": policy.may_administer(user)}
