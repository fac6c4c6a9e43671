"""The two classes of the demo, one a policy: what is taught, by whom, to whom. All of it is invented.

In: an instant, how many trainees, a seed. Out: the content of two cohort files. Never: real people or
institutions, identity numbers, a clock.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, Final
from zoneinfo import ZoneInfo

from monitor.simulate.school import ZONE, Course, Day, Lesson, people, sessions
from monitor.simulate.stay import MINUTE

BEATS: Final = "demo-class"
"""A platform that beats while a camera is on."""
STATES: Final = "demo-meet"
"""A platform that tells only when a camera goes on or off."""
CARDS: Final = "demo-card"
"""Card readers at the doors of workshops and halls."""

BEIJING: Final = "demo-bj-cnc"
TONGZHOU: Final = "demo-tz-icv"


def _online(course: str, teacher: str, room: str) -> Lesson:
    return Lesson(course, "lecture", "online", teacher, 4, {"room": room})


def _groups(course: str, teacher: str, room: str, count: int, theme: str, tasks: str) -> Lesson:
    """A seminar in breakout rooms."""
    breakouts = [f"{room}-{letter}" for letter in "abcdef"[:count]]
    more = {"room": room, "breakouts": breakouts, "theme": theme, "tasks": tasks}
    return Lesson(course, "discussion", "online", teacher, 4, more)


def _offline(course: str, kind: str, teacher: str, place: str, hours: int = 4) -> Lesson:
    return Lesson(course, kind, "offline", teacher, hours, {"place": place})


def _outing(course: str, kind: str, teacher: str, place: str, theme: str, tasks: str) -> Lesson:
    """A visit or an exchange: with theme and tasks, as BJ 五(二)3 asks, and a card when going."""
    more = {"place": place, "theme": theme, "tasks": tasks, "sign_out": True}
    return Lesson(course, kind, "offline", teacher, 4, more)


# --- 五轴数控, 88 hours, 24 of them seminar ----------------------------------------------------------------

_ROOM, _HALL, _SHOP = "bj-room-1", "演示技师学院 报告厅", "演示技师学院 五轴加工实训中心"
_PLANT = "星桥航空零部件（虚构）总装车间"

_TOOLS = _offline("五轴机床结构与精度检测", "lecture", "w01", _HALL)
_TOOLS_DONE = _offline("五轴机床结构与精度检测", "practice", "w01", _SHOP)
_PROCESS = _online("五轴加工工艺与误差补偿", "w01", _ROOM)
_CAM = _online("CAM 编程与后置处理", "w02", _ROOM)
_CAM_TALK = _groups(
    "后置处理案例研讨", "w02", _ROOM, 3, "后置处理中的奇异点与刀轴摆动", "每组提交一份改进方案"
)
_IMPELLER = _offline("整体叶轮五轴加工实操", "practice", "w03", _SHOP)
_MEASURE = _online("在机测量与自适应加工", "w02", _ROOM)
_THIN_TALK = _groups("薄壁件变形控制研讨", "w02", _ROOM, 3, "薄壁件加工变形", "比较三种装夹方案")
_VISIT = _outing(
    "标杆企业参观考察", "visit", "w03", _PLANT, "大型结构件柔性生产线", "记录三处可借鉴的工艺改进"
)
_CRAFT = _outing("技艺交流", "exchange", "w03", _PLANT, "带徒传技的方法", "每人交流一例")
_TWIN = _online("智能制造单元与数字孪生", "w01", _ROOM)
_CLINIC = _outing("技术难题会诊", "exchange", "w03", _SHOP, "学员单位技术难题", "分组形成对策")
_HARD = _online("难加工材料切削与刀具管理", "w01", _ROOM)
_TOOL_TALK = _groups("刀具寿命预测研讨", "w02", _ROOM, 3, "刀具寿命与成本", "每组给出换刀策略")
_REVIEW = _offline("工艺方案评议", "discussion", "w03", _SHOP)
_DRILL = _offline("综合实训", "practice", "w03", _SHOP)

_CNC: Final = Course(
    behind=(
        Day((_TOOLS, _TOOLS_DONE), opens=_offline("开班动员", "opening", "w01", _HALL, 1)),
        Day((_PROCESS, _PROCESS)),
        Day((_CAM, _CAM_TALK)),
        Day((_IMPELLER, _IMPELLER)),
        Day((_MEASURE, _THIN_TALK)),
        Day((_VISIT, _CRAFT)),
        Day((_TWIN, _TWIN)),
        Day((_IMPELLER, _CLINIC)),
    ),
    today=Day((_HARD, _TOOL_TALK)),
    ahead=(
        Day((_IMPELLER, _REVIEW)),
        Day((_MEASURE, _DRILL), closes=_offline("结业仪式", "closing", "w01", _HALL, 1)),
    ),
)

# --- 智能网联汽车, 84 hours, 18 of them seminar ------------------------------------------------------------

_MEET, _STEPS, _BAY = "tz-room-1", "演示汽车工程学校 阶梯教室", "演示汽车工程学校 智能网联实训车间"
_ZONE_V2X = "云岭车路协同示范区（虚构）"

_INTRO = _offline("智能网联汽车技术概论", "lecture", "w01", _STEPS)
_SENSE = _offline("环境感知传感器标定", "practice", "w02", _BAY)
_BUS = _online("车载网络与诊断", "w01", _MEET)
_CHASSIS = _online("线控底盘检修", "w02", _MEET)
_CHASSIS_DONE = _offline("线控底盘检修", "practice", "w02", _BAY)
_BUS_TALK = _groups("故障诊断案例研讨", "w02", _MEET, 2, "偶发性总线故障", "每组还原一例故障")
_TOUR = _outing("示范区参观考察", "visit", "w01", _ZONE_V2X, "路侧感知与边缘计算", "绘制一处路口的设备布置")
_TALK = _outing("技艺交流", "exchange", "w01", _ZONE_V2X, "标定经验", "每人交流一例")
_V2X = _online("车路协同系统调试", "w01", _MEET)
_V2X_DONE = _offline("车路协同系统调试", "practice", "w02", _BAY)
_V2X_TALK = _groups("车路协同场景研讨", "w02", _MEET, 2, "路口碰撞预警", "每组设计一个测试场景")
_WHOLE = _offline("整车综合诊断", "practice", "w02", _BAY)
_BETTER = _offline("技术改进交流", "exchange", "w02", _BAY)
_NEXT = _offline("新技术展望", "lecture", "w01", _STEPS, 2)
_FRUITS = _offline("成果研讨", "discussion", "w01", _STEPS, 2)

_ICV_POSTS: Final = ("汽车维修工", "汽车装调工", "智能网联测试员", "诊断工程师", "班组长")

_ICV: Final = Course(
    behind=(
        Day((_INTRO, _SENSE), opens=_offline("开班动员", "opening", "w01", _STEPS, 1)),
        Day((_SENSE, _SENSE)),
        Day((_BUS, _BUS)),
        Day((_CHASSIS, _BUS_TALK)),
        Day((_CHASSIS_DONE, _CHASSIS_DONE)),
        Day((_TOUR, _TALK)),
        Day((_V2X, _V2X)),
    ),
    today=Day((_V2X, _V2X_TALK)),
    ahead=(
        Day((_V2X_DONE, _V2X_DONE)),
        Day((_WHOLE, _BETTER)),
        Day((_NEXT, _FRUITS), closes=_offline("结业仪式", "closing", "w01", _STEPS, 1)),
    ),
)


def beijing(now: int, trainees: int, seed: int) -> dict[str, Any]:
    """数控五轴: 88 hours, 24 of them seminar, periods of 45 minutes, on a platform that beats."""
    zone = ZoneInfo(ZONE)
    content: dict[str, Any] = {
        "policy": "beijing-2026",
        "cohort": {
            "id": BEIJING,
            "name": "五轴联动数控加工高级研修班（演示）",
            "organizer": "演示技师学院（虚构）",
            "project": "高技能人才研修培训",
            "timezone": ZONE,
        },
        "sources": [
            {"id": BEATS, "camera": "heartbeat", "heartbeat_seconds": 30},
            {"id": CARDS, "camera": "none"},
        ],
        "people": people(trainees, ["严老师", "毕老师", "时老师"], [BEATS, CARDS], seed, "bj-"),
        "sessions": sessions(_CNC, now, 45 * MINUTE, zone),
    }
    _came_and_went(content)
    return _dated(content)


def tongzhou(now: int, trainees: int, seed: int) -> dict[str, Any]:
    """智能网联汽车: 84 hours, 18 of them seminar, periods of 50 minutes, on a platform that tells states."""
    zone = ZoneInfo(ZONE)
    content: dict[str, Any] = {
        "policy": "tongzhou-2024",
        "cohort": {
            "id": TONGZHOU,
            "name": "智能网联汽车检测与维修高级研修班（演示）",
            "organizer": "演示汽车工程学校（虚构）",
            "district": "通州区",
            "project": "高技能人才研修培训",
            "timezone": ZONE,
        },
        "sources": [{"id": STATES, "camera": "state"}, {"id": CARDS, "camera": "none"}],
        "people": people(trainees, ["景老师", "栗老师"], [STATES, CARDS], seed, "tz-", _ICV_POSTS),
        "sessions": sessions(_ICV, now, 50 * MINUTE, zone),
    }
    return _dated(content)


def left_open(content: dict[str, Any]) -> str | None:
    """The online session, last but one before today's, whose room the platform forgot to close."""
    online = [session["id"] for session in content["sessions"] if session["mode"] == "online"]
    return online[-4] if len(online) >= 4 else None


def _days(content: dict[str, Any]) -> list[date]:
    zone = ZoneInfo(content["cohort"]["timezone"])
    begins = (session["periods"][0][0] for session in content["sessions"])
    return sorted({datetime.fromisoformat(begin).astimezone(zone).date() for begin in begins})


def _dated(content: dict[str, Any]) -> dict[str, Any]:
    """The class with its first and last day, filed a week before."""
    days = _days(content)
    content["cohort"] |= {
        "starts_on": days[0].isoformat(),
        "ends_on": days[-1].isoformat(),
        "filed_at": (days[0] - timedelta(days=7)).isoformat(),
    }
    return content


def _came_and_went(content: dict[str, Any]) -> None:
    """One trainee comes to the class on its third day, one leaves it after its sixth: both with few hours."""
    days = _days(content)
    trainees = [person for person in content["people"] if person["role"] == "trainee"]
    if len(trainees) >= 18:
        trainees[11] |= {"enrolled_on": days[2].isoformat(), "note": "递补入班"}
        trainees[17] |= {"withdrawn_on": days[5].isoformat(), "note": "因工作调动退班"}
