"""The vault: opens with its own key alone, at its own place alone, and never makes a second key."""

import stat
from pathlib import Path

import pytest

from monitor.store.vault import Vault, VaultError


@pytest.fixture
def key(tmp_path: Path) -> Path:
    return tmp_path / "monitor.key"


def test_what_is_sealed_opens_at_its_place(key: Path) -> None:
    vault = Vault.open(key, None)
    sealed = vault.seal("11010519491231002X", "identities", "c", "t01")
    assert vault.open_sealed(sealed, "identities", "c", "t01") == "11010519491231002X"
    assert b"1101" not in sealed


def test_what_is_sealed_opens_nowhere_else(key: Path) -> None:
    vault = Vault.open(key, None)
    sealed = vault.seal("secret", "identities", "c", "t01")
    for place in (("identities", "c", "t02"), ("identities", "ct", "01"), ("identities",), ()):
        with pytest.raises(VaultError):
            vault.open_sealed(sealed, *place)


@pytest.mark.parametrize("at", [0, 11, 12, -1])
def test_an_altered_ciphertext_does_not_open(key: Path, at: int) -> None:
    vault = Vault.open(key, None)
    sealed = bytearray(vault.seal("secret", "place"))
    sealed[at] ^= 1
    with pytest.raises(VaultError):
        vault.open_sealed(bytes(sealed), "place")


def test_the_same_text_is_sealed_differently_and_looked_up_alike(key: Path) -> None:
    vault = Vault.open(key, None)
    assert vault.seal("a", "p") != vault.seal("a", "p")
    assert vault.look_up("a") == vault.look_up("a")
    assert vault.look_up("a") != vault.look_up("b")
    assert vault.look_up("a") != Vault(bytes(32)).look_up("a")


def test_the_key_file_is_for_its_owner_alone_and_stays(key: Path) -> None:
    first = Vault.open(key, None)
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    text = key.read_text()
    assert first.id == Vault.open(key, first.id).id
    assert text == key.read_text()


def test_a_missing_key_is_an_error_where_there_is_data(key: Path) -> None:
    with pytest.raises(VaultError, match="missing"):
        Vault.open(key, "12345678")
    assert not key.exists()


def test_another_key_is_an_error(key: Path) -> None:
    Vault.open(key, None)
    with pytest.raises(VaultError, match="12345678"):
        Vault.open(key, "12345678")


@pytest.mark.parametrize("text", ["", "monitor-key-1 ", "monitor-key-1 AAAA", "else", "monitor-key-1 ~"])
def test_a_file_that_is_no_key_is_an_error_that_does_not_show_it(key: Path, text: str) -> None:
    key.write_text(text)
    with pytest.raises(VaultError) as found:
        Vault.open(key, None)
    assert "AAAA" not in str(found.value)
