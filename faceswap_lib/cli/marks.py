"""The verbs over what says that a video is synthetic: inspect."""

from pathlib import Path
from typing import Annotated

import typer

from faceswap_lib.progress import print_table


def inspect(file: Annotated[Path, typer.Argument(help="A video, or a picture out of one.")]) -> None:
    """What says that a file is synthetic, and whether it is intact. Example: inspect swapped.mp4"""
    from faceswap_lib.trust import inspection

    print_table(list(map(vars, layers := inspection.inspect(file))))
    print(inspection.told(layers))
