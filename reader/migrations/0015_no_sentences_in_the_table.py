from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("reader", "0014_rules_and_notices")]

    operations = [
        migrations.RemoveField("reviewedfinding", "rule"),
        migrations.RemoveField("reviewedfinding", "note"),
    ]
