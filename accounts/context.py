from django.http import HttpRequest

from accounts import policy


def roles(request: HttpRequest) -> dict[str, bool]:
    """Rights of this user for templates. Hiding links is a convenience; the views refuse by themselves."""
    user = getattr(request, "user", None)
    if user is None:
        return {"may_read": False, "may_administer": False}
    return {"may_read": policy.is_radiologist(user), "may_administer": policy.may_administer(user)}
