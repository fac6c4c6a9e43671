"""The seal: only who has a secret of the source, only these bytes, only now."""

import base64
import hashlib
import hmac

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from monitor.ingest.refusals import DELIVERY, Refusal
from monitor.ingest.seal import NOBODY, Seal, check, new_secret
from tests.ingest.signing import NOW, OTHER, PUBLIC, SECRET, signature, signature_v1a, signed

BODY = '[{"班": 1}]'.encode()


def refused(seal: Seal, headers: dict[str, str], body: bytes = BODY, now: int = NOW) -> str:
    with pytest.raises(Refusal) as found:
        seal.open(headers, body, now)
    assert found.value.status == 401
    return found.value.reason


@pytest.mark.parametrize("stamp", [f"{NOW}", f"{NOW / 1000}", "2026-05-11T00:30:30Z", "-5", "1.7e9"])
def test_a_stamp_in_another_unit_is_told_that_seconds_are_expected(stamp: str) -> None:
    with pytest.raises(Refusal, match="whole seconds since 1970") as found:
        Seal([SECRET]).open(signed("m", BODY) | {"webhook-timestamp": stamp}, BODY, NOW)
    assert found.value.reason == "unsigned"


def test_what_the_library_signed_is_opened() -> None:
    assert Seal([SECRET]).open(signed("msg_1", BODY), BODY, NOW) == ("msg_1", NOW)


