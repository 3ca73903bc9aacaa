"""The verbs over what says that a video is synthetic: inspect, and the records of consent."""

import shlex
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from faceswap_lib.cli.options import Consent
from faceswap_lib.progress import print_table

consent = typer.Typer(help="Records of what those who are shown have agreed to: a record, not a lock.")
Videos = Annotated[list[Path] | None, typer.Option(help="A video that shows them; default: the built-in clip.")]
Name = Annotated[str, typer.Option(help="Who that is.")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD; default: today.")]
End = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="YYYY-MM-DD; default: a year later.")]


def inspect(
    file: Annotated[Path, typer.Argument(help="A video, or a picture out of one.")],
    consent: Consent = None,
) -> None:
    """What says that a file is synthetic, and whether it is intact. Example: inspect swapped.mp4"""
    from faceswap_lib.trust import inspection

    layers = inspection.inspect(file)
    print_table([vars(layer) for layer in (*layers, inspection.agreement(file, consent))])
    print(inspection.told(layers))


@consent.command()
def new(
    record: Annotated[Path, typer.Argument(help="The file to write, .json; it holds names, keep it to yourself.")],
    agreed: Annotated[str, typer.Option(help="To what, e.g. 'B's face in A's video, for a class'.")],
    means: Annotated[str, typer.Option(help="How they said so, e.g. 'in writing', 'I am both'.")],
    video_a: Videos = None,
    name_a: Name = "",
    video_b: Videos = None,
    name_b: Name = "",
    on: Day = None,
    until: End = None,
) -> None:
    """Write a record. Example: consent new c.json --video-b me.mp4 --name-b Me --agreed "my face" --means self"""
    from faceswap_lib.trust import consent as lab

    shown = {"a": (name_a, video_a), "b": (name_b, video_b)}
    people = {side: lab.person(name, *videos) if videos else None for side, (name, videos) in shown.items()}
    days = {"on": on and on.date(), "until": until and until.date()}
    made = lab.new(record, people["a"], people["b"], agreed=agreed, means=means, **days)
    print(
        f"{record}: holds until {made.until}; give it with --consent {shlex.quote(str(record))}. It records what was "
        "agreed and enforces nothing; it names people, so keep it to yourself."
    )


@consent.command()
def revoke(
    record: Annotated[Path, typer.Argument(help="The record that holds no longer.")],
    folders: Annotated[list[Path] | None, typer.Argument(help="Folders to look for videos in, too.")] = None,
) -> None:
    """Take a consent back: mark the record and what was made under it, and list that. Example: consent revoke c.json"""
    from faceswap_lib.trust import revocation

    made = revocation.revoke(record, folders or ())
    for each in made:
        print(f"{each.video}: {each.state}")
    print(
        f"{record} is revoked. Made under it, as far as is known here: {len(made)}. No copy elsewhere "
        "is called back by this: delete them, and have others taken down."
    )
