"""How the service is: alive, ready, and what it counts.

In: nothing. Out: /healthz, /readyz, /metrics. Never: anything about a cohort.
"""

from __future__ import annotations

from aiohttp import web

from monitor.serve import answer, shapes
from monitor.serve.door import Answer, Door
from monitor.serve.parts import PARTS, PEER, WHO
from monitor.serve.problem import Problem, unauthorized


async def healthz_door(request: web.Request) -> web.StreamResponse:
    """The process answers."""
    return answer.plain({"status": "ok"})


async def readyz_door(request: web.Request) -> web.StreamResponse:
    """Whether deliveries can be taken: not while draining, not while the log can't be written."""
    parts = request.app[PARTS]
    reason = "draining" if parts.drain.is_set() else parts.ready()
    if reason is not None:
        raise Problem("unavailable", reason, headers={"Retry-After": "5"})
    return answer.plain({"status": "ready"})


async def metrics_door(request: web.Request) -> web.StreamResponse:
    """The metrics, for this machine or an admin's token."""
    if WHO not in request and not request[PEER].loopback:
        unauthorized("metrics are for this machine, or with an admin's token")
    response = web.Response(body=request.app[PARTS].metrics.text())
    response.headers["Content-Type"] = "text/plain; version=0.0.4; charset=utf-8"
    return response


DOORS = [
    Door(
        "GET",
        "/healthz",
        healthz_door,
        "service",
        "Alive 存活",
        answers={200: Answer("Alive", {answer.JSON: shapes.Health}, {"status": "ok"})},
    ),
    Door(
        "GET",
        "/readyz",
        readyz_door,
        "service",
        "Ready for deliveries 就绪",
        answers={200: Answer("Ready", {answer.JSON: shapes.Health}, {"status": "ready"})},
    ),
    Door(
        "GET",
        "/metrics",
        metrics_door,
        "service",
        "Prometheus metrics 指标",
        answers={200: Answer("Metrics", {"text/plain": {"type": "string"}})},
        problems=("unauthorized", "forbidden"),
    ),
]
