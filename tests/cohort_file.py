"""A small cohort to try things with."""

import json
from typing import Any

COHORT: dict[str, Any] = {
    "policy": "beijing-2026",
    "cohort": {
        "id": "bj-cnc-01",
        "name": "数控高级研修班",
        "organizer": "某技师学院",
        "timezone": "Asia/Shanghai",
    },
    "sources": [{"id": "main", "camera": "heartbeat", "heartbeat_seconds": 30}],
    "people": [
        {"id": "t01", "role": "trainee", "name": "张三", "accounts": ["u-1001"]},
        {"id": "t02", "role": "trainee", "name": "李四", "accounts": ["u-1002"]},
        {"id": "w01", "role": "teacher", "name": "王老师", "accounts": ["u-9"]},
    ],
    "sessions": [
        {
            "id": "s01",
            "course": "五轴加工",
            "kind": "lecture",
            "mode": "online",
            "teacher": "w01",
            "room": "room-1",
            "periods": [["2026-05-11T08:30:00+08:00", "2026-05-11T09:15:00+08:00"]],
        }
    ],
}


def cohort_file(**changed: Any) -> bytes:
    """The file, with other parts in the place of its own."""
    return json.dumps({**COHORT, **changed}, ensure_ascii=False).encode()
