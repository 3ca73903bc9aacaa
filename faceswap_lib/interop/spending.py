"""What a run of deepfakes/faceswap took, written down: where no network is, lab 8 shows the one that was recorded."""

import json
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from faceswap_lib import UserError, files, strangers
from faceswap_lib.face.records import Many, Words
from faceswap_lib.interop.application import Spent, Trained

NAME = "run.json"
MOST = 1 << 20  # bytes of it
Point = Annotated[list[float], Field(min_length=4, max_length=4)]


class Run(BaseModel):
    """A run: program and machine, what each step took, and notes; history: [step, seconds, loss A, loss B]."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)
    date: Words
    machine: Words
    commit: Words
    torch: Words
    commands: Annotated[Many[Words], Field(max_length=20)]
    install_minutes: float
    install_gigabytes: float
    faces: tuple[int, int]
    frames: int
    cut: tuple[float, float, int]
    trainer: Words
    batch: int
    steps: int
    egs: float
    train: tuple[float, float, int]
    convert: tuple[float, float, int]
    history: Annotated[Many[Point], Field(max_length=1000)]
    notes: Annotated[Many[Words], Field(max_length=20)] = []

    @property
    def trained(self) -> Trained:
        """Its training as `Application.train` tells one."""
        spent = Spent(*self.train)
        return Trained(self.trainer, self.batch, self.steps, self.steps, self.egs, spent, self.history)


def read(folder: str | Path) -> Run:
    """The run that was recorded in a folder; UserError where there is none or it is damaged."""
    path = Path(folder) / NAME
    try:
        return Run.model_validate(strangers.parsed(path, MOST))
    except (OSError, ValueError) as error:
        raise UserError(f"{path} cannot be read ({strangers.why(error)}); take the kit's own again.") from error


def save(folder: str | Path, run: Run) -> Path:
    """Write a run into a folder, complete or not at all."""
    path = Path(folder) / NAME
    with files.whole(path) as part:
        part.write_text(json.dumps(run.model_dump(), indent=1), encoding="utf-8")
    return path


def costs(trained: Trained, cut: Spent, convert: Spent, frames: int) -> list[dict]:
    """What each step took, a line each: minutes of the clock, of all processors, memory, pace."""
    rate = frames / max(convert.seconds, 1e-9)
    return [
        _line("cut the faces", cut, ""),
        _line(f"train {trained.steps} steps", trained.spent, f"{trained.egs:.2g} EGs/s"),
        _line(f"convert {frames} frames", convert, f"{rate:.2g} frames/s"),
    ]


def _line(step: str, spent: Spent, pace: str) -> dict:
    told = {"step": step, "minutes": f"{spent.seconds / 60:.1f}", "processor minutes": f"{spent.work / 60:.1f}"}
    return told | {"memory, GB": f"{spent.memory / 1e9:.1f}", "pace": pace}
