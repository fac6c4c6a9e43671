"""What can go wrong at a door, in one table, and how it is said: problem+json (RFC 9457).

In: a reason of the table and a sentence about this one case. Out: a `Problem` to raise, and the answer made
of it. Never: carries a name, a token, a body or a stack; what a caller may not know is not in the sentence.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple, NoReturn

import msgspec
from aiohttp import web

from monitor.store.outage import RETRY_AFTER

MEDIA_TYPE: Final = "application/problem+json"


class Row(NamedTuple):
    """One kind of problem: its HTTP status and its title, Chinese and English."""

    status: int
    zh: str
    en: str


TABLE: Final[dict[str, Row]] = {
    "bad_request": Row(400, "请求无法读取", "The request can't be read"),
    "bad_parameter": Row(400, "参数有误", "A parameter is wrong"),
    "bad_body": Row(400, "请求内容有误", "The body can't be read"),
    "malformed": Row(400, "事件内容无法读取", "Not events that can be read"),
    "unauthorized": Row(401, "未登录或令牌无效", "Not signed in, and no valid token"),
    "sign_in_failed": Row(401, "登录名或密码不对", "Wrong name or password"),
    "not_authentic": Row(401, "签名不符", "The signature proves nothing"),
    "unsigned": Row(401, "缺少签名", "Not signed"),
    "stale": Row(401, "时间戳已过期", "Signed too long ago or ahead"),
    "forbidden": Row(403, "此角色无权使用", "This role may not do that"),
    "reason_needed": Row(403, "查看全名须写明理由", "Full names are shown for a reason only"),
    "two_people": Row(403, "须由另一人审批", "It takes two people"),
    "origin_refused": Row(403, "来源网页不被接受", "A page of another origin"),
    "csrf_refused": Row(403, "请求缺少会话的校验头", "The session's token header is missing or wrong"),
    "session_needed": Row(403, "须登录后使用", "For people who signed in"),
    "not_found": Row(404, "没有找到", "Not found"),
    "link_gone": Row(404, "链接已失效", "This link opens nothing any more"),
    "position_unknown": Row(404, "没有这个位置", "No such position"),
    "method_not_allowed": Row(405, "不支持此方法", "Not a method of this door"),
    "not_acceptable": Row(406, "没有这种格式", "Not a format of this door"),
    "too_slow": Row(408, "请求太慢", "The request took too long to arrive"),
    "conflict": Row(409, "与已有内容冲突", "At odds with what is kept"),
    "id_reused": Row(409, "同一编号内容不同", "The same id with another body"),
    "declined": Row(409, "不能这样决定", "That can't be decided"),
    "as_of_ahead": Row(409, "时刻尚未到来", "An instant that has not come"),
    "cohort_contradicts": Row(409, "班次文件自相矛盾", "The cohort file contradicts itself"),
    "too_large": Row(413, "内容过大", "Too large"),
    "too_many": Row(413, "一批事件过多", "Too many events at once"),
    "unsupported_type": Row(415, "不支持这种内容类型", "Not a media type of this door"),
    "unsupported_encoding": Row(415, "不支持压缩的内容", "Compressed"),
    "unsupported_media": Row(415, "不支持这种内容类型", "Not a media type of this door"),
    "bad_cohort_file": Row(422, "班次文件有误", "The cohort file has errors"),
    "bad_name": Row(422, "名称不可用", "A name that can't be"),
    "bad_password": Row(422, "密码不可用", "A password that won't do"),
    "upgrade_required": Row(426, "须以 WebSocket 连接", "This door is a WebSocket"),
    "locked_out": Row(429, "尝试过多，请稍后再试", "Too many tries; wait"),
    "headers_too_large": Row(431, "请求头过大", "Headers too large"),
    "failed": Row(500, "服务内部出错", "Something failed here"),
    "busy": Row(503, "写入繁忙", "More waits than can be written"),
    "not_kept": Row(503, "未能写入", "It could not be written"),
    "unavailable": Row(503, "暂时不可用", "Not available at the moment"),
}
"""Every reason there is, those of `ingest.refusals` among them; a test holds the two together."""

_BY_STATUS: Final = {
    400: "bad_request",
    401: "unauthorized",
    403: "forbidden",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    408: "too_slow",
    409: "conflict",
    413: "too_large",
    415: "unsupported_media",
    422: "bad_body",
    431: "headers_too_large",
    503: "unavailable",
}


def reason_of(status: int) -> str:
    """The table's reason for a bare HTTP status; what nobody foresaw is `failed` or `bad_request`."""
    return _BY_STATUS.get(status, "failed" if status >= 500 else "bad_request")


class Problem(Exception):
    """A refusal with its reason (a word of the table, or the path's own with its status), and a sentence.

    `more` are further members of the answer (`errors`), `headers` go out with it (Retry-After, Allow);
    `close` ends the connection, where the rest of the request is not worth reading.
    """

    def __init__(
        self,
        reason: str,
        detail: str,
        *,
        status: int | None = None,
        headers: dict[str, str] | None = None,
        more: dict[str, Any] | None = None,
        close: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.status = status if status is not None else TABLE[reason].status
        row = TABLE.get(reason) or TABLE[reason_of(self.status)]
        self.title = f"{row.zh} {row.en}"
        self.detail = detail
        self.headers = headers or {}
        self.more = more or {}
        self.close = close

    def document(self) -> dict[str, Any]:
        """The members of the problem+json object."""
        return {
            "type": f"/problems#{self.reason}",
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "reason": self.reason,
            **self.more,
        }

    def answer(self, request_id: str | None = None) -> web.Response:
        """The answer itself; `request_id` lets whoever runs the service find it in the log."""
        document = self.document() | ({"request_id": request_id} if request_id else {})
        response = web.Response(
            status=self.status,
            body=msgspec.json.encode(document),
            content_type=MEDIA_TYPE,
            headers={"Cache-Control": "no-store", **self.headers},
        )
        if self.close:
            response.force_close()
        return response


def unauthorized(
    detail: str = "sign in, or send Authorization: Bearer TOKEN with a token that holds",
) -> NoReturn:
    """Refuses who did not say who they are, in the same words whatever was wrong with the token."""
    raise Problem("unauthorized", detail, headers={"WWW-Authenticate": 'Bearer realm="monitor"'})


def not_found(what: str = "there is nothing here that you may see") -> NoReturn:
    """Refuses what is not there and what this caller may not know of, in the same words."""
    raise Problem("not_found", what)


def unavailable() -> Problem:
    """The disk or the database refused just now: nothing is wrong with what was asked."""
    return Problem(
        "unavailable",
        "what is kept can't be read or written just now; ask again",
        headers={"Retry-After": str(RETRY_AFTER)},
    )


def of_http(error: web.HTTPException) -> Problem:
    """What the HTTP layer itself refused (no such path, method, size) as a problem of the table."""
    reason = reason_of(error.status)
    details = {
        404: "there is no such door; /docs lists them",
        405: f"this door takes {error.headers.get('Allow', 'other methods')}",
        413: "the body is larger than this door takes",
    }
    kept = {name: error.headers[name] for name in ("Allow", "Retry-After") if name in error.headers}
    return Problem(
        reason,
        details.get(error.status, TABLE[reason].en.lower()),
        status=error.status,
        headers=kept,
    )
