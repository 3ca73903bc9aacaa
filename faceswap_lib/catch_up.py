"""What a learner who missed a lab needs to go on: the results of it and of those before, for the built-in pair.

Faces are found and the video is converted here; the trained model is the kit's own, and says so wherever it goes.
Nothing that is there is replaced.
"""

from pathlib import Path

from faceswap_lib import UserError, convert, evaluate, extract, samples
from faceswap_lib.classroom import kit_model, logbook
from faceswap_lib.classroom.lessons import LESSONS
from faceswap_lib.display import index_page
from faceswap_lib.face import faceset
from faceswap_lib.media import video
from faceswap_lib.network import record
from faceswap_lib.progress import Progress


def catch_up(lab: str, workdir: str | Path, *, profile: str = "demo", progress: Progress | None = None) -> str:
    """Make what a lab, by its number, and those before it leave in the workdir; returns what was made, a line each.

    What is there stays. Raises UserError: no such lab, or faces, model or video of other people are there.
    """
    known, number = [each.number for each in LESSONS], f"0{lab}"[-2:]
    if number not in known or len(str(lab)) not in (1, 2):
        raise UserError(f"There is no lab {lab!r:.20}; give one of {', '.join(known)}.")
    run, told = Path(workdir), []
    for lesson in LESSONS[: known.index(number) + 1]:
        for thing in lesson.makes:
            if (there := _there(run, thing)) and _pairs_own(run, thing):
                told.append(f"{there} is there, and stays.")
                continue
            told.append(_make(run, thing, profile, progress))
            logbook.took(run, lesson.number, thing)
    index_page.write(run)
    return "\n".join(told) if told else f"Lab {int(number)} leaves nothing behind that another lab needs; go on."


def _there(run: Path, thing: str) -> Path | None:
    inside = {"model": "model.json", "faces/a": "faces.json", "faces/b": "faces.json"}
    if thing == "swapped":
        return video.fitted(run / "swapped.mp4")
    path = run / thing / inside.get(thing, "")
    return path if path.exists() else None


def _pairs_own(run: Path, thing: str) -> bool:
    """True where what is there is of the built-in pair, so that the kit's model goes with it; else UserError."""
    for side in "ab":
        found, whose = "", kit_model.people()[side]
        if thing == f"faces/{side}":
            found = faceset.load(run / thing).source.sha256
        if thing == "model":
            found = record.read_about(run / thing)["data"][side]["sha256"]
        if found and found != whose:
            raise UserError(
                f"{run / thing} is of another video than the built-in pair, the only one that the kit has a trained "
                "model of; do the lab, or take another workdir."
            )
    return True


def _make(run: Path, thing: str, profile: str, progress: Progress | None) -> str:
    clip_a, faces_a, faces_b = samples.path("person_a"), run / "faces" / "a", run / "faces" / "b"
    if thing.startswith("faces/"):
        made = extract.extract(samples.path(f"person_{thing[-1]}"), run / thing, profile=profile, progress=progress)
        return f"{run / thing}: {made.kept} faces."
    if thing == "model":
        return f"{run / thing}: {kit_model.unpack(run / thing)}"
    if thing == "swapped":
        made = convert.convert(clip_a, faces_a, run / "model", run / "swapped.mp4", progress=progress)
        return f"{made.out}: {made.frames} frames, labelled and signed as synthetic."
    truth = {"truth": samples.path("truth_a_as_b"), "truth_mask": samples.path("truth_mask")}
    swapped = video.fitting(clip_a, run / "swapped.mp4")
    evaluate.evaluate(swapped, clip_a, faces_b, run, faces_a=faces_a, model=run / "model", progress=progress, **truth)
    return f"{run / 'report.html'}: how good the swap is."
