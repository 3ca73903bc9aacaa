"""Options that several verbs share."""

from pathlib import Path
from typing import Annotated

import typer

Profile = Annotated[str, typer.Option(help="Size of the run: smoke, micro, demo or gpu.")]
Consent = Annotated[
    Path | None,
    typer.Option(help="The record of what they agreed to (`consent new`); for all but the built-in people."),
]
