"""The first tables."""

from __future__ import annotations

from typing import ClassVar

import django.utils.timezone
from django.db import migrations, models
from django.db.migrations.operations.base import Operation

from qpaykit.integrations.django.models import KeyField


class Migration(migrations.Migration):
    initial: ClassVar[bool | None] = True

    dependencies: ClassVar[list[tuple[str, str]]] = []

    operations: ClassVar[list[Operation]] = [
        migrations.CreateModel(
            name="Claim",
            fields=[
                ("key", KeyField(max_length=255, primary_key=True, serialize=False)),
                ("owner", models.CharField(max_length=255)),
                ("until", models.DateTimeField()),
                ("done", models.BooleanField(default=False)),
            ],
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("key", KeyField(max_length=255, primary_key=True, serialize=False)),
                ("order_no", models.CharField(db_index=True, max_length=255)),
                ("invoice_id", models.CharField(db_index=True, max_length=255)),
                ("payment_id", models.CharField(db_index=True, max_length=255)),
                ("status", models.CharField(max_length=40)),
                ("outcome", models.CharField(max_length=40)),
                ("amount", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                ("due", models.DecimalField(decimal_places=2, default=0, max_digits=20)),
                (
                    "delivered_at",
                    models.DateTimeField(db_index=True, default=django.utils.timezone.now),
                ),
                ("record", models.TextField(default="")),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="Value",
            fields=[
                ("key", KeyField(max_length=255, primary_key=True, serialize=False)),
                ("value", models.TextField()),
                ("until", models.DateTimeField(null=True)),
                ("written", models.DateTimeField(db_index=True)),
            ],
        ),
    ]
