"""What /metrics tells Prometheus, in a registry of its own.

The numbers are about work and never about people or codes, so the page is public like /readyz. A
cafe is named by its id alone, where one of many may be behind, and at most twenty at a time.
composition builds one `Metrics`, gives it to the runner (`services.runner`) and to the socket plane
(`realtime.ports`), whose protocols it fits, and starts `watch_loop`.
"""

import asyncio
from collections.abc import Callable, Iterator, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

_FAST_S = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
_COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024)
_LOOP_PROBE_S = 0.25  # often enough to see a stall of 250 ms, 4 wake-ups a second


class Metrics:
    """The instruments of one process."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._http_duration_s = self._time(
            "http_request_duration",
            "A request, from its headers to its answer.",
            "method",
            "route",
            "status",
        )
        self._loop_lag_s = self._time("event_loop_lag", "How late the event loop ran a timer.")
        self._unit_duration_s = self._time(
            "unit_duration", "An operation inside its transaction.", "command_type"
        )
        self._commit_duration_s = self._time("commit_duration", "One COMMIT.")
        self._commit_units = self._size("commit_units", "Units that one COMMIT carried.")
        self._read_duration_s = self._time("read_duration", "A query in its snapshot.")
        self._snapshots = self._count("snapshots", "Boards, built or shared.", "outcome")
        self._connections = Gauge(
            "tabletap_connections", "Open sockets.", ["namespace"], registry=self.registry
        )
        self._closed = self._count("connections_closed", "Closed sockets.", "namespace", "code")
        self._attached = self._count("attachments", "How sockets attached.", "mode")
        self._errors = self._count("socket_errors", "Errors sent to sockets.", "type")
        self._refused = self._count("refusals", "What limits refused.", "reason")
        self._suspected = self._count(
            "suspicions", "Tries of what is not one's own, told or not.", "cause"
        )
        self._hints = self._count("hints", "Hints between processes.", "outcome")
        self._recipients = self._size("publication_recipients", "Sessions that got an event.")
        self._publication_lag_s = self._time("publication_lag", "From an event to its sending.")

    def add_gauge(self, name: str, description: str, read: Callable[[], float]) -> None:
        """Show a number that somebody else keeps. read: called at every scrape, on the loop."""
        Gauge(f"tabletap_{name}", description, registry=self.registry).set_function(read)

    def add_family(
        self, name: str, description: str, label: str, read: Callable[[], Mapping[str, float]]
    ) -> None:
        """Show numbers that somebody else keeps, one for each value of a label.

        read: value -> number, called at every scrape, on the loop; it bounds how many there are.
        """
        self.registry.register(_Family(f"tabletap_{name}", description, label, read))

    def render(self) -> bytes:
        """Write all numbers in Prometheus' text format."""
        return generate_latest(self.registry)

    async def watch_loop(self) -> None:
        """Measure the loop's lag until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + _LOOP_PROBE_S
            await asyncio.sleep(_LOOP_PROBE_S)
            self._loop_lag_s.observe(max(0.0, loop.time() - due))

    def observe_http(self, *, method: str, route: str, status: int, duration_s: float) -> None:
        """Count one answered request. route: the pattern, never the address itself."""
        self._http_duration_s.labels(method, route, str(status)).observe(duration_s)

    def observe_unit(self, command_type: str, duration_s: float) -> None:
        self._unit_duration_s.labels(command_type).observe(duration_s)

    def observe_commit(self, units: int, duration_s: float) -> None:
        self._commit_units.observe(units)
        self._commit_duration_s.observe(duration_s)

    def observe_read(self, duration_s: float) -> None:
        self._read_duration_s.observe(duration_s)

    def observe_snapshot(self, outcome: str) -> None:
        self._snapshots.labels(outcome).inc()

    def connection_opened(self, namespace: str) -> None:
        self._connections.labels(namespace).inc()

    def connection_closed(self, namespace: str, code: int) -> None:
        self._connections.labels(namespace).dec()
        self._closed.labels(namespace, str(code)).inc()

    def attached(self, mode: str) -> None:
        self._attached.labels(mode).inc()

    def error_sent(self, error_type: str) -> None:
        self._errors.labels(error_type).inc()

    def refused(self, reason: str) -> None:
        self._refused.labels(reason).inc()

    def suspected(self, cause: str) -> None:
        self._suspected.labels(cause).inc()

    def hint_passed(self, outcome: str) -> None:
        self._hints.labels(outcome).inc()

    def published(self, *, recipients: int, lag_s: float) -> None:
        self._recipients.observe(recipients)
        self._publication_lag_s.observe(lag_s)

    def _time(self, name: str, description: str, *labels: str) -> Histogram:
        return Histogram(
            f"tabletap_{name}_seconds",
            description,
            labels,
            buckets=_FAST_S,
            registry=self.registry,
        )

    def _size(self, name: str, description: str) -> Histogram:
        return Histogram(f"tabletap_{name}", description, buckets=_COUNTS, registry=self.registry)

    def _count(self, name: str, description: str, *labels: str) -> Counter:
        return Counter(f"tabletap_{name}", description, labels, registry=self.registry)


class _Family(Collector):
    """A gauge whose labels come and go with what it is about."""

    def __init__(
        self, name: str, description: str, label: str, read: Callable[[], Mapping[str, float]]
    ) -> None:
        self._name = name
        self._description = description
        self._label = label
        self._read = read

    def collect(self) -> Iterator[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._description, labels=[self._label])
        for value, number in self._read().items():
            family.add_metric([value], number)
        yield family

    def describe(self) -> list[GaugeMetricFamily]:
        """Name it without reading anything; called when it is registered."""
        return [GaugeMetricFamily(self._name, self._description, labels=[self._label])]
