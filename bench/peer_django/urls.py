"""The four endpoints that bench-ingest sends to."""

from django.urls import path
from monitoring import views

urlpatterns = [
    path("api/sessions/", views.sessions),
    path("api/sessions/<int:session_id>/heartbeat/", views.heartbeat),
    path("api/sessions/<int:session_id>/ai-metrics/", views.metrics),
    path("api/screenshots/", views.screenshots),
]
