"""The order and the institution that a study's images name."""

from __future__ import annotations

from typing import Protocol

from worklist.models import Institution, Order, Patient


class OrderTags(Protocol):
    """Order data of a file; empty where missing."""

    @property
    def accession_number(self) -> str: ...
    @property
    def referrer(self) -> str: ...
    @property
    def procedure(self) -> str: ...
    @property
    def clinical_question(self) -> str: ...


def order_of(patient: Patient, tags: OrderTags) -> Order | None:
    """The order of a study whose images have come; None without an accession number."""
    if not tags.accession_number:
        return None
    order, _ = Order.objects.get_or_create(
        patient=patient,
        accession_number=tags.accession_number,
        defaults={
            "referrer": tags.referrer,
            "procedure": tags.procedure,
            "clinical_question": tags.clinical_question,
        },
    )
    if order.state == Order.State.SCHEDULED:
        order.state = Order.State.PERFORMED
        order.save(update_fields=["state"])
    return order


def institution_of(name: str) -> Institution | None:
    """The institution of a name; None without a name."""
    return Institution.objects.get_or_create(name=name)[0] if name else None
