"""Lab 5: put B's face into A's video: A's texture and motion → encoder → decoder B → A's light → back into the frame.

What the trained model draws is in compose/model_swap.py, what is done with each frame in compose/render.py; other
processes and machines may draw pieces of the video (pieces/drawn.py). Sound is copied, all distances in time are the
source's, and every video says that it is synthetic: by a visible label, a mark in the pixels, signed credentials and a
file beside it (trust/).
"""

from dataclasses import dataclass
from pathlib import Path

from faceswap_lib import UserError
from faceswap_lib.compose import model_swap
from faceswap_lib.compose.model_swap import PULL, USUAL, Settings
from faceswap_lib.face import faceset, identity
from faceswap_lib.face.faceset import Faceset
from faceswap_lib.media import cuts, video
from faceswap_lib.media.remarks import Remarks
from faceswap_lib.network import record
from faceswap_lib.pieces import drawn
from faceswap_lib.pieces.crew import ALONE, Crew
from faceswap_lib.progress import Progress, note
from faceswap_lib.trust import consent as consents
from faceswap_lib.trust.consent import Consent
from faceswap_lib.trust.statement import Statement


@dataclass
class ConvertResult:
    """What was written: the file, its frames, in how many of them a face was swapped.

    advice: a sentence on who is shown; remarks: what the source lacks; each may be empty.
    """

    out: Path
    frames: int
    swapped: int
    advice: str = ""
    remarks: str = ""


def convert(
    video_path: str | Path,
    faces_a: str | Path,
    model: str | Path,
    out: str | Path,
    *,
    color_match: str = USUAL,
    to: str | None = None,
    untrained: bool = False,
    pull: float = PULL,
    keep_front: bool = True,
    keep_mouth: bool = True,
    overwrite: bool = False,
    consent: str | Path | Consent | None = None,
    progress: Progress | None = None,
    crew: Crew = ALONE,
) -> ConvertResult:
    """Swap the face in a video and write it to `out`, labelled and signed.

    faces_a: the video's own faceset; color_match: one of `color.METHODS`; to: whose face is put in, b unless said (the
    video's own person is drawn anew, to see what the network can do, where it is said); untrained: draw the person's
    mean texture instead of the network's picture, to see what training is worth; pull: how far the weights go back to
    the base they started from, 0 as trained to 1 the base; keep_front: what passes in front of the face stays there
    (compose/occlusion.py; with the network, on the mesh); keep_mouth: teeth and tongue stay the video's own (on the
    mesh). overwrite: replace a file at `out` that is not this kit's; a video that the model was trained on never is.
    consent: the record of those who are shown, needed for all but the built-in people (trust/consent.py). crew: who
    draws (pieces/crew.py), with the same result. Raises UserError when faceset, model, video and consent do not belong
    together.
    """
    said, to = to, to or "b"
    settings = Settings(color_match, to, pull, keep_front, keep_mouth)
    settings.check()
    found, about = faceset.load(faces_a), record.read_about(model)
    _check(video_path, found)
    _spare(out, _used(found, about))
    consent, side = consents.given(consent), model_swap.side_of(found, about, to)
    agreed = consent.agreed(_used(found, about), found.source.sha256, about["data"][to]["sha256"], side == to)
    if advice := "" if said else _is_b(found, about):
        note(advice)
    remarks, how = Remarks(), {"facts": _facts(found, about, to, untrained, agreed), "overwrite": overwrite}
    how |= {"progress": progress, "remarks": remarks}
    pieces, work = cuts.pieces(video.probe(video_path)), {"settings": settings, "untrained": untrained}
    count = drawn.convert(pieces, Path(out), found, Path(model), crew, **work, **how)
    consent.note(Path(out))
    return ConvertResult(Path(out), count, sum(i < count for i in found.frames), advice, str(remarks))


def _facts(found: Faceset, about: dict, to: str, untrained: bool, agreed: str) -> Statement:
    return Statement(
        method="mean texture, no network" if untrained else "trained network",
        source=found.source.sha256,
        model=about.get("sha256", {}).get("weights"),
        person=about["data"][to]["fingerprint"],
        consent=agreed,
    )


def _check(path: str | Path, found: Faceset) -> None:
    if video.sha256(path) != found.source.sha256:
        raise UserError(
            f"The faces in {found.folder} were taken from another video ({found.source.name}) than {path}; "
            f"run `extract {path} --faces DIR` and convert with that folder."
        )


def _used(found: Faceset, about: dict) -> dict[str, str]:
    """SHA-256 -> name of the videos that faceset and model were made from."""
    return {d["sha256"]: d["video"] for d in about["data"].values()} | {found.source.sha256: found.source.name}


def _spare(out: str | Path, used: dict[str, str]) -> None:
    """An output never takes the place of a video that faceset or model were made from."""
    if Path(out).is_file() and (name := used.get(video.sha256(out))):
        raise UserError(f"{out} is the video {name} that faceset or model were made from; choose another name.")


def _is_b(found: Faceset, about: dict) -> str:
    """A sentence where a video seems to show B, who is put in; UserError where it surely does: it is B's own video."""
    name, own = found.source.name, about["data"]["b"]
    theirs = found.source.sha256 == own["sha256"] and model_swap.side_of(found, about, "b") == "b"
    if theirs or found.fingerprint == own["fingerprint"]:
        raise UserError(
            f"{name} is B's own video, and B would be put on B; give A's video, or say --to a for the other direction, "
            "or --to b if you mean it."
        )
    known, mine = about.get("likeness", {}), identity.likeness(found)
    if [side for side in "ab" if identity.alike(mine, known.get(side, []))] != ["b"]:
        return ""
    return f"{name} seems to show B, whose face is put in: the swap shows little; look at both contact sheets."
