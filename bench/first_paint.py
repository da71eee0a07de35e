"""What a guest's phone loads before the menu of forty dishes is there, and how Lighthouse finds it.

    python -m bench.first_paint [--runs 5] [--without-lighthouse]

A quiet demo, a phone that has scanned a table's code and has nothing of ours in its cache. Bytes
are counted as sent, with headers, by Chromium's debugging protocol, up to the window's load event.
Lighthouse is fetched from npm into a folder that is thrown away, and runs with its own mobile
profile: a slow 4G line and a processor a quarter as quick. Exit code 1 when a goal is missed: 60 KB
before pictures, a performance of 95 (median).
"""

import asyncio
import json
import os
import subprocess
import sys
import tempfile
from collections import defaultdict
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, Page

from bench.demo_server import read_description, run_demo
from bench.machine import build_parser, describe_run, find_percentile, report_verdict
from bench.windows import open_at_table, open_browser
from domain.demo import DemoDescription
from tests.support.tools import find_chromium, find_node

# The newest that runs on the oldest Node that `make tools` accepts.
_LIGHTHOUSE = "lighthouse@12.8.2"
_MOST_BYTES = 60_000
_LEAST_PERFORMANCE = 95
_TABLE = 5
_CATEGORIES = ("performance", "accessibility", "best-practices", "seo")
_METRICS = {
    "first-contentful-paint": "ms",
    "largest-contentful-paint": "ms",
    "speed-index": "ms",
    "total-blocking-time": "ms",
    "cumulative-layout-shift": "",
}


def main() -> int:
    """Run the measurement and return the exit code."""
    parser = build_parser(__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--without-lighthouse", action="store_true")
    options = parser.parse_args()
    print(describe_run())
    with run_demo() as server:
        description = read_description(server)
        sent, cookie = asyncio.run(_weigh(description))
        faults = _report_weight(sent)
        if not options.without_lighthouse:
            reports = _run_lighthouse(f"{description.url}/menu", cookie, runs=options.runs)
            faults += _report_lighthouse(reports)
    return report_verdict(faults)


async def _weigh(description: DemoDescription) -> tuple[list[tuple[str, str, int]], str]:
    """Load the menu with an empty cache; return (kind, address, bytes) of each answer and the
    cookies of whoever sits at the table."""
    async with open_browser() as browser:
        phone = await open_at_table(browser, description.url, description, _TABLE)
        dishes = await phone.locator(".menu-item").count()
        print(f"menu      {dishes} dishes")
        cookies = await phone.context.cookies()
        await phone.context.close()
        sent = await _load(browser, description.url, cookies)
    return sent, "; ".join(f"{each['name']}={each['value']}" for each in cookies)


async def _load(browser: Browser, url: str, cookies: list[Any]) -> list[tuple[str, str, int]]:
    context = await browser.new_context(viewport={"width": 390, "height": 844}, is_mobile=True)
    await context.add_cookies(cookies)
    page = await context.new_page()
    answers = await _watch_answers(page)
    await page.goto(f"{url}/menu", wait_until="load")
    # Chromium without a window asks for no icon by itself, a phone does.
    await page.evaluate("fetch(document.querySelector('link[rel=icon]').href).then(r => r.text())")
    await context.close()
    return [(kind, address, size) for kind, address, size in answers.values() if size]


async def _watch_answers(page: Page) -> dict[str, tuple[str, str, int]]:
    """Note each answer of a page from now on, by the number of its request."""
    answers: dict[str, tuple[str, str, int]] = {}
    protocol = await page.context.new_cdp_session(page)

    def note(event: dict[str, Any]) -> None:
        answers[event["requestId"]] = (event["type"], event["response"]["url"], 0)

    def count(event: dict[str, Any]) -> None:
        kind, address, _ = answers[event["requestId"]]
        answers[event["requestId"]] = (kind, address, int(event["encodedDataLength"]))

    protocol.on("Network.responseReceived", note)
    protocol.on("Network.loadingFinished", count)
    await protocol.send("Network.enable")
    return answers


def _report_weight(sent: list[tuple[str, str, int]]) -> list[str]:
    sizes: dict[str, list[int]] = defaultdict(list)
    for kind, address, size in sent:
        is_icon = "/img/favicon" in address
        sizes["Icon" if is_icon else kind].append(size)
    for kind, each in sorted(sizes.items()):
        print(f"sent      {kind:<11} {len(each):>3} answers {sum(each):>7} bytes")
    counted = sum(sum(each) for kind, each in sizes.items() if kind != "Image")
    print(f"sent      {'in all':<11} {len(sent):>3} answers {counted:>7} bytes before pictures")
    return [f"{counted} bytes, {_MOST_BYTES} are allowed"] if counted > _MOST_BYTES else []


def _run_lighthouse(url: str, cookie: str, *, runs: int) -> list[dict[str, Any]]:
    node = find_node()
    environment = os.environ | {"CHROME_PATH": str(find_chromium())}
    with tempfile.TemporaryDirectory(prefix="tabletap-lighthouse-") as folder:
        quiet = ("--no-audit", "--no-fund", "--loglevel=error")
        subprocess.run(  # noqa: S603 - npm, as `make tools` found it
            [*node.npm, "install", *quiet, "--prefix", folder, _LIGHTHOUSE], check=True, cwd=folder
        )
        headers = Path(folder) / "headers.json"
        headers.write_text(json.dumps({"Cookie": cookie}))
        command: list[str | Path] = [
            *(node.program, Path(folder) / "node_modules" / "lighthouse" / "cli" / "index.js", url),
            *("--quiet", "--output=json", f"--extra-headers={headers}"),
            f"--only-categories={','.join(_CATEGORIES)}",
            "--chrome-flags=--headless=new" + (" --no-sandbox" if os.geteuid() == 0 else ""),
        ]
        return [
            json.loads(
                subprocess.run(  # noqa: S603 - node with what was just installed
                    command, check=True, capture_output=True, env=environment
                ).stdout
            )
            for _ in range(runs)
        ]


def _report_lighthouse(reports: list[dict[str, Any]]) -> list[str]:
    """Print the spread of each figure, and once what keeps a category from being perfect."""
    scores = {
        category: [round(100 * each["categories"][category]["score"]) for each in reports]
        for category in _CATEGORIES
    }
    print(f"lighthouse {reports[0]['lighthouseVersion']}, {len(reports)} runs, mobile")
    for category, values in scores.items():
        print(f"score     {category:<24} {_describe(values)}")
    for metric, unit in _METRICS.items():
        values = [each["audits"][metric]["numericValue"] for each in reports]
        print(f"figure    {metric:<24} {_describe(values)} {unit}")
    for line in sorted({line for report in reports for line in _list_advice(report)}):
        print(f"advice    {line}")
    reached = find_percentile(scores["performance"], 50)
    if reached < _LEAST_PERFORMANCE:
        return [f"a performance of {reached}, {_LEAST_PERFORMANCE} is needed"]
    return []


def _describe(values: list[int] | list[float]) -> str:
    low, median, high = min(values), find_percentile(values, 50), max(values)
    return f"min {low:g}, median {median:g}, max {high:g}"


def _list_advice(report: dict[str, Any]) -> list[str]:
    """List the audits that a category weighs and that found something."""
    return [
        f"{category}: {audit['title']} {audit.get('displayValue', '')}".rstrip()
        for category in _CATEGORIES
        for reference in report["categories"][category]["auditRefs"]
        if (audit := report["audits"][reference["id"]])["score"] is not None
        and audit["score"] < 1
        and (reference["weight"] or category == "performance")
    ]


if __name__ == "__main__":
    sys.exit(main())
