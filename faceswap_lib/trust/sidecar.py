"""A JSON file beside each video: the same facts, the video's SHA-256, signed with this machine's key.

It is what .mkv has instead of Content Credentials, and a text that people can read for the others.
"""

import base64
import json
from pathlib import Path

from faceswap_lib import files
from faceswap_lib.trust import keys
from faceswap_lib.trust.credentials import Credentials
from faceswap_lib.trust.statement import Statement

SUFFIX = ".synthetic.json"
MOST = 1 << 16  # bytes of such a file


def path_of(video: str | Path) -> Path:
    """Where the sidecar of a video lies."""
    return Path(video).with_name(f"{Path(video).stem}_{Path(video).suffix[1:].lower()}{SUFFIX}")


def write(video: Path, complete: Path, facts: Statement) -> None:
    """Write the sidecar of a video that is complete under another name."""
    _write(video, facts.said | {"video": files.sha256(complete)})


def revoked(video: Path, facts: dict, day: str) -> None:
    """Say in a video's sidecar, whose facts are given, that the consent in it was revoked; the video stays as it is."""
    _write(video, facts | {"video": files.sha256(video), "consent_revoked": day})


def _write(video: Path, content: dict) -> None:
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = keys.own()
    private = serialization.load_pem_private_key(key.private, None)
    signature = base64.b64encode(private.sign(_plain(content), ec.ECDSA(hashes.SHA256()))).decode()
    with files.whole(path_of(video)) as part:
        told = content | {"signature": signature, "certificates": key.chain.decode()}
        part.write_text(json.dumps(told, indent=1), encoding="utf-8")


def read(video: str | Path) -> Credentials:
    """What the sidecar of a video says, and whether both are as they were written; see `Credentials` for the states."""
    path = path_of(video)
    try:
        if path.stat().st_size > MOST:
            return Credentials("altered", f"{path.name} is too large to be one")
        told = json.loads(path.read_text(encoding="utf-8"))
        signature, chain = base64.b64decode(told.pop("signature")), told.pop("certificates").encode()
        known = _signed(_plain(told), signature, chain)
    except FileNotFoundError:
        return Credentials("missing", f"there is no {path.name} beside it")
    except (ValueError, KeyError, AttributeError, TypeError, RecursionError):
        return Credentials("altered", f"{path.name} is not as it was written")
    if told.get("video") != files.sha256(video):
        return Credentials("altered", "it was written for another state of this video", told)
    if not known:
        return Credentials("unknown", "as it was written, by whom this machine does not know", told)
    return Credentials("intact", "as it was written", told)


def _plain(content: dict) -> bytes:
    return json.dumps(content, sort_keys=True).encode()


def _signed(data: bytes, signature: bytes, chain: bytes) -> bool:
    """Whether the signer is known here; ValueError where the signature is wrong."""
    from cryptography import x509
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import ec

    signer, root = x509.load_pem_x509_certificates(chain)
    try:
        signer.public_key().verify(signature, data, ec.ECDSA(hashes.SHA256()))
        signer.verify_directly_issued_by(root)
    except InvalidSignature as error:
        raise ValueError("the signature is not that of this text") from error
    known = keys.roots()
    return bool(known) and root in x509.load_pem_x509_certificates(known)
