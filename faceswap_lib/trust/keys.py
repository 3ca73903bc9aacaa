"""A key of this machine's own, which signs what is made here: made at first use, renewed when its time is over.

The certificate is signed by a root that is made with it and whose key is thrown away at once, so nobody else, and no
second time, can sign in its name. Roots are kept: by them what was signed with an older key is known again.
"""

import os
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING

from faceswap_lib import UserError, files
from faceswap_lib.progress import note

if TYPE_CHECKING:  # it takes a tenth of a second, and most who come by here sign nothing
    from cryptography.x509 import Certificate

FOLDER = "FACESWAP_KEYS"  # the environment's word for another folder
NAME, ROOTS = "signer.pem", "roots"
YEARS = 2
LEFT = timedelta(days=1)  # a key is renewed when it has less
WHO = "Face-swap workshop, a learner's own machine"


@dataclass(frozen=True)
class Key:
    """A private key and its certificates, the signer's and the root's, each in PEM."""

    private: bytes
    chain: bytes


def folder() -> Path:
    """Where the key lies: $FACESWAP_KEYS, else faceswap-workshop in the user's folder of settings."""
    settings = os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config"
    return Path(os.environ.get(FOLDER) or Path(settings) / "faceswap-workshop")


def own() -> Key:
    """This machine's key, made or renewed if need be; UserError where it cannot be kept."""
    path = folder() / NAME
    try:
        if key := _kept(path):
            return key
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with files.in_turn(path.parent):  # an evaluation writes three videos at once
            if key := _kept(path):
                return key
            if path.exists() or roots():
                what = "has expired or is damaged" if path.exists() else "is gone"
                note(f"The key in {path} {what}; a new one is made.")
            return _made(path)
    except OSError as error:
        raise UserError(
            f"The key that signs videos cannot be kept in {path.parent} ({error.strerror}); "
            f"make that folder writable, or name another one in {FOLDER}."
        ) from error


def roots() -> bytes:
    """The roots of all keys that this machine has had, in PEM; empty if it has had none."""
    return b"".join(path.read_bytes() for path in sorted((folder() / ROOTS).glob("*.pem")))


def _kept(path: Path) -> Key | None:
    return _valid(path.read_bytes()) if path.exists() else None


def _valid(pem: bytes) -> Key | None:
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    private, mark, rest = pem.partition(b"-----BEGIN CERTIFICATE-----")
    try:
        key = serialization.load_pem_private_key(private, None)
        signer, _ = x509.load_pem_x509_certificates(mark + rest)
    except ValueError:
        return None
    fits = key.public_key() == signer.public_key() and signer.not_valid_after_utc > datetime.now(timezone.utc) + LEFT
    return Key(private, mark + rest) if fits else None


def _made(path: Path) -> Key:
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    above, mine = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    root = _certificate(f"{WHO}: root", above.public_key(), f"{WHO}: root", above)
    signer = _certificate(WHO, mine.public_key(), f"{WHO}: root", above)
    root_pem, signer_pem = (each.public_bytes(serialization.Encoding.PEM) for each in (root, signer))
    private = mine.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (path.parent / ROOTS).mkdir(exist_ok=True)
    with files.whole(path.parent / ROOTS / f"{root.serial_number:x}.pem") as part:
        part.write_bytes(root_pem)
    with files.whole(path) as part:
        part.touch(mode=0o600)
        part.write_bytes(private + signer_pem + root_pem)
    return Key(private, signer_pem + root_pem)


def _certificate(name: str, public: object, above: str, by: object) -> "Certificate":
    """An X.509 certificate as C2PA 2.1, 14.5 wants it: the root's if name and above are one, else the signer's."""
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

    subject, issuer = (
        x509.Name([x509.NameAttribute(o, n) for o in (NameOID.ORGANIZATION_NAME, NameOID.COMMON_NAME)])
        for n in (name, above)
    )
    root, now = name == above, datetime.now(timezone.utc)
    built = (
        x509.CertificateBuilder(issuer, subject, public, x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(days=365 * YEARS))
        .add_extension(x509.BasicConstraints(root, 0 if root else None), True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(by.public_key()), False)
        .add_extension(x509.KeyUsage(not root, False, False, False, False, root, root, False, False), True)
    )
    if not root:
        built = built.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.EMAIL_PROTECTION]), False)
    return built.sign(by, hashes.SHA256())
