"""What `monitor bench` runs: each row a ratio to a raw limit that is measured beside it, in the same round.

In: names, how many rounds, a scale (1: the sizes README.md tells of). Out: results ready for JSON. Never: a
judgement; what a ratio should be stands in README.md.
"""

from __future__ import annotations

from typing import Final

ROWS: Final[dict[str, str]] = {
    "P1": "ingest",
    "P1s": "ingest",
    "P2": "ingest",
    "P3": "ingest",
    "P4": "ingest",
    "P5": "boards",
    "P6": "folding",
    "P7": "restart",
    "P8": "cohorts",
    "P9": "state",
    "P10": "disk",
    "recount": "recount",
}
"""Every row, and the file that measures it: `run(wanted) -> {name: result}`."""
