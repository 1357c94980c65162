"""Rules and notes of the table become values: what the machine's sentences said, read by the readings' own upgrade.

There is no way back. Go back to a backup."""

from django.db import migrations, models

from inference.result.record_upgrades import notices_of, rules_of


def sentences_to_values(apps, _editor):
    finding_model = apps.get_model("reader", "ReviewedFinding")
    for row in finding_model.objects.only("rule", "note", "probability").iterator(chunk_size=500):
        row.rules, row.notices = rules_of(row.rule, row.probability), notices_of(row.note)
        row.save(update_fields=["rules", "notices"])


def reworded(apps, _editor):
    """A lordosis is of a patient who lies supine.

    A word alone must not make a sentence that waits to be settled, so the machine's sentence is changed where the
    reader left it as it was, in what is still open.
    """
    review_model = apps.get_model("reader", "Review")
    for review in review_model.objects.only("sentences", "draft_text", "state").iterator(chunk_size=500):
        for sentence in review.sentences:
            was = sentence["text"]
            sentence["text"] = was.replace(", lying down.", ", supine.")
            if review.state == "open":
                review.draft_text = review.draft_text.replace(was, sentence["text"])
        review.save(update_fields=["sentences", "draft_text"])


class Migration(migrations.Migration):
    dependencies = [("reader", "0013_signed_reports_are_immutable")]

    operations = [
        migrations.AddField("reviewedfinding", "rules", models.JSONField(default=list)),
        migrations.AddField("reviewedfinding", "notices", models.JSONField(default=list)),
        migrations.RunPython(sentences_to_values),
        migrations.RunPython(reworded),
    ]
