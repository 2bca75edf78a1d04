# SPDX-License-Identifier: Apache-2.0
"""Counters of the web process and of the core, in the text format of Prometheus."""

from __future__ import annotations

from typing import Any

BUCKETS_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Counters:
    """Requests by route and status, and how long lodgements took."""

    def __init__(self) -> None:
        self.requests: dict[tuple[str, str, int], int] = {}
        self.outcomes: dict[str, int] = {}
        self._buckets = [0] * (len(BUCKETS_S) + 1)
        self._seconds = 0.0

    def count(self, method: str, route: str, status: int) -> None:
        """Count one request."""
        key = (method, route, status)
        self.requests[key] = self.requests.get(key, 0) + 1

    def lodged(self, outcome: str, seconds: float) -> None:
        """Count one lodgement and the time it took."""
        self.outcomes[outcome] = self.outcomes.get(outcome, 0) + 1
        self._seconds += seconds
        for place, bound in enumerate(BUCKETS_S):
            if seconds <= bound:
                self._buckets[place] += 1
                return
        self._buckets[-1] += 1

    def text(self, core: dict[str, Any]) -> str:
        """Return all counters as text."""
        lines = ["# HELP openecp_http_requests_total HTTP requests.", "# TYPE openecp_http_requests_total counter"]
        for (method, route, status), number in sorted(self.requests.items()):
            labels = f'method="{method}",route="{route}",status="{status}"'
            lines.append(f"openecp_http_requests_total{{{labels}}} {number}")
        lines += ["# HELP openecp_lodged_total Lodgements by outcome.", "# TYPE openecp_lodged_total counter"]
        lines += [f'openecp_lodged_total{{outcome="{name}"}} {n}' for name, n in sorted(self.outcomes.items())]
        lines += self._histogram()
        for name, value in sorted(core.items()):
            kind = "gauge" if name in {"waiting", "in_work", "largest_batch"} else "counter"
            lines += [f"# TYPE openecp_core_{name} {kind}", f"openecp_core_{name} {value}"]
        return "\n".join(lines) + "\n"

    def _histogram(self) -> list[str]:
        lines = ["# HELP openecp_lodge_seconds Time to answer a lodgement.", "# TYPE openecp_lodge_seconds histogram"]
        total = 0
        for bound, number in zip(BUCKETS_S, self._buckets, strict=False):
            total += number
            lines.append(f'openecp_lodge_seconds_bucket{{le="{bound}"}} {total}')
        total += self._buckets[-1]
        lines.append(f'openecp_lodge_seconds_bucket{{le="+Inf"}} {total}')
        lines.append(f"openecp_lodge_seconds_sum {self._seconds:.6f}")
        lines.append(f"openecp_lodge_seconds_count {total}")
        return lines
