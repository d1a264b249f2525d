

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('customers', '0001_initial'),
    ]

    operations = [
        migrations.CreateModel(
            name='Run',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('period_start', models.DateField()),
                ('period_end', models.DateField()),
                ('before_end', models.BooleanField(default=False)),
                ('actor_name', models.CharField(max_length=150)),
                ('started_at', models.DateTimeField()),
                ('finished_at', models.DateTimeField(blank=True, null=True)),
                ('retries', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='retried_by', to='billing.run')),
            ],
            options={
                'ordering': ('-pk',),
                'permissions': (('start_run', 'Can start a billing run and retry what it left'),),
            },
        ),
        migrations.CreateModel(
            name='RunParked',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('draft', models.BigIntegerField()),
                ('waiting', models.PositiveIntegerField()),
                ('reason', models.TextField()),
                ('account', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='customers.account')),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parked', to='billing.run')),
            ],
            options={
                'verbose_name': 'parked accounts',
                'verbose_name_plural': 'parked accounts',
                'ordering': ('pk',),
            },
        ),
        migrations.CreateModel(
            name='RunPart',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('currency', models.CharField(max_length=3)),
                ('invoices', models.PositiveIntegerField()),
                ('total', models.BigIntegerField()),
                ('credited', models.BigIntegerField()),
                ('run', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='parts', to='billing.run')),
            ],
            options={
                'ordering': ('pk',),
            },
        ),
        migrations.AddConstraint(
            model_name='run',
            constraint=models.CheckConstraint(condition=models.Q(('period_end__gt', models.F('period_start'))), name='run_period'),
        ),
        migrations.AddConstraint(
            model_name='runparked',
            constraint=models.UniqueConstraint(fields=('run', 'account'), name='parked_once_per_run'),
        ),
    ]
