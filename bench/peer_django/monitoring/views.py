"""What the earlier server did with a request, and no more: the token is looked
up, then the row that may be there already, then the new row is written."""

import json
import secrets

from django.db import IntegrityError
from django.http import JsonResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from monitoring.models import (
    AgentHeartbeat,
    AgentSession,
    AgentToken,
    AIMetric,
    ScreenshotLog,
)


def _session_of(request, session_id):
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme != "Bearer" or not token:
        return None
    return (
        AgentToken.objects.select_related("session")
        .filter(session_id=session_id, token=token)
        .first()
    )


def _denied():
    return JsonResponse({"error": "token"}, status=403)


@csrf_exempt
@require_POST
def sessions(request):
    body = json.loads(request.body)
    session = AgentSession.objects.create(
        agent_name=body["agent_name"],
        agent_version=body["agent_version"],
        hostname=body["hostname"],
        username=body["username"],
        ip_address=body["ip_address"],
    )
    token = AgentToken.objects.create(
        session=session, token=secrets.token_hex(32)
    )
    return JsonResponse(
        {"session_id": session.id, "token": token.token}, status=201
    )


@csrf_exempt
@require_POST
def heartbeat(request, session_id):
    if not _session_of(request, session_id):
        return _denied()
    AgentHeartbeat.objects.update_or_create(
        session_id=session_id, defaults={"last_seen": timezone.now()}
    )
    return JsonResponse({"status": "ok"})


@csrf_exempt
@require_POST
def metrics(request, session_id):
    if not _session_of(request, session_id):
        return _denied()
    key = request.headers.get("X-Idempotency-Key", "")
    if not key:
        return JsonResponse({"error": "X-Idempotency-Key"}, status=400)
    there = AIMetric.objects.filter(idempotency_key=key).first()
    if there:
        return JsonResponse({"ai_metric_id": there.id, "status": "duplicate"})
    body = json.loads(request.body)
    try:
        row = AIMetric.objects.create(
            session_id=session_id,
            source_type=body["source_type"],
            source_ref=body["source_ref"],
            ocr_text_hash=body.get("ocr_text_hash", ""),
            feature_version=body["feature_version"],
            features=body["features"],
            productivity_score=body["productivity_score"],
            anomaly_score=body["anomaly_score"],
            anomaly_label=body["anomaly_label"],
            model_info=body["model_info"],
            pipeline_status=body["pipeline_status"],
            error_code=body.get("error_code", ""),
            error_message=body.get("error_message", ""),
            idempotency_key=key,
            agent_timestamp=parse_datetime(body["agent_timestamp"]),
        )
    except IntegrityError:
        row = AIMetric.objects.get(idempotency_key=key)
        return JsonResponse({"ai_metric_id": row.id, "status": "duplicate"})
    return JsonResponse({"ai_metric_id": row.id, "status": "ok"}, status=201)


@csrf_exempt
@require_POST
def screenshots(request):
    session_id = request.POST.get("session_id", "")
    if not session_id.isdigit() or not _session_of(request, int(session_id)):
        return _denied()
    row = ScreenshotLog.objects.create(
        session_id=int(session_id),
        image=request.FILES["image"],
        captured_at=parse_datetime(request.POST["captured_at"]),
    )
    return JsonResponse({"screenshot_id": row.id, "status": "ok"}, status=201)