def test_a_body_that_is_no_text_can_be_signed_too() -> None:
    body = b"\xff\xfe\x00"
    key = base64.b64decode(SECRET.removeprefix("whsec_"))
    mac = hmac.new(key, b"m.%d." % (NOW // 1000) + body, hashlib.sha256).digest()
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(NOW // 1000),
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
    assert Seal([SECRET]).open(headers, body, NOW).id == "m"


@pytest.mark.parametrize("size", [24, 63, 64, 65, 200])
@pytest.mark.parametrize("body", [b"", BODY, b"x" * 100_000], ids=len)
def test_the_seal_is_the_hmac_of_rfc_2104_whatever_the_length_of_the_secret(size: int, body: bytes) -> None:
    key = bytes(range(size))
    mac = hmac.digest(key, b"m.%d." % (NOW // 1000) + body, "sha256")
    headers = {
        "webhook-id": "m",
        "webhook-timestamp": str(NOW // 1000),
        "webhook-signature": "v1," + base64.b64encode(mac).decode(),
    }
    seal = Seal(["whsec_" + base64.b64encode(key).decode()])
    for _ in range(2):  # opening leaves no trace
        assert seal.open(headers, body, NOW).id == "m"
    headers["webhook-signature"] = "v1," + base64.b64encode(bytes([mac[0] ^ 1]) + mac[1:]).decode()
    assert refused(seal, headers, body) == "not_authentic"


@pytest.mark.parametrize("off_ms", [-300_000, -299_999, 0, 300_000])
def test_a_stamp_up_to_300_seconds_off_is_taken(off_ms: int) -> None:
    assert Seal([SECRET]).open(signed("m", BODY), BODY, NOW + off_ms).at == NOW


@pytest.mark.parametrize("off_ms", [-300_001, 300_001, 10**12])
def test_a_stamp_over_300_seconds_off_is_stale(off_ms: int) -> None:
    assert refused(Seal([SECRET]), signed("m", BODY), now=NOW + off_ms) == "stale"


def test_another_secret_proves_nothing() -> None:
    assert refused(Seal([SECRET]), signed("m", BODY, secret=OTHER)) == "not_authentic"


def test_a_source_without_secrets_proves_nothing() -> None:
    assert refused(Seal([]), signed("m", BODY)) == "not_authentic"


def test_each_of_two_secrets_holds() -> None:
    both = Seal([SECRET, OTHER])
    assert both.open(signed("m", BODY), BODY, NOW).id == "m"
    assert both.open(signed("m", BODY, secret=OTHER), BODY, NOW).id == "m"


def test_one_good_signature_among_several_is_enough() -> None:
    headers = signed("m", BODY)
    headers["webhook-signature"] = f"v1,AAAA v2,x {signature('m', BODY, secret=OTHER)} " + signature(
        "m", BODY
    )
    assert Seal([SECRET]).open(headers, BODY, NOW).id == "m"


def test_what_stands_behind_too_many_signatures_is_not_read() -> None:
    headers = signed("m", BODY)
    headers["webhook-signature"] = "v1,AAAA " * 16 + headers["webhook-signature"]
    assert refused(Seal([SECRET]), headers) == "not_authentic"


def test_an_ed25519_signature_holds_where_the_source_has_that_key() -> None:
    headers = signed("m", BODY) | {"webhook-signature": signature_v1a("m", BODY)}
    assert Seal([PUBLIC]).open(headers, BODY, NOW).id == "m"
    assert Seal([SECRET, PUBLIC]).open(headers, BODY, NOW).id == "m"
    assert refused(Seal([SECRET]), headers) == "not_authentic"
    assert refused(Seal([PUBLIC]), headers, BODY + b" ") == "not_authentic"


def test_a_public_key_is_no_shared_secret() -> None:
    """Who knows the public key must not be able to sign with it."""
    forged = signed("m", BODY, secret="whsec_" + PUBLIC.removeprefix("whpk_"))
    assert refused(Seal([PUBLIC]), forged) == "not_authentic"


@pytest.mark.parametrize(
    "changed",
    [
        {"webhook-id": ""},
        {"webhook-id": "a b"},
        {"webhook-id": "编号"},
        {"webhook-id": "x" * 257},
        {"webhook-timestamp": ""},
        {"webhook-timestamp": "1e9"},
        {"webhook-timestamp": "-5"},
        {"webhook-timestamp": "１７７８４５９４３０"},
        {"webhook-timestamp": f"{NOW // 1000}.0"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,\udcff"},
    ],
)
def test_headers_that_say_nothing_are_no_proof(changed: dict[str, str]) -> None:
    assert refused(Seal([SECRET]), signed("m", BODY) | changed) == "unsigned"


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_a_missing_header_is_no_proof(missing: str) -> None:
    headers = signed("m", BODY)
    del headers[missing]
    assert refused(Seal([SECRET]), headers) == "unsigned"


@given(st.text(max_size=60), st.binary(max_size=20))
@settings(max_examples=300, deadline=None)
def test_no_header_makes_it_stumble(text: str, body: bytes) -> None:
    for name in ("webhook-id", "webhook-timestamp", "webhook-signature"):
        assert refused(Seal([SECRET, PUBLIC]), signed("m", BODY) | {name: text}, body)


@given(st.integers(0, len(BODY) - 1), st.integers(1, 255))
@settings(max_examples=100, deadline=None)
def test_no_changed_byte_passes(at: int, flip: int) -> None:
    body = bytearray(BODY)
    body[at] ^= flip
    assert refused(Seal([SECRET]), signed("m", BODY), bytes(body)) == "not_authentic"


def test_the_id_and_the_stamp_are_signed_too() -> None:
    assert refused(Seal([SECRET]), signed("m", BODY) | {"webhook-id": "n"}) == "not_authentic"
    later = {"webhook-timestamp": str(NOW // 1000 + 1)}
    assert refused(Seal([SECRET]), signed("m", BODY) | later) == "not_authentic"


def test_nobody_opens_the_seal_of_a_source_that_does_not_exist() -> None:
    assert refused(NOBODY, signed("m", BODY)) == "not_authentic"


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("abc", "2 字节"),
        ("whsec_" + base64.b64encode(b"x" * 23).decode(), "23 bytes"),
        ("my secret", "base64"),
    ],
)
def test_a_secret_that_proves_too_little_is_not_chosen(key: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check(key)


@pytest.mark.parametrize(
    "key",
    [pytest.param(new_secret(), id="a new one"), base64.b64encode(b"x" * 24).decode(), SECRET, PUBLIC],
)
def test_a_secret_of_24_bytes_and_a_public_key_are_enough(key: str) -> None:
    check(key)


@pytest.mark.parametrize("key", ["whsec_", "whsec_~", "", "whpk_AAAA", "whpk_", "my secret"])
def test_a_key_that_is_none_is_named(key: str) -> None:
    with pytest.raises(ValueError, match=r"base64|32 bytes"):
        Seal([key])


def test_every_401_says_the_same_whether_the_source_exists_or_not() -> None:
    assert {DELIVERY[reason][0] for reason in ("unsigned", "stale", "not_authentic")} == {401}
