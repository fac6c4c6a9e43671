"""The lines of the class sheet, and the words for cameras and time zones."""

from __future__ import annotations

from typing import Final

from monitor.workbook.columns import Column

CAMERA_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "heartbeat": ("心跳", "定时上报"),
    "state": ("状态", "开关", "开关事件"),
    "none": ("无", "不提供", "没有"),
}

TIMEZONE_WORDS: Final[dict[str, tuple[str, ...]]] = {"Asia/Shanghai": ("北京时间", "中国标准时间", "上海")}

CLASS: Final = (
    Column(
        "id",
        "班次编号",
        ("班级编号", "编号", "cohort id"),
        "须与导入时所给的编号一致；可空",
        "must be the id given at the import; may be empty",
        "bj-cnc-01",
        text=True,
    ),
    Column(
        "name",
        "班次名称",
        ("班级名称", "班次", "研修班名称", "cohort name"),
        "班次名称",
        "name of the class",
        "数控高级研修班",
    ),
    Column(
        "organizer",
        "承办单位",
        ("办班单位", "培训单位", "organizer"),
        "承办（办班）单位；不填取名册表头",
        "organiser; from the roster's head where empty",
        "某技师学院",
    ),
    Column(
        "organizer_id",
        "承办单位编号",
        ("办班单位编号", "统一社会信用代码", "organizer id"),
        "统一社会信用代码",
        "the organiser's registration code",
        "",
        text=True,
    ),
    Column(
        "project",
        "研修项目",
        ("研修项目名称", "项目名称", "project"),
        "研修项目名称；不填取名册表头",
        "project; from the roster's head where empty",
        "数控加工",
    ),
    Column("district", "区", ("所在区", "区县", "district"), "所在区", "district", "通州区"),
    Column(
        "timezone",
        "时区",
        ("timezone", "time zone"),
        "不填为北京时间",
        "Asia/Shanghai where empty",
        "Asia/Shanghai",
        text=True,
    ),
    Column(
        "starts_on",
        "开始日期",
        ("开班日期", "开始时间", "starts on"),
        "研修开始日期；不填取名册表头",
        "first day; from the roster's head where empty",
        "2026-05-11",
        form="yyyy-mm-dd",
    ),
    Column(
        "ends_on",
        "结束日期",
        ("结业日期", "结束时间", "ends on"),
        "研修结束日期；不填取名册表头",
        "last day; from the roster's head where empty",
        "2026-05-22",
        form="yyyy-mm-dd",
    ),
    Column(
        "filed_at",
        "备案时间",
        ("备案日期", "计划备案时间", "filed at"),
        "培训计划备案的日期，或日期和时间",
        "when the plan was filed: a date, or date and time",
        "2026-04-30",
        form="yyyy-mm-dd",
    ),
    Column(
        "minutes",
        "每学时分钟",
        ("学时分钟", "每课时分钟", "hour minutes"),
        "整班每学时的分钟数，课表各行可另填",
        "minutes of one hour, unless a row says otherwise",
        "45",
    ),
    Column(
        "pause",
        "课间分钟",
        ("课间", "课间休息分钟", "break minutes"),
        "整班课间的分钟数，课表各行可另填",
        "minutes between two periods, unless a row says otherwise",
        "5",
    ),
    Column(
        "source",
        "平台编号",
        ("平台", "上课平台", "数据源", "source", "source id"),
        "推送上课数据的平台在本系统中的编号；有线上课时必填，多个平台向右逐格填写",
        "id of the platform that sends events; needed for online sessions, several in the cells to the right",
        "main",
        text=True,
    ),
    Column(
        "camera",
        "摄像头证据",
        ("摄像头", "camera"),
        "heartbeat 定时上报在线状态，state 只报开关，none 不报",
        "what the platform proves of cameras",
        "heartbeat",
        choices=tuple(CAMERA_WORDS),
    ),
    Column(
        "heartbeat_seconds",
        "心跳秒数",
        ("心跳间隔", "心跳间隔秒数", "heartbeat seconds"),
        "heartbeat 平台多少秒上报一次；不填按办法的默认值",
        "seconds between two beats; the policy's default where empty",
        "30",
    ),
)

SOURCE_KEYS: Final = ("source", "camera", "heartbeat_seconds")
