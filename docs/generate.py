"""Writes the generated pages: docs/rules.md from the policies, docs/api.md from the OpenAPI document.

In docs/operate.md it writes the table of metrics; for the board, dashboard/contract/shapes.json. Run by
`make docs`; `make lint` runs it with `--check`, which changes nothing and fails when a page is not what it
would write.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from monitor.hours.rulebook import Rules, Value, policy, rulebook
from monitor.hours.words import words
from monitor.serve import metrics, openapi

HERE = Path(__file__).parent

RULES_HEAD = """# 计数规则的数值 · The values of the counting rules

<!-- Written by docs/generate.py from monitor/hours/rules/*.toml; change those, then run `make docs`. -->

每个数值都是数据：自何日起施行、依据哪一条、原文怎么说、何时核对过。代码里没有这些数。
How they are used stands in [counting.md](counting.md).
Each value holds from its day on; a cohort takes those of its first period's local date. Asking for a day
before the first is an error, never a default. "silent 未规定": the text says nothing, the value is this
project's choice, and every printed statement says so.
"""


def rules_page() -> str:
    """docs/rules.md."""
    return "\n".join([RULES_HEAD, *(line for rules in rulebook().values() for line in _policy(rules))])


def _policy(rules: Rules) -> Iterator[str]:
    days = sorted({value.since for value in rules.value})
    yield f"## {rules.id} · {rules.title}\n"
    yield f"- 依据 Document: {rules.document}"
    yield f"- 简称 Short: {rules.short}"
    yield f"- 核对日期 Last checked: {rules.checked_on}"
    for day in days:
        yield f"- 自 {day} 起 From {day}: `{policy(rules.id, day).digest}`"
    yield ""
    yield "| 数值 Value | 值 | 单位 Unit | 自 From | 条款 Clause | 原文 The text says | 含义 Meaning |"
    yield "|---|---|---|---|---|---|---|"
    for value in rules.value:
        yield (
            f"| `{value.name}` | {_shown(value)} | {value.unit} | {value.since} | {value.clause} "
            f"| {value.says or '—'} | {value.means} |"
        )
    yield ""
    yield "| 其他条款 Further clauses | 原文 The text says | 用于 Of |"
    yield "|---|---|---|"
    for one in rules.clause:
        yield f"| {one.clause} | {one.says} | {', '.join(map(_called, one.of))} |"
    yield ""


def _called(word: str) -> str:
    """A word of the rules with its Chinese name."""
    found = (group[word].name.zh for group in words().values() if word in group)
    return f"`{word}` {next(found)}"


def _shown(value: Value) -> str:
    if isinstance(value.value, list):
        return "<br>".join(f"{kind} {words()['kinds'][kind].name.zh}" for kind in value.value)
    return str(value.value)


API_HEAD = """# 接口 · The doors

<!-- Written by docs/generate.py from monitor.serve.openapi; change that, then run `make docs`. -->

The service shows the same at `/docs` and as `/openapi.json`. What stands behind these shapes is in
[wire.md](wire.md).
"""


def api_page() -> str:
    """docs/api.md."""
    document = openapi.document()
    lines = [API_HEAD, document["info"]["description"], ""]
    for path, doors in document["paths"].items():
        for method, door in doors.items():
            lines += _door(method, path, door)
    return "\n".join(lines).rstrip() + "\n"


def _door(method: str, path: str, door: dict[str, Any]) -> Iterator[str]:
    yield f"## {method.upper()} {path}\n"
    yield f"**{door['summary']}**\n"
    yield f"{door['description']}\n"
    if door.get("parameters"):
        yield "| 参数 Parameter | in | 必需 needed | 含义 Meaning |"
        yield "|---|---|---|---|"
        for one in door["parameters"]:
            needed = "yes" if one.get("required") else ""
            yield f"| `{one['name']}` | {one['in']} | {needed} | {_cell(one.get('description', ''))} |"
        yield ""
    for kind, media in door.get("requestBody", {}).get("content", {}).items():
        yield f"Body: `{kind}`\n"
        yield from _example(media)
    yield "| 状态 Status | 含义 Meaning |"
    yield "|---|---|"
    for status, response in door["responses"].items():
        kinds = ", ".join(f"`{kind}`" for kind in response.get("content", {}) if "problem" not in kind)
        yield f"| {status} | {_cell(response['description'])}{f' ({kinds})' if kinds else ''} |"
    yield ""
    for response in door["responses"].values():
        media = response.get("content", {}).get("application/json", {})
        if "example" in media:
            yield from _example(media)
            break


def _example(media: dict[str, Any]) -> Iterator[str]:
    if "example" in media:
        yield f"```json\n{json.dumps(media['example'], ensure_ascii=False, indent=1)}\n```\n"


def _cell(text: str) -> str:
    return " ".join(text.replace("|", "\\|").split())


METRICS = "<!-- The table is written by docs/generate.py from monitor/serve/metrics.py. -->\n"


def operate_page() -> str:
    """docs/operate.md, with its table of metrics written anew."""
    before, _, rest = (HERE / "operate.md").read_text("utf-8").partition(METRICS)
    after = rest.lstrip("\n").partition("\n\n")[2]
    return f"{before}{METRICS}\n{chr(10).join(_metrics())}\n\n{after}"


def _metrics() -> Iterator[str]:
    yield "| 指标 Metric | | 含义 What |"
    yield "|---|---|---|"
    for row in (*metrics.TABLE, *metrics.PROCESS):
        name = row.name + ("_total" if row.kind == "counter" else "")
        labels = "{" + ",".join(row.labels) + "}" if row.labels else ""
        yield f"| `{name}{labels}` | {row.kind} | {row.zh} {row.en} |"


def shapes_page() -> str:
    """dashboard/contract/shapes.json: the bodies of the doors, of which the board's types are made."""
    document = openapi.document()
    shapes = {"openapi": document["openapi"], "info": {"title": "monitor", "version": ""}, "paths": {}}
    shapes["components"] = {"schemas": document["components"]["schemas"]}
    return json.dumps(shapes, ensure_ascii=False, indent=1, sort_keys=True) + "\n"


PAGES: dict[str, Callable[[], str]] = {
    "rules.md": rules_page,
    "api.md": api_page,
    "operate.md": operate_page,
    "../dashboard/contract/shapes.json": shapes_page,
}


def main() -> int:
    """Write the pages, or with --check say which are not up to date."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing; fail if a page is out of date")
    check = parser.parse_args().check
    stale = []
    for name, page in PAGES.items():
        path, text = HERE / name, page()
        if not path.exists() or path.read_text("utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, "utf-8")
                print(f"wrote docs/{name}")
    if check and stale:
        print(f"out of date: {', '.join(f'docs/{name}' for name in stale)}; run `make docs`", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
