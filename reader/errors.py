"""Why an action on a review was not done; every message says what to do next."""

from __future__ import annotations


class ReviewError(Exception):
    """The action was not done and nothing changed. `status` is the HTTP status that says so."""

    code = "review_error"
    status = 400

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class BadValue(ReviewError):
    code = "bad_value"


class Stale(ReviewError):
    """Somebody, or another tab, wrote since the writer last looked."""

    code = "stale"
    status = 409


class NotYours(ReviewError):
    """The writer holds no claim on the study."""

    code = "not_yours"
    status = 409


class WrongState(ReviewError):
    """The study is not in a state where this can be done."""

    code = "wrong_state"
    status = 409


class Contradicted(ReviewError):
    """Text and table disagree, and the reader has not said that they sign it so."""

    code = "contradicted"
    status = 409

    def __init__(self, count: int) -> None:
        places = f"in {count} places" if count != 1 else "in one place"
        found = f"Text and table disagree {places}." if count else "Text and table no longer disagree."
        super().__init__(f"Not signed yet. {found} Look at the report again, then sign.")


class NotReady(ReviewError):
    """The report cannot be signed yet; `missing` lists what is left to do."""

    code = "not_ready"
    status = 409

    def __init__(self, missing: list[str]) -> None:
        super().__init__("Not signed yet. Still to do: " + " ".join(missing))
        self.missing = missing
