"""fill SESSIONS METRICS SCREENSHOTS RECORDINGS PICTURE...: rows by the ORM, so
many a session; pictures are copies of the given files."""
import random
import secrets
from datetime import datetime, timedelta, timezone
from pathlib import Path

from django.core.files.base import ContentFile
from django.core.management.base import BaseCommand

from monitoring.models import AgentHeartbeat, AgentSession, AgentToken, AIMetric, Recording, ScreenshotLog

BEGIN = datetime(2026, 11, 20, 8, 0, tzinfo=timezone.utc)
STATES = ["CREATED", "RECORDED", "UPLOADING", "UPLOADED", "FAILED"]


def metric(session, number, at, chance):
    failed = number % 10 == 9
    return AIMetric(
        session=session, source_type=chance.choice(["screenshot", "recording_window"]),
        source_ref=f"shots/{number}-é-漢-🙂.png", ocr_text_hash=secrets.token_hex(32) if number % 3 else None,
        feature_version="1.0", features={"words": number, "ratio": chance.random(), "nested": {"a": [1, None, "ü\n\"\\"]}},
        productivity_score=round(chance.uniform(0, 100), 2), anomaly_score=chance.random(),
        anomaly_label=chance.choice(["normal", "suspicious", "critical"]), model_info={"name": "m", "v": 3},
        pipeline_status="failed" if failed else chance.choice(["ok", "partial"]),
        error_code="E_OCR" if failed else None, error_message="no text\nat all" if failed else None,
        idempotency_key=secrets.token_hex(32), agent_timestamp=at)


def recording(session, number, at):
    status = STATES[number % len(STATES)]
    return Recording(
        session=session, status=status, video_path=f"/home/ana/clips/{number}.mp4",
        drive_file_id=f"drive-{number}" if status == "UPLOADED" else None, retry_count=number % 4,
        error_message="quota" if status == "FAILED" else None,
        file_size_bytes=None if status == "CREATED" else 10**9 + number,
        started_at=at, ended_at=None if status == "CREATED" else at + timedelta(seconds=20), ai_processed=number % 2 == 0)


class Command(BaseCommand):
    def add_arguments(self, parser):
        for name in ("sessions", "metrics", "screenshots", "recordings"):
            parser.add_argument(name, type=int)
        parser.add_argument("pictures", nargs="*", type=Path)

    def handle(self, *args, sessions, metrics, screenshots, recordings, pictures, **options):
        chance = random.Random(7)
        for s in range(sessions):
            session = AgentSession.objects.create(
                agent_name=f"agent-{s}", agent_version="1.4.2", hostname=f"desk-{s}", username="José 漢",
                ip_address="UNKNOWN" if s % 2 else f"10.0.0.{s % 250}")
            if s % 7 != 6:
                AgentToken.objects.create(session=session, token=secrets.token_hex(32))
            if s % 5 != 4:
                AgentHeartbeat.objects.create(session=session)
            # whole seconds and microseconds: both have a spelling of their own
            at = BEGIN + timedelta(minutes=s, microseconds=123456 * (s % 2))
            AIMetric.objects.bulk_create(
                [metric(session, n, at + timedelta(seconds=10 * n), chance) for n in range(metrics)], batch_size=500)
            for n in range(screenshots):
                ScreenshotLog.objects.create(
                    session=session, captured_at=at + timedelta(seconds=30 * n),
                    image=ContentFile(pictures[n % len(pictures)].read_bytes(), name=f"shot{n}.png"))
            Recording.objects.bulk_create([recording(session, n, at + timedelta(minutes=n)) for n in range(recordings)])
