"""What addresses in the settings must look like: database, public URL, origins and proxies.

These are the faults that a value's type alone cannot see. config/settings.py calls
`find_address_faults` with what it has converted.
"""

import ipaddress
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import SplitResult, urlsplit

_DATABASE_SCHEMES = ("sqlite", "postgres", "postgresql")


def find_address_faults(values: Mapping[str, Any]) -> Iterator[str]:
    """Yield one sentence per fault. values: field name -> value, without those left out."""
    if re.search(r"[?#]", str(values.get("data_dir", Path()))):
        yield "TABLETAP_DATA_DIR must not contain ? or #: it becomes a part of the database's URL."
    yield from _check_database_url(values.get("database_url", ""))
    yield from _check_redis_url(values.get("redis_url", ""))
    yield from _check_public_url(values.get("public_url", ""), values.get("mode", "development"))
    for origin in values.get("allowed_origins", ()):
        if not _is_origin(origin):
            yield (
                f"TABLETAP_ALLOWED_ORIGINS: {origin!r} is not an origin; write it as a browser "
                "sends it, like https://shop.example or http://localhost:3000, without a path."
            )
    for proxy in values.get("trusted_proxies", ()):
        try:
            ipaddress.ip_network(proxy)
        except ValueError:
            yield (
                f"TABLETAP_TRUSTED_PROXIES: {proxy!r} is neither an address nor a network like "
                "10.0.0.0/8."
            )


def _check_database_url(url: str) -> Iterator[str]:
    if not url:
        return
    parts = _split_url(url)
    if parts is None or parts.scheme not in _DATABASE_SCHEMES:
        yield (
            "TABLETAP_DATABASE_URL must begin with sqlite:/// or postgresql://; "
            "what is set does not."
        )
    elif parts.scheme == "sqlite" and parts.path in ("", "/"):
        yield "TABLETAP_DATABASE_URL names no file: write sqlite:///path/to/file.db."
    elif parts.scheme != "sqlite" and parts.path in ("", "/"):
        yield "TABLETAP_DATABASE_URL names no database: write postgresql://user@host/name."


def _check_redis_url(url: str) -> Iterator[str]:
    parts = _split_url(url)
    if url and (parts is None or parts.scheme not in ("redis", "rediss") or not parts.hostname):
        yield (
            "TABLETAP_REDIS_URL must be like redis://host:6379/0 or rediss://host:6379/0; "
            "what is set is not."
        )


def _check_public_url(url: str, mode: str) -> Iterator[str]:
    if url and not _is_origin(url.rstrip("/")):
        yield (
            "TABLETAP_PUBLIC_URL must be like https://cafe.example, without a path; "
            f"{url!r} is not."
        )
    elif mode == "production" and not url.startswith("https://"):
        yield (
            "TABLETAP_PUBLIC_URL must be an https address in production: without it sign-ins "
            "would travel in the clear."
        )


def _is_origin(text: str) -> bool:
    """Whether this is scheme, host and port alone, spelled the way browsers spell it."""
    parts = _split_url(text)
    return (
        parts is not None
        and parts.scheme in ("http", "https")
        and text == f"{parts.scheme}://{parts.netloc}"
        and re.fullmatch(r"[a-z0-9.-]+(:\d+)?|\[[0-9a-f:]+\](:\d+)?", parts.netloc) is not None
    )


def _split_url(text: str) -> SplitResult | None:
    """Take a URL apart, or return None where it is none."""
    try:
        parts = urlsplit(text)
        _ = parts.port  # reading it checks that it is a number below 65536
    except ValueError:
        return None
    return parts
