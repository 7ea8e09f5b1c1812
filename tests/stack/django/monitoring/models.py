"""The tables of the earlier server, column by column."""
from django.db import models


class AgentSession(models.Model):
    agent_name = models.CharField(max_length=100)
    agent_version = models.CharField(max_length=20)
    hostname = models.CharField(max_length=255)
    username = models.CharField(max_length=255)
    ip_address = models.CharField(max_length=45)
    started_at = models.DateTimeField(auto_now_add=True)


class AgentToken(models.Model):
    session = models.OneToOneField(AgentSession, on_delete=models.CASCADE)
    token = models.CharField(max_length=64, unique=True)


class AgentHeartbeat(models.Model):
    session = models.OneToOneField(AgentSession, on_delete=models.CASCADE)
    last_seen = models.DateTimeField(auto_now=True)


class ScreenshotLog(models.Model):
    session = models.ForeignKey(AgentSession, on_delete=models.CASCADE)
    image = models.FileField(upload_to="screenshots/%Y/%m/%d/")
    captured_at = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)


class Recording(models.Model):
    session = models.ForeignKey(AgentSession, on_delete=models.CASCADE)
    status = models.CharField(max_length=20, default="CREATED")
    video_path = models.CharField(max_length=255)
    drive_file_id = models.CharField(max_length=255, null=True)
    retry_count = models.IntegerField(default=0)
    error_message = models.TextField(null=True)
    file_size_bytes = models.BigIntegerField(null=True)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    ai_processed = models.BooleanField(default=False)


class AIMetric(models.Model):
    session = models.ForeignKey(AgentSession, on_delete=models.CASCADE)
    source_type = models.CharField(max_length=32)
    source_ref = models.CharField(max_length=1024)
    ocr_text_hash = models.CharField(max_length=128, null=True)
    feature_version = models.CharField(max_length=32)
    features = models.JSONField()
    productivity_score = models.FloatField()
    anomaly_score = models.FloatField()
    anomaly_label = models.CharField(max_length=32)
    model_info = models.JSONField()
    pipeline_status = models.CharField(max_length=16)
    error_code = models.CharField(max_length=64, null=True)
    error_message = models.TextField(null=True)
    idempotency_key = models.CharField(max_length=128, unique=True)
    agent_timestamp = models.DateTimeField()
    created_at = models.DateTimeField(auto_now_add=True)
