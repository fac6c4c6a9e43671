"""`GET /v1/policies/{policy}`: the values of a policy, and the words of the rules with their clauses.

In: a policy's id, the digest of its values. Out: values, clauses, words in Chinese and English. Never:
anything of a cohort or a person.
"""

from __future__ import annotations

from datetime import date
from typing import Any, Final

from aiohttp import web

from monitor.hours.rulebook import Rules, policy, rulebook
from monitor.hours.words import Text, Word, clauses, silent, value_on, words
from monitor.serve import answer, shapes_of_rules
from monitor.serve.door import Answer, Door, Param
from monitor.serve.problem import not_found

DIGEST: Final = Param(
    "digest",
    "The digest that an answer over a cohort bears: the values that hold there. Without it the newest.",
    example="sha256:f68200b6d4462cefe71217cfb0d65f7544c85b56590347676c8535596e2d21db",
)


async def policy_door(request: web.Request) -> web.StreamResponse:
    """A policy, as of the day from which the values of that digest hold."""
    rules = rulebook().get(request.match_info["policy"])
    if rules is None:
        not_found("there is no such policy")
    days = sorted({value.since for value in rules.value})
    digest = request.query.get(DIGEST.name)
    on = next((day for day in reversed(days) if digest in (None, policy(rules.id, day).digest)), None)
    if on is None:
        not_found("the policy has no values of that digest")
    return answer.told(request, answer.canonical(told(rules, on)))


def told(rules: Rules, on: date) -> dict[str, Any]:
    """The answer: a policy with the values of a day, and all words."""
    held = [value_on(rules, name, on) for name in dict.fromkeys(value.name for value in rules.value)]
    return {
        "policy": {"id": rules.id, "digest": policy(rules.id, on).digest},
        "title": rules.title,
        "document": rules.document,
        "short": rules.short,
        "checked_on": rules.checked_on,
        "values": [
            {
                "name": value.name,
                "value": value.value,
                "unit": value.unit,
                "from": value.since,
                "clause": value.clause,
                "says": value.says,
                "means": value.means,
                "silent": silent(rules, value.clause),
            }
            for value in held
        ],
        "words": {
            group: {name: word(rules, name, one, on) for name, one in named.items()}
            for group, named in words().items()
        },
    }


def word(rules: Rules, name: str, one: Word, on: date) -> dict[str, Any]:
    """A word as the doors say it: names, sentences, clauses."""
    return {
        "name": _text(one.name),
        "about": None if one.about is None else _text(one.about),
        "do": None if one.do is None else _text(one.do),
        "clauses": clauses(rules, name, one.values, on),
    }


def _text(text: Text) -> dict[str, str]:
    return {"zh": text.zh, "en": text.en}


DOORS = [
    Door(
        "GET",
        "/v1/policies/{policy}",
        policy_door,
        "attendance",
        "The rules, word by word 规则与依据",
        "The values with their clauses; and what verdicts, reasons, categories, standings, findings and "
        "kinds are called, mean, and rest on. The same under a digest and a version of this service.",
        params=(DIGEST,),
        answers={
            200: Answer(
                "The policy",
                {answer.JSON: shapes_of_rules.PolicyTold},
                headers={"ETag": "Holds until the service is another version"},
            ),
            304: Answer("Nothing changed since the ETag in If-None-Match"),
        },
    )
]
