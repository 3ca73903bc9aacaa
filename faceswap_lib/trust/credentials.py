"""Content Credentials (C2PA): signed data within .mp4 and .mov that say what a video is, and show any later change."""

import json
from dataclasses import dataclass, field
from datetime import datetime, timezone
from pathlib import Path

from faceswap_lib import UserError, __version__
from faceswap_lib.trust import keys
from faceswap_lib.trust.statement import Statement

HOLDS = {".mp4": "video/mp4", ".mov": "video/quicktime"}
READS = HOLDS | {
    ".m4v": "video/mp4",
    ".avi": "video/avi",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".png": "image/png",
    ".webp": "image/webp",
}
OWN = "org.faceswap-workshop.swap"
OFFLINE = {"verify": {"remote_manifest_fetch": False, "ocsp_fetch": False}}
PARENT = {"title": "the video before the swap", "relationship": "parentOf", "label": "parent"}
TOOL = {"name": "faceswap_lib", "version": __version__}


@dataclass(frozen=True)
class Credentials:
    """What a file's credentials are: "intact", "altered", "missing", or "unknown" where who signed is not known here.

    facts: what they say, if they are this kit's; detail: what is wrong, or who signed.
    """

    state: str
    detail: str = ""
    facts: dict = field(default_factory=dict)


def sign(video: Path, out: Path, source: str | Path, facts: Statement) -> None:
    """Write a video with credentials as `out`, its source as their parent; the suffix must be one of HOLDS."""
    import c2pa

    key, kind = keys.own(), HOLDS[video.suffix.lower()]
    info = c2pa.C2paSignerInfo(alg=b"es256", sign_cert=key.chain, private_key=key.private, ta_url=None)
    try:
        with c2pa.Context(c2pa.Settings.from_dict(OFFLINE)) as how, c2pa.Signer.from_info(info) as signer:
            try:
                _write(_manifest(facts, kind), how, signer, video, out, Path(source))
            except c2pa.C2paError:  # a source that C2PA cannot look into: it is named by its hash alone
                out.unlink(missing_ok=True)
                _write(_manifest(facts, kind) | {"ingredients": [PARENT]}, how, signer, video, out)
    except c2pa.C2paError as error:
        raise UserError(f"{out.name} cannot be signed ({error}); free some space, or choose another folder.") from error


def _write(manifest: dict, how: object, signer: object, video: Path, out: Path, source: Path | None = None) -> None:
    import c2pa

    with c2pa.Builder(manifest, how) as builder:
        if source:
            with open(source, "rb") as stream:
                builder.add_ingredient(json.dumps(PARENT), READS.get(source.suffix.lower(), "video/mp4"), stream)
        builder.sign_file(str(video), str(out), signer)


def _manifest(facts: Statement, kind: str) -> dict:
    edited = {
        "action": "c2pa.edited",
        "when": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        "softwareAgent": TOOL,
        "digitalSourceType": facts.digital_source_type,
        "description": facts.what,
    }
    opened = {"action": "c2pa.opened", "parameters": {"ingredientIds": ["parent"]}}
    return {
        "claim_generator_info": [TOOL],
        "title": "a face-swapped video",
        "format": kind,
        "assertions": [
            {"label": "c2pa.actions.v2", "data": {"actions": [opened, edited]}},
            {"label": OWN, "data": facts.said},
        ],
    }


def read(path: str | Path) -> Credentials:
    """What the credentials of a file say, and whether file and signature still are as they were signed."""
    import c2pa

    kind, anchors = READS.get(Path(path).suffix.lower()), keys.roots().decode()
    if not kind:
        return Credentials("missing", f"a file that ends in {Path(path).suffix or 'nothing'} cannot hold any")
    trust = {
        "verify": OFFLINE["verify"] | {"verify_trust": True},
        "trust": {"user_anchors": anchors} if anchors else {},
    }
    try:
        with c2pa.Context(c2pa.Settings.from_dict(trust)) as how, open(path, "rb") as stream:
            with c2pa.Reader(kind, stream, context=how) as reader:
                return _judged(json.loads(reader.json()))
    except c2pa.C2paError as error:
        missing = "ManifestNotFound" in str(error)
        return Credentials("missing") if missing else Credentials("altered", f"they cannot be read ({error})")


def _judged(store: dict) -> Credentials:
    active = store["manifests"][store["active_manifest"]]
    said = [a["data"] for a in active["assertions"] if a["label"] == OWN]
    facts = next((data for data in said if isinstance(data, dict)), {})  # a stranger's may be anything
    failed = {each["code"] for each in store.get("validation_results", {}).get("activeManifest", {}).get("failure", ())}
    signer = active.get("signature_info", {}).get("common_name", "somebody without a name")
    if rest := failed - {"signingCredential.untrusted"}:
        return Credentials("altered", "changed after it was signed: " + ", ".join(sorted(rest)), facts)
    if failed:
        return Credentials("unknown", f"as it was signed, by {signer}, whom this machine does not know", facts)
    return Credentials("intact", f"as it was signed, by {signer}", facts)
