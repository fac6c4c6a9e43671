"""The columns of the roster (Tongzhou's annex 2 and ours beside it) and of the sheet of teachers."""

from __future__ import annotations

from typing import Final

from monitor.workbook.columns import Column

GENDER_WORDS: Final[dict[str, tuple[str, ...]]] = {"男": ("男性", "m", "male"), "女": ("女性", "f", "female")}


ROSTER: Final = (
    Column("number", "序号", ("no.", "no", "#"), "行号，可不填", "line number, may be empty", "1", 5),
    Column(
        "name",
        "姓名",
        ("学员姓名", "名字", "name"),
        "学员姓名，与证件一致",
        "the trainee's name as on the card",
        "张三",
        10,
        required=True,
    ),
    Column(
        "gender",
        "性别",
        ("gender", "sex"),
        "男或女，须与身份证号相符；可空",
        "男 (male) or 女 (female), must agree with the identity number",
        "男",
        6,
        choices=("男", "女"),
    ),
    Column("education", "学历", ("文化程度", "最高学历", "education"), "学历", "education", "大专", 8),
    Column(
        "identity",
        "身份证号",
        (
            "身份证号码",
            "公民身份号码",
            "身份证",
            "身份证件号码",
            "证件号码",
            "证件号",
            "idnumber",
            "id number",
        ),
        "18位，文本格式，逐位校验；导入后只加密保存，不进入班次文件",
        "18 characters, as text; checked, then kept only encrypted, never in the cohort file",
        "（18位号码）",
        21,
        required=True,
        text=True,
    ),
    Column(
        "work",
        "工作单位及职务",
        ("工作单位和职务", "工作单位职务", "单位及职务", "工作单位与职务", "工作单位、职务"),
        "单位与职务之间用“/”或空格分开，如“某机床厂/数控车间主任”；分不清的整段记为单位",
        "employer and post with / or a blank between; kept whole as employer where that is not clear",
        "某机床厂/技师",
        26,
    ),
    Column(
        "certificate",
        "国家职业资格证书/职业技能等级证书编号",
        (
            "证书编号",
            "证书号",
            "证书号码",
            "职业资格证书编号",
            "国家职业资格证书编号",
            "职业技能等级证书编号",
            "职业资格证书号",
            "certificate",
        ),
        "证书编号，文本格式",
        "number of the skill certificate, as text",
        "（证书编号）",
        24,
        text=True,
    ),
    Column(
        "level",
        "等级",
        ("技能等级", "职业技能等级", "证书等级", "职业等级", "职业资格等级", "level"),
        "证书等级，如 技师、高级技师、高级工",
        "level of the certificate",
        "技师",
        9,
    ),
    Column("note", "备注", ("note", "remark", "remarks"), "备注", "remarks", "", 12),
    Column(
        "id",
        "学员编号",
        ("人员编号", "学号", "学员号", "trainee id", "person id", "id"),
        "本系统中的编号，字母数字；不填则按顺序 t01、t02……。签到、更正都用它，填后不要再改",
        "id in this system; by order t01, t02 ... where empty. Do not change it later",
        "t01",
        11,
        ours=True,
        text=True,
        printed=False,
    ),
    Column(
        "accounts",
        "平台账号",
        ("账号", "登录账号", "平台帐号", "帐号", "登录帐号", "accounts", "account"),
        "上课平台的登录账号，可填多个，用分号分开；只在某平台有效的写作“平台编号/账号”",
        "login accounts on the platforms, several with ; between; SOURCE/ACCOUNT for one platform only",
        "u-1001；u-1002",
        20,
        ours=True,
        text=True,
        printed=False,
    ),
    Column(
        "enrolled_on",
        "入班日期",
        ("入学日期", "报到日期", "enrolled on"),
        "中途入班的第一天；不填为全程",
        "first day of who joins later",
        "2026-05-11",
        12,
        ours=True,
        printed=False,
        form="yyyy-mm-dd",
    ),
    Column(
        "withdrawn_on",
        "退班日期",
        ("退学日期", "离班日期", "withdrawn on"),
        "中途退班的最后一天；不填为全程",
        "last day of who leaves early",
        "",
        12,
        ours=True,
        printed=False,
        form="yyyy-mm-dd",
    ),
)

EMPLOYER: Final = Column("employer", "工作单位", ("单位", "单位名称", "所在单位", "企业名称", "employer"))
POST: Final = Column("post", "职务", ("职务/职称", "职称", "岗位", "职务职称", "职位", "post", "title"))

ROSTER_READ: Final = (*ROSTER, EMPLOYER, POST)

TEACHERS: Final = (
    Column(
        "id",
        "教师编号",
        ("编号", "人员编号", "工号", "teacher id", "id"),
        "不填则按顺序 w01、w02……",
        "by order w01, w02 ... where empty",
        "w01",
        11,
        ours=True,
        text=True,
    ),
    Column(
        "name",
        "姓名",
        ("教师姓名", "教师", "授课教师", "name"),
        "教师姓名",
        "the teacher's name",
        "王老师",
        12,
        required=True,
    ),
    Column(
        "accounts",
        "平台账号",
        ("账号", "登录账号", "平台帐号", "帐号", "accounts", "account"),
        "同名册",
        "as in the roster",
        "u-9",
        20,
        ours=True,
        text=True,
    ),
    Column("post", "职务/职称", (*POST.words, "职务"), "职务或职称", "post or title", "高级技师", 16),
    Column("employer", "工作单位", EMPLOYER.words, "工作单位", "employer", "某技师学院", 24),
)

TEACHERS_READ: Final = (
    *TEACHERS,
    Column("number", "序号", ("no.", "no", "#")),
    Column("identity", "身份证号", ("身份证号码", "公民身份号码", "身份证", "证件号码")),
    Column("gender", "性别"),
    Column("education", "学历", ("文化程度",)),
    Column("certificate", "证书编号", ("职业资格证书编号", "教师资格证书编号")),
    Column("level", "等级", ("技能等级",)),
    Column("note", "备注", ("note", "remarks")),
)
