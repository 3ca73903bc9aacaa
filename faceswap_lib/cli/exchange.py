"""The verbs that exchange faces with deepfakes/faceswap: export-faceswap, import-faceswap."""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_lib.cli.options import Profile
from faceswap_lib.progress import progress_bar


def export_faceswap(
    faces: Annotated[Path, typer.Argument(help="The faceset of a video.")],
    video: Annotated[Path, typer.Option(help="That video.")],
    out: Annotated[Path, typer.Option(help="Folder for what Faceswap reads; made.")],
) -> None:
    """Write a faceset for deepfakes/faceswap. Example: export-faceswap faces/a --video clip_a.mp4 --out out/a"""
    from faceswap_lib.interop import exchange

    done = exchange.export(faces, video, out)
    print(f"{done.alignments}: {done.faces} faces with 68 landmarks, and {done.video.name} beside it.")
    print(f"In Faceswap: python tools.py alignments -j extract -a {done.alignments} -r {done.video} -c FACES")
    if done.left_out:
        print(f"{len(done.left_out)} of them are left out here: delete the pictures that {exchange.LEFT_OUT} names.")


def import_faceswap(
    fsa: Annotated[Path, typer.Argument(help="Faceswap's alignments, .fsa.")],
    video: Annotated[Path, typer.Option(help="The video that it is of.")],
    faces: Annotated[Path, typer.Option(help="The faceset of this video; made where there is none.")],
    pictures: Annotated[
        Path | None, typer.Option(help="Faceswap's folder of face pictures, which then says what is kept.")
    ] = None,
    profile: Profile = "demo",
) -> None:
    """Leave out what was deleted in deepfakes/faceswap. Example: import-faceswap a.fsa --video a.mp4 --faces faces/a"""
    from faceswap_lib.interop import alignments, exchange

    there = alignments.read(fsa)  # before any work
    if not (faces / "faces.json").is_file():
        _extract(fsa, video, faces, pictures, profile)
    done = exchange.bring_back(faces, fsa, pictures, video)
    unknown = f", {done.unknown} that this kit does not know of" if done.unknown else ""
    print(f"{len(there.faces)} faces there{unknown}; {done.kept} to train on in {faces}, {done.left_out} left out now.")
    print(
        f"The landmarks are {done.distance:.1f} pixels apart, median. What was left out lies in {faces / 'left-out'}."
    )


def _extract(fsa: Path, video: Path, faces: Path, pictures: Path | None, profile: str) -> None:
    """A faceset of whom Faceswap's faces show, found by this kit: 68 points are too few for its mesh."""
    from faceswap_lib import extract as lab
    from faceswap_lib.interop import exchange

    with progress_bar(f"Extracting from {video.name}") as progress:
        made = lab.extract(video, faces, profile=profile, progress=progress)
        if made.people > 1 and (person := exchange.whose(faces, fsa, pictures)):
            lab.extract(video, faces, profile=profile, person=person, progress=progress)
