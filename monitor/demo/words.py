"""What the demo says: where it is, who stands where, what to type to see it.

In: a stage, the service's own answers. Out: text, Chinese first and short English beside it. Never: a number
of its own; what is counted here is what the service answered.
"""

from __future__ import annotations

import shlex
from collections import Counter
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import msgspec

from monitor.cohort import Cohort, Session
from monitor.demo.stage import HOLDERS, Stage

_STANDINGS: Final = {
    "met": "已达标 met",
    "on_track": "正常 on track",
    "at_risk": "有风险 at risk",
    "unrecoverable": "已无法达标 unrecoverable",
    "short": "未达标 short",
}
_ROLES: Final = {
    "teacher": "教师 teacher",
    "clerk": "班主任 clerk",
    "approver": "审批人 approver",
    "center": "就业促进中心 center",
    "auditor": "审计 auditor",
    "admin": "管理员 admin",
    "trainee": "学员 trainee",
}
_RULE: Final = "─" * 78


class Seen(msgspec.Struct, frozen=True):
    """What the service answered: attendance by cohort; a trainee's refused period as SESSION/INDEX.

    `unclaimed`: an entry of the inbox, `owner`: whose account that is in truth.
    """

    attendance: dict[str, dict[str, Any]]
    period: str | None
    unclaimed: dict[str, Any] | None
    owner: str | None


def running(cohort: Cohort, now: int) -> str:
    """The period that is going on, or the next one, in words."""
    zone = ZoneInfo(cohort.timezone)
    spans = sorted(
        (start, end, session.id, index)
        for session in cohort.sessions
        for index, (start, end) in enumerate(session.periods)
    )
    by_id = {session.id: session for session in cohort.sessions}
    for start, end, session, index in spans:
        if start <= now < end:
            left = (end - now + 59_999) // 60_000
            return (
                f"正在上课 now: {_period(by_id[session], index, start, end, zone)}，还有 {left} 分钟 min left"
            )
    for start, end, session, index in spans:
        if start > now:
            return f"下一学时 next: {_period(by_id[session], index, start, end, zone)}"
    return "课程已全部结束 the timetable is over"


def _period(session: Session, index: int, start: int, end: int, zone: ZoneInfo) -> str:
    begins, ends = (datetime.fromtimestamp(at / 1000, zone) for at in (start, end))
    where = f"线上 {session.room}" if session.mode == "online" else f"线下 {session.place}"
    return f"{session.course} 第{index + 1}学时 {begins:%m-%d %H:%M}–{ends:%H:%M}（{where}）"


def announcement(
    stage: Stage, url: str, seen: Seen, links: dict[str, str], now: int, facts: str, python: str
) -> str:
    """Everything there is to open and to type."""
    lines = [
        "",
        _RULE,
        "学时在册 · 演示已就绪   The demo is ready",
        "全部人物、机构与数据均为虚构，每个回答都带 demo 标记   All invented; every answer says so",
        _RULE,
        "",
        "  打开看板 Open the board（一次性链接，点开即登录 each link signs in once; run again for new ones）",
        *(f"    {_pad(_ROLES[role], 26)}{link}" for role, link in links.items()),
        "",
        f"  服务地址 service    {url}",
        f"  接口文档 API        {url}/docs",
        f"  准备 set up         {facts}",
        "",
    ]
    for name, cohort in stage.cohorts.items():
        lines += _class(cohort, seen.attendance.get(name, {}), now)
    lines += ["  令牌 tokens（仅用于演示 for this demo only）"]
    lines += [f"    {_pad(_ROLES[role], 26)}{stage.tokens[role]}" for role in HOLDERS if role in _ROLES]
    lines += ["", "  试一试 Try, in another terminal:", ""]
    for words, command in commands(stage, url, seen, python):
        lines += [f"  # {words}", f"  {command}", ""]
    return "\n".join(lines)


def _class(cohort: Cohort, attendance: dict[str, Any], now: int) -> list[str]:
    people = attendance.get("people", [])
    standings = Counter(person["standing"] for person in people)
    told = " · ".join(f"{words} {standings[key]}" for key, words in _STANDINGS.items() if standings[key])
    planned = attendance.get("planned", {})
    return [
        f"  {cohort.id}  {cohort.name}",
        f"    {len(people)} 名学员 trainees · 出勤率 rate {attendance.get('rate') or '—'}% · "
        f"计划 planned {planned.get('hours')} 学时，研讨 seminar {planned.get('seminar')} · {cohort.policy}",
        f"    {told}",
        f"    {running(cohort, now)}",
        "",
    ]


def commands(stage: Stage, url: str, seen: Seen, python: str) -> list[tuple[str, str]]:
    """What to type, each with its words."""
    name = next(iter(stage.files))
    base = f"{url}/v1/cohorts/{name}"
    teacher, trainee = stage.tokens["teacher"], stage.tokens["trainee"]
    found = [
        ("出勤率与学时 rate and hours", _curl(teacher, f"{base}/attendance")),
        ("谁还差学时、还能怎么补 shortfalls", _curl(teacher, f"{base}/shortfalls")),
        (
            f"学员 {stage.trainee} 的每个学时与理由 one trainee's periods, as that trainee",
            _curl(trainee, f"{base}/people/{stage.trainee}"),
        ),
    ]
    if seen.period:
        found.append(
            (
                f"学时 {seen.period} 为何不计：原始事件、投递编号与哈希 the events behind a refused period",
                _curl(trainee, f"{base}/people/{stage.trainee}?events={seen.period}"),
            )
        )
    clerk = stage.tokens["clerk"]
    found.append(("待认领账号 accounts that match nobody", _curl(clerk, f"{url}/v1/inbox")))
    if seen.unclaimed and seen.owner:
        body = {"account": seen.unclaimed["account"], "source": seen.unclaimed["source"]}
        found.append(
            (
                f"认领给 {seen.owner}，其学时随即计入 bind it to {seen.owner}: those hours count at once",
                _curl(clerk, f"{base}/people/{seen.owner}/accounts", msgspec.json.encode(body).decode()),
            )
        )
    live = f"ws{url.removeprefix('http')}/v1/live?cohort={name}"
    program = (
        "from websockets.sync.client import connect; "
        f"[print(m[:400], flush=True) for m in connect({live!r}, max_size=None, "
        f"additional_headers={{'Authorization': 'Bearer {teacher}'}})]"
    )
    found.append(("实时变化 live changes (WebSocket)", f'{python} -c "{program}"'))
    return found


def _curl(token: str, address: str, body: str | None = None) -> str:
    sent = "" if body is None else f"-H 'Content-Type: application/json' -d {shlex.quote(body)} "
    return (
        f"curl -s -H 'Authorization: Bearer {token}' {sent}{shlex.quote(address)}"
        " | python3 -m json.tool --no-ensure-ascii"
    )


def machine_readable(
    stage: Stage, url: str, seen: Seen, links: dict[str, str], facts: dict[str, Any]
) -> dict[str, Any]:
    """The same for programs."""
    return {
        "demo": True,
        "url": url,
        "docs": f"{url}/docs",
        "sign_in": links,
        "tokens": stage.tokens,
        "cohorts": {name: cohort.name for name, cohort in stage.cohorts.items()},
        "sources": sorted(stage.secrets),
        "trainee": stage.trainee,
        "period": seen.period,
        **facts,
    }


def _pad(text: str, width: int) -> str:
    """Text filled up to a width at which a Chinese character takes two."""
    return text + " " * max(1, width - sum(2 if ord(letter) > 0x2E7F else 1 for letter in text))
