"""Read back what says that a file is synthetic: label, credentials, sidecar, mark; of any video, and of pictures."""

from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2
import numpy as np

from faceswap_lib import UserError, strangers
from faceswap_lib.media import video
from faceswap_lib.trust import consent, credentials, label, mark, sidecar
from faceswap_lib.trust.credentials import HOLDS, Credentials

CREDENTIALS = "Content Credentials"
PICTURES = {".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"}


@dataclass(frozen=True)
class Layer:
    """One of the marks: what it is, its state (intact, altered, missing or unknown), and what it says."""

    layer: str
    state: str
    says: str


def inspect(path: str | Path) -> list[Layer]:
    """The four marks of a video or picture, as they are found in it; UserError where it cannot be read."""
    frames = _frames(Path(path))
    signed, beside = credentials.read(path), sidecar.read(path)
    seen, hidden = label.share_of(frames), mark.read(frames)
    return [
        Layer("visible label", "intact" if seen > 0.5 else "altered" if seen else "missing", _label(seen)),
        Layer(CREDENTIALS, signed.state, _says(signed)),
        Layer("file beside it", beside.state, _says(beside)),
        Layer("mark in the pixels", "intact" if hidden.found else "missing", _mark(hidden)),
    ]


def signed_facts(path: str | Path) -> dict:
    """What a video's marks say of it, so far as they are as they were signed; {} where none is."""
    found = (sidecar.read(path), credentials.read(path))
    return next((each.facts for each in found if each.state in ("intact", "unknown") and each.facts), {})


def agreement(path: str | Path, record: str | Path | None = None) -> Layer:
    """Whether a file names a record of consent; with that record, whether it is the one, and still holds."""
    beside, signed = sidecar.read(path).facts, credentials.read(path).facts
    named, state, says = beside.get("consent") or signed.get("consent"), "missing", "no record is named"
    if named == consent.NONE_NEEDED:
        state, says = "intact", "none is needed: the built-in people do not exist"
    elif named and not record:
        state, says = "unknown", f"a record is named, {_plain(named)}; --consent FILE holds it against this"
    elif named:
        found = consent.read(record)
        over = f"it {found.over}" if found.over else ""
        problem = "another record was named" if found.hash != named else over
        state, says = ("altered" if problem else "intact"), f"{record}: {problem or f'it holds until {found.until}'}"
    if day := beside.get("consent_revoked"):
        state, says = "altered", f"revoked on {_plain(day)}, says the file beside it"
    return Layer("consent", state, says)


def whole(path: str | Path) -> bool:
    """Whether a video has every mark that its kind of file can hold."""
    held = [layer for layer in inspect(path) if layer.layer != CREDENTIALS or Path(path).suffix.lower() in HOLDS]
    return all(layer.state == "intact" for layer in held)


def told(layers: list[Layer]) -> str:
    """The marks in a sentence."""
    if found := [layer.layer for layer in layers if layer.state != "missing"]:
        return f"It is synthetic: {', '.join(found)} say{'s' if len(found) == 1 else ''} so."
    return "Nothing says that it is synthetic; that does not make it real."


def _frames(path: Path) -> list[np.ndarray]:
    """Frames evenly over a video, or a picture, RGB uint8 (H, W, 3)."""
    if path.suffix.lower() in PICTURES and path.is_file():
        data = cv2.imdecode(np.frombuffer(path.read_bytes(), "u1"), cv2.IMREAD_COLOR)
        if data is None:
            raise UserError(f"'{path}' is no picture that can be read; give a PNG or JPEG file, or a video.")
        return [cv2.cvtColor(data, cv2.COLOR_BGR2RGB)]
    step = max(1, video.probe(path).frames // mark.MOST)
    return list(islice(video.frames(path), 0, step * mark.MOST, step))


def _label(share: float) -> str:
    return f"“{label.TEXT}” in {share:.0%} of the frames looked at" if share else ""


def _mark(found: mark.Reading) -> str:
    if not found.found:
        return f"{found.strength:g} standard deviations, as chance has it"
    number = f", number {found.number}" if found.number is not None else ", its number cannot be read"
    return f"{found.strength:g} standard deviations above chance{number}"


def _says(found: Credentials) -> str:
    names = {"method": "drawn by", "source": "source", "model": "model", "person": "person", "consent": "consent"}
    facts = [f"{word} {_plain(found.facts[key])}" for key, word in names.items() if found.facts.get(key)]
    return "; ".join(filter(None, [found.detail, ", ".join(facts)]))


def _plain(said: object) -> str:
    """The beginning of what a stranger's marks may say, fit for a terminal."""
    return strangers.printable(str(said)[:24])
