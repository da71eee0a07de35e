"""The socket routes of all namespaces: `/ws/<namespace>` for SockJS, `.../websocket` plain."""

import re
from typing import Any

from config.namespaces import NAMESPACES
from config.settings import Settings
from handlers.sockets.endpoint import Endpoint, SocketDependencies
from handlers.sockets.origins import OriginPolicy
from handlers.sockets.plain import PlainWebSocket
from handlers.sockets.sockjs import Router


class SocketRoutes:
    """Handlers for Tornado's Application, and what runs behind them."""

    def __init__(self, handlers: list[tuple[Any, ...]], routers: list[Router]) -> None:
        self.handlers = handlers
        self._routers = routers

    def stop(self) -> None:
        """Stop the routers' timers; the plane ends the connections (Plane.drain)."""
        for router in self._routers:
            router.stop()


def build_socket_routes(dependencies: SocketDependencies, settings: Settings) -> SocketRoutes:
    """Build the routes of every namespace. Call inside the running loop."""
    origins = OriginPolicy(
        public_url=settings.public_url,
        allowed=settings.allowed_origins,
        is_same_host_trusted=not settings.is_production,
    )
    handlers: list[tuple[Any, ...]] = []
    routers: list[Router] = []
    for namespace, rule in NAMESPACES.items():
        endpoint = Endpoint(
            namespace=namespace,
            dependencies=dependencies,
            origins=origins,
            frame_limit_bytes=settings.frame_limit_bytes,
            ping_interval_s=min(settings.heartbeat_grace_s, settings.heartbeat_interval_s),
        )
        router = Router(endpoint, rule.path)
        routers.append(router)
        # Before the router's: SockJS means something else by this address.
        plain = (f"{re.escape(rule.path)}/websocket", PlainWebSocket, {"endpoint": endpoint})
        handlers += [plain, *router.urls]
    return SocketRoutes(handlers, routers)
