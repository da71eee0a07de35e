"""The whole product inside this process, for proofs that must reach into it.

`serve_here` builds it by composition, with the demo's cafe, on a free port, in the running loop.
Everything else is proved from outside, on a process of its own (tests/support/servers.py).
"""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tornado.netutil import bind_sockets

from composition.identifiers import new_id, new_table_code, now
from composition.product import build
from composition.storage import migrate_database, open_product_database
from config.settings import Settings
from demo.cafe import CAFE
from domain.demo import DemoDescription
from models.database import close_database
from services.demo import describe_demo, prepare_demo
from services.passwords import hash_password
from services.setup import SetupContext
from tabletap import DEMO_PATHS
from tests.support.servers import GENEROUS_LIMITS


@asynccontextmanager
async def serve_here(
    data_dir: Path,
    *,
    database_url: str,
    before_commit: Callable[[], None] = lambda: None,
    **settings: Any,
) -> AsyncIterator[DemoDescription]:
    """Serve the demo's cafe and say what there is. before_commit: runs before every COMMIT."""
    sockets = bind_sockets(0, "127.0.0.1")
    port = sockets[0].getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    limits: dict[str, Any] = {**GENEROUS_LIMITS, **settings}
    chosen = Settings(
        data_dir=data_dir, database_url=database_url, port=port, public_url=url, **limits
    )
    database = open_product_database(chosen)
    migrate_database(database)
    credentials = prepare_demo(
        CAFE,
        data_dir=data_dir,
        context=SetupContext(now=now(), new_id=new_id, new_code=new_table_code),
        hash_password=hash_password,
    )
    description = describe_demo(CAFE, credentials=credentials, url=url, paths=DEMO_PATHS)
    close_database(database)
    product = build(chosen, before_commit=before_commit)
    product.start(sockets)
    try:
        yield description
    finally:
        await product.stop()
