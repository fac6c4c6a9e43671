"""The OpenAPI document, made from the doors, their rights and the shapes of what passes through them.

In: the doors. Out: `document()`, a dictionary ready for JSON; the same for the same code. Never: a server, a
request, anything of one installation. It is OpenAPI 3.0.3, which is what the page at /docs can draw.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Final

import msgspec

from monitor import __version__
from monitor.serve import shapes
from monitor.serve.door import Answer, Door, Param
from monitor.serve.problem import MEDIA_TYPE, TABLE
from monitor.serve.rights import RIGHTS, Right

_REF: Final = "#/components/schemas/{name}"

_PATH_PARAMS: Final = {
    "source": ("A platform's source id.", {"type": "string", "pattern": "^[a-z0-9-]+$"}, "main"),
    "cohort": ("A cohort's id.", {"type": "string", "minLength": 1}, "bj-cnc-01"),
    "person": ("A person's id in the cohort.", {"type": "string", "minLength": 1}, "t01"),
    "policy": ("A policy's id.", {"type": "string", "minLength": 1}, "beijing-2026"),
    "position": ("A delivery's position in the log.", {"type": "string", "pattern": "^[0-9]+$"}, "128"),
    "user": ("A user's id.", {"type": "string", "pattern": "^[a-z0-9-]+$"}, "u1a2b3c4d"),
    "session": ("A session's id.", {"type": "string", "pattern": "^[a-z0-9-]+$"}, "9f8e7d6c5b4a"),
    "number": ("The correction's number.", {"type": "integer", "minimum": 1, "maximum": 999_999_999}, 1),
}

_ABOUT: Final = """\
Events in, valid class hours (有效学时) out. Every number can be opened down to the delivery it came from.

