"""/healthz, /readyz and /metrics: for balancers and monitors, without authentication.

A balancer restarts on the first and routes by the second, so the first depends on nothing but
the loop. None of them says anything about cafes, people or what went wrong.
"""

import msgspec
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from handlers.base import BaseHandler
from handlers.health import run_checks


class HealthHandler(BaseHandler):
    """GET /healthz."""

    is_public = True

    async def get(self) -> None:
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish("ok\n")


class ReadinessHandler(BaseHandler):
    """GET /readyz: 200, or 503 while one of the checks fails."""

    is_public = True

    async def get(self) -> None:
        readiness = await run_checks(self.context.readiness_checks)
        self.set_status(200 if readiness.is_ready else 503)
        self.set_header("Content-Type", "application/json")
        self.finish(msgspec.json.encode(readiness))


class MetricsHandler(BaseHandler):
    """GET /metrics."""

    is_public = True

    async def get(self) -> None:
        self.set_header("Content-Type", CONTENT_TYPE_LATEST)
        self.finish(self.context.metrics.render())
