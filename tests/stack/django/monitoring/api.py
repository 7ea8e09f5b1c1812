"""Layer 1 of the wire, as the earlier server answered it."""
import json
import secrets

from django.http import JsonResponse
from django.urls import path
from django.utils.dateparse import parse_datetime

from .models import AgentHeartbeat, AgentSession, AgentToken, AIMetric, Recording, ScreenshotLog

SESSION = ("agent_name", "agent_version", "hostname", "username", "ip_address")
METRIC = ("source_type", "source_ref", "feature_version", "features", "productivity_score",
          "anomaly_score", "anomaly_label", "model_info", "pipeline_status")
MAYBE = ("ocr_text_hash", "error_code", "error_message")


def refused(request, session_id):
    bearer = request.headers.get("Authorization", "")
    if not bearer.startswith("Bearer "):
        return JsonResponse({"error": "no token"}, status=401)
    if not AgentToken.objects.filter(token=bearer[7:], session_id=session_id).exists():
        return JsonResponse({"error": "token"}, status=403)
    return None


def sessions(request):
    body = json.loads(request.body)
    session = AgentSession.objects.create(**{name: body[name] for name in SESSION})
    token = AgentToken.objects.create(session=session, token=secrets.token_hex(32))
    return JsonResponse({"session_id": session.id, "token": token.token}, status=201)


def heartbeat(request, session_id):
    bad = refused(request, session_id)
    if bad is None:
        AgentHeartbeat.objects.update_or_create(session_id=session_id)
    return bad or JsonResponse({"status": "alive"})


def screenshots(request):
    session_id = int(request.POST["session_id"])
    bad = refused(request, session_id)
    if bad is None:
        ScreenshotLog.objects.create(session_id=session_id, image=request.FILES["image"],
                                     captured_at=parse_datetime(request.POST["captured_at"]))
    return bad or JsonResponse({"status": "ok"}, status=201)


def metrics(request, session_id):
    bad = refused(request, session_id)
    if bad is not None:
        return bad
    key = request.headers["X-Idempotency-Key"]
    known = AIMetric.objects.filter(idempotency_key=key).first()
    if known:
        return JsonResponse({"ai_metric_id": known.id, "status": "duplicate"})
    body = json.loads(request.body)
    made = AIMetric.objects.create(
        session_id=session_id, idempotency_key=key, agent_timestamp=parse_datetime(body["agent_timestamp"]),
        **{name: body[name] for name in METRIC}, **{name: body.get(name) for name in MAYBE})
    return JsonResponse({"ai_metric_id": made.id, "status": "ok"}, status=201)


def recordings(request, session_id):
    bad = refused(request, session_id)
    if bad is not None:
        return bad
    body = json.loads(request.body)
    made = Recording.objects.create(
        session_id=session_id, video_path=body["video_path"], drive_file_id=body.get("drive_file_id"),
        started_at=parse_datetime(body["started_at"]), ended_at=parse_datetime(body["ended_at"]),
        status=body.get("status", "UPLOADED"), file_size_bytes=body.get("file_size_bytes"))
    return JsonResponse({"recording_id": made.id}, status=201)


urlpatterns = [
    path("api/sessions/", sessions),
    path("api/sessions/<int:session_id>/heartbeat/", heartbeat),
    path("api/sessions/<int:session_id>/ai-metrics/", metrics),
    path("api/sessions/<int:session_id>/recordings/", recordings),
    path("api/screenshots/", screenshots),
]
