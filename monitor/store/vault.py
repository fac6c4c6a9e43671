"""What must not be readable from a copied database: encrypted with a key that lies beside it in a file.

In: texts and where they belong. Out: AES-256-GCM ciphertexts bound to their place, HMACs to look them up.
Never: makes a new key where an old one is missed; writes a key or a text into an error.

    monitor.key ─HKDF─▶ "encrypt" AES-256-GCM, the place as associated data
                      ▶ "look-up" HMAC-SHA256    ▶ "id" eight hex digits that name the key
"""

import base64
import binascii
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_HEAD = "monitor-key-1 "
_NONCE = 12


class VaultError(Exception):
    """The key file is missing, unreadable or another one; the sentence says which and what to do."""


class Vault:
    """The key of a data folder."""

    def __init__(self, key: bytes) -> None:
        """`key`: 32 bytes."""
        self._key = key
        self._cipher = AESGCM(self.derive("encrypt"))
        self._look_up = self.derive("look-up")
        self.id = self.derive("id").hex()[:8]
        """Names the key without telling anything of it."""

    @classmethod
    def open(cls, path: Path, expected: str | None) -> "Vault":
        """The key in the file; a new one where none was ever used (`expected` is the id of the one used)."""
        try:
            text = path.read_text("ascii")
        except FileNotFoundError:
            if expected is not None:
                raise VaultError(
                    f"{path}: the key file is missing, and without it the identities and secrets in this "
                    f"data folder can't be read; put key {expected} back from its backup"
                ) from None
            return cls(_make(path))
        except (OSError, UnicodeDecodeError) as error:
            raise VaultError(f"{path}: the key file can't be read ({type(error).__name__})") from None
        try:
            key = base64.b64decode(text.removeprefix(_HEAD).strip(), validate=True)
        except binascii.Error:
            key = b""
        if not text.startswith(_HEAD) or len(key) != 32:
            raise VaultError(
                f"{path}: this is no key file of monitor; put the right one back from its backup"
            )
        vault = cls(key)
        if expected not in (None, vault.id):
            raise VaultError(
                f"{path}: this is key {vault.id}, but the data was encrypted with key {expected}; "
                "put the right one back from its backup"
            )
        return vault

    def derive(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose."""
        return HKDF(SHA256(), 32, salt=None, info=f"monitor {purpose}".encode()).derive(self._key)

    def seal(self, text: str, *place: str) -> bytes:
        """The text encrypted for one place (table, row ...); it opens nowhere else."""
        nonce = secrets.token_bytes(_NONCE)
        return nonce + self._cipher.encrypt(nonce, text.encode(), _place(place))

    def open_sealed(self, sealed: bytes, *place: str) -> str:
        """What `seal` was given for this place; VaultError for anything else."""
        try:
            return self._cipher.decrypt(sealed[:_NONCE], sealed[_NONCE:], _place(place)).decode()
        except (InvalidTag, ValueError):
            raise VaultError(f"what is kept at {' / '.join(place)} was altered or moved") from None

    def look_up(self, text: str) -> bytes:
        """The same for the same text, and tells nothing of it without the key."""
        return hmac.digest(self._look_up, text.encode(), "sha256")


def _place(place: tuple[str, ...]) -> bytes:
    return "\x1f".join(place).encode()


def _make(path: Path) -> bytes:
    key = secrets.token_bytes(32)
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(_HEAD.encode() + base64.b64encode(key) + b"\n")
        file.flush()
        os.fsync(file.fileno())
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    return key
