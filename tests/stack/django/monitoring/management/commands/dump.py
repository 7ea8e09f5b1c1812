"""dump: every row as the ORM reads it, a JSON line each."""
import json

from django.core.management.base import BaseCommand

from monitoring.models import AgentHeartbeat, AgentSession, AgentToken, AIMetric, Recording, ScreenshotLog


def plain(value):
    # microseconds since 1970: exact, and of one spelling
    if hasattr(value, "timestamp"):
        return int(value.timestamp()) * 1000000 + value.microsecond
    return value.name if hasattr(value, "storage") else value


class Command(BaseCommand):
    def handle(self, *args, **options):
        for model in (AgentSession, AgentToken, AgentHeartbeat, AIMetric, ScreenshotLog, Recording):
            for row in model.objects.order_by("id").iterator():
                fields = {f.attname: plain(getattr(row, f.attname)) for f in model._meta.fields}
                self.stdout.write(json.dumps({"table": model.__name__, **fields}))
