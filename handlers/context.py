"""What handlers work with: one frozen container that composition fills and passes in.

Handlers reach services, realtime's documents and templates through it and through nothing else.
"""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from config.settings import Settings
from domain.identifiers import NewId
from handlers.assets import Assets
from handlers.health import ReadinessCheck
from handlers.metrics import Metrics
from handlers.security import CookieNames, TrustedProxies
from handlers.templating import Templates
from realtime.limits import Limits
from realtime.presence import Presence
from realtime.suspicion import Suspicions
from services.authentication import Authentication
from services.first_run import FirstRun
from services.joining import Joining
from services.pins import PinAccess
from services.runner import Runner
from services.screen_access import ScreenAccess


@dataclass(frozen=True, slots=True, kw_only=True)
class HandlerContext:
    """Collaborators of the handlers.

    runner: the only door to the database. limits: around every write that somebody asks for.
    suspicions: told of who was refused. presence: who is connected. on_access_changed: to be told
    of the cafe after access was taken back. now, new_id: clock and ids.
    build_asyncapi: makes the document of the socket plane (realtime's builder, bound).
    replay_gate: of the threads that read, one at most looks at a past service; the others serve.
    readiness_checks: what /readyz asks.
    """

    settings: Settings
    runner: Runner
    limits: Limits
    suspicions: Suspicions
    presence: Presence
    on_access_changed: Callable[[str], None]
    authentication: Authentication
    first_run: FirstRun
    joining: Joining
    screen_access: ScreenAccess
    pins: PinAccess
    templates: Templates
    assets: Assets
    metrics: Metrics
    cookies: CookieNames
    proxies: TrustedProxies
    now: Callable[[], datetime]
    new_id: NewId
    build_asyncapi: Callable[[], dict[str, Any]]
    readiness_checks: tuple[ReadinessCheck, ...]
    replay_gate: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
