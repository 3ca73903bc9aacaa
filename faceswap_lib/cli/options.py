"""Options that several verbs share."""

from typing import Annotated

import typer

Profile = Annotated[str, typer.Option(help="Size of the run: smoke, micro, demo or gpu.")]