`Authorization: Bearer TOKEN`, or a browser's session (`POST /v1/session`), at every door but a platform's,
which signs (Standard Webhooks). Deny by default: what a token or user was not given is not found. By cookie
what is no GET needs `X-CSRF-Token` and an `Origin` of this service. Errors are problem+json (RFC 9457);
`reason` is a word of /problems. Positions and cursors are opaque. Answers without `as_of` are as of the last
instant at which something changed, so that their `ETag` holds."""

_GROUPS: Final = {
    "attendance": "Who stands where 学时与出勤",
    "cohorts": "Training classes 班次",
    "corrections": "What two people decided 更正",
    "deliveries": "What platforms sent, as it was kept 投递",
    "inbox": "Accounts that match nobody 待认领",
    "ingest": "Events of platforms 事件",
    "users": "Who signs in 用户与登录",
    "service": "The service itself 服务",
}


def document(doors: Iterable[Door] | None = None) -> dict[str, Any]:
    """The whole document; of all doors where none are named."""
    if doors is None:
        from monitor.serve.routes import DOORS

        doors = DOORS
    shown = [door for door in doors if not door.page]
    schemas = _Schemas()
    paths: dict[str, Any] = {}
    websockets: dict[str, Any] = {}
    for door in shown:
        where = websockets if door.websocket else paths
        where.setdefault(door.path, {})[door.method.lower()] = _operation(door, RIGHTS[door.key], schemas)
    sockets = "\n".join(f"- `{d.path}` ({d.summary}): {d.about}" for d in shown if d.websocket)
    return {
        "openapi": "3.0.3",
        "info": {
            "title": "monitor 学时在册",
            "version": __version__,
            "description": f"{_ABOUT}\n\nWebSockets, which OpenAPI has no words for:\n\n{sockets}",
            "license": {"name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0"},
        },
        "tags": [{"name": name, "description": about} for name, about in _GROUPS.items()],
        "paths": paths,
        "x-websockets": websockets,
        "components": {
            "schemas": schemas.components(),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "A token of `monitor token add`; never in an address.",
                },
                "session": {
                    "type": "apiKey",
                    "in": "cookie",
                    "name": "monitor",
                    "description": "The cookie of `POST /v1/session`; under TLS its name is "
                    "`__Host-monitor`.",
                },
            },
        },
    }


def _operation(door: Door, right: Right, schemas: _Schemas) -> dict[str, Any]:
    who = "anyone" if right.open else ", ".join(sorted(right.roles))
    if right.proof and not right.roles:
        who = f"whoever proves it by {right.proof}"
    elif right.session:
        who = "whoever signed in"
    elif right.proof:
        who += f"; or by {right.proof}"
    operation: dict[str, Any] = {
        "operationId": _operation_id(door),
        "tags": [door.group],
        "summary": door.summary,
        "description": f"{door.about}\n\nWho: {who}.".strip(),
        "security": _security(right),
        "responses": _responses(door, right, schemas),
    }
    params = [_path_param(name) for name in re.findall(r"{(\w+)}", door.path)]
    params += [_param(param) for param in door.params]
    if params:
        operation["parameters"] = params
    if door.body:
        operation["requestBody"] = {
            "required": True,
            "content": {
                media: _content(schema, door.body_example, schemas) for media, schema in door.body.items()
            },
        }
    return operation


def _security(right: Right) -> list[dict[str, list[str]]]:
    if right.session:
        return [{"session": []}]
    return [{"token": []}, {"session": []}] if right.roles and not right.proof else []


def _operation_id(door: Door) -> str:
    words = re.findall(r"\w+", door.path.removeprefix("/v1"))
    return "_".join((door.method.lower(), *words))


def _path_param(name: str) -> dict[str, Any]:
    about, schema, example = _PATH_PARAMS[name]
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": about,
        "schema": schema,
        "example": example,
    }


def _param(param: Param) -> dict[str, Any]:
    found = {
        "name": param.name,
        "in": param.where,
        "required": param.required,
        "description": param.about,
        "schema": param.schema,
    }
    return found if param.example is None else {**found, "example": param.example}


def _responses(door: Door, right: Right, schemas: _Schemas) -> dict[str, Any]:
    responses: dict[int, dict[str, Any]] = {}
    for status, answer in door.answers.items():
        responses[status] = _answer(answer, schemas)
    for reason in _reasons(door, right):
        row = TABLE[reason]
        known = responses.get(row.status)
        line = f"`{reason}`: {row.en}"
        if known is None:
            responses[row.status] = {
                "description": line,
                "content": {MEDIA_TYPE: {"schema": schemas.ref(shapes.ProblemTold)}},
            }
        elif MEDIA_TYPE in known.get("content", {}):
            known["description"] += f"; {line}"
    found = {str(status): responses[status] for status in sorted(responses)}
    found["default"] = {
        "description": "Any other problem, as problem+json",
        "content": {MEDIA_TYPE: {"schema": schemas.ref(shapes.ProblemTold)}},
    }
    return found


def _reasons(door: Door, right: Right) -> list[str]:
    reasons = list(door.problems)
    if right.roles:
        reasons += ["unauthorized", "forbidden"]
    if right.session:
        reasons += ["unauthorized", "session_needed"]
    if door.method != "GET" and (right.session or (right.roles and not right.proof)):
        reasons += ["csrf_refused", "origin_refused"]
    if "{" in door.path:
        reasons.append("not_found")
    if any(param.where == "query" for param in door.params):
        reasons.append("bad_parameter")
    if door.body:
        reasons += ["bad_body", "too_slow", "too_large", "unsupported_media"]
    return [*dict.fromkeys(reasons), "failed", "unavailable"]


def _answer(answer: Answer, schemas: _Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {"description": answer.about}
    if answer.headers:
        found["headers"] = {
            name: {"description": about, "schema": {"type": "string"}}
            for name, about in answer.headers.items()
        }
    if answer.content:
        found["content"] = {
            media: _content(schema, answer.example if "json" in media else None, schemas)
            for media, schema in answer.content.items()
        }
    return found


def _content(schema: Any, example: Any, schemas: _Schemas) -> dict[str, Any]:
    found: dict[str, Any] = {"schema": schema if isinstance(schema, dict) else schemas.ref(schema)}
    return found if example is None else {**found, "example": example}


class _Schemas:
    """The schemas that the doors name, gathered under components, in the words of OpenAPI 3.0."""

    def __init__(self) -> None:
        self._shapes: dict[str, type] = {}

    def ref(self, shape: type) -> dict[str, str]:
        self._shapes[shape.__name__] = shape
        return {"$ref": _REF.format(name=shape.__name__)}

    def components(self) -> dict[str, Any]:
        shapes_in_order = [self._shapes[name] for name in sorted(self._shapes)]
        _, components = msgspec.json.schema_components(shapes_in_order, ref_template=_REF)
        return {name: _as_3_0(components[name]) for name in sorted(components)}


def _as_3_0(schema: Any) -> Any:
    """JSON Schema 2020-12 as msgspec writes it, in the words of OpenAPI 3.0: `nullable` for type null."""
    if isinstance(schema, list):
        return [_as_3_0(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    found = {key: _as_3_0(value) for key, value in schema.items() if key != "title"}
    if "enum" in found and "type" not in found:
        found["type"] = "string"
    if found.get("default", 0) is None:
        del found["default"]
    choices = found.pop("anyOf", None)
    if choices is None:
        return found
    kept = [choice for choice in choices if choice.get("type") != "null"]
    if len(kept) == len(choices):
        return {**found, "anyOf": kept}
    if len(kept) == 1 and "$ref" not in kept[0]:
        only = {**found, **kept[0], "nullable": True}
        if "enum" in only:
            only["enum"] = [*only["enum"], None]
        return only
    return {**found, "anyOf": kept, "nullable": True}
