from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("accounts", "0003_model_events"),
    ]

    operations = [
        migrations.AlterField(
            model_name="auditevent", name="action", field=models.CharField(db_index=True, max_length=20)
        ),
    ]
