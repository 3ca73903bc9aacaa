"""The verb over lab 7: detect."""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_lib.cli.options import Profile
from faceswap_lib.progress import print_table

MEANS = "These are figures of this run's people and this kit's fakes. Of another video they say very little."


def detect(
    workdir: Annotated[Path, typer.Option(help="Folder of a run whose labs 3 to 5 are done.")] = Path("workdir"),
    video_a: Annotated[Path | None, typer.Option(help="The run's video A; default: the built-in A.")] = None,
    video_b: Annotated[Path | None, typer.Option(help="The run's video B; default: the built-in B.")] = None,
    profile: Profile = "demo",
    seed: Annotated[int, typer.Option(help="Seed of all random numbers.")] = 0,
) -> None:
    """Train two detectors on a run's own swap, and see where they fail. Example: detect --workdir workdir"""
    from faceswap_lib import detect as lab
    from faceswap_lib import samples
    from faceswap_lib.detection.scores import Auc

    clips = (video_a or samples.path("person_a"), video_b or samples.path("person_b"))
    told = lab.detect(workdir, *clips, profile=profile, seed=seed)
    print_table(
        [{"AUC on": row["case"]} | {who: str(Auc(**row[who]["auc"])) for who in lab.TITLES} for row in told["cases"]]
    )
    print(f"With labels that mean nothing: {Auc(**told['shuffled'])}. {MEANS}")
