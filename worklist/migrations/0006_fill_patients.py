"""Every study gets its patient, its order and its counts.

Studies of one patient ID are of one patient, as far as names and birth dates allow it; what an older study says
otherwise is kept with the study (`differing_identity`), so that nothing of what was sent is lost.
"""

from django.db import migrations

from worklist.orders.identity import Identity, Match, compare


def identity_of(study):
    return Identity(study.old_patient_id, study.patient_name, study.patient_birth_date, study.patient_sex)


def known(patient):
    return Identity(patient.patient_id, patient.name, patient.birth_date, patient.sex, patient.issuer)


def patient_of(patients, identity):
    alike = list(patients.filter(patient_id=identity.id).order_by("namesake")) if identity.id else []
    for patient in alike:
        if compare(known(patient), identity) is not Match.OTHER:
            return patient
    return patients.create(
        patient_id=identity.id,
        namesake=len(alike),
        name=identity.name,
        birth_date=identity.birth_date,
        sex=identity.sex,
    )


def fill(apps, schema_editor):
    model = {name: apps.get_model("worklist", name) for name in ("Study", "Series", "Instance", "Patient", "Order")}
    # The newest first: what was sent last is what is known of a patient.
    for study in model["Study"].objects.order_by("-received_at", "pk").iterator(chunk_size=500):
        identity = identity_of(study)
        patient = patient_of(model["Patient"].objects, identity)
        study.patient = patient
        if compare(known(patient), identity) is not Match.SAME:
            study.differing_identity = identity.as_json()
        if study.accession_number:
            study.order, _ = model["Order"].objects.get_or_create(
                patient=patient, accession_number=study.accession_number, defaults={"state": "performed"}
            )
        series = list(model["Series"].objects.filter(study=study))
        for one in series:
            one.instance_count = model["Instance"].objects.filter(series=one).count()
            one.save(update_fields=["instance_count"])
        study.series_count = len(series)
        study.instance_count = sum(one.instance_count for one in series)
        study.save(update_fields=["patient", "order", "differing_identity", "series_count", "instance_count"])


def restore(apps, schema_editor):
    """Back to the columns of before, for a downgrade."""
    for study in apps.get_model("worklist", "Study").objects.select_related("patient").iterator(chunk_size=500):
        patient = study.patient
        study.old_patient_id, study.patient_name = patient.patient_id, patient.name
        study.patient_birth_date, study.patient_sex = patient.birth_date, patient.sex
        study.save(update_fields=["old_patient_id", "patient_name", "patient_birth_date", "patient_sex"])


class Migration(migrations.Migration):
    dependencies = [
        ("worklist", "0005_patients_and_orders"),
    ]

    operations = [migrations.RunPython(fill, restore)]
