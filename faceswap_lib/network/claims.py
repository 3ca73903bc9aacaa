"""What a model's record must say before it is believed: a stranger may have written it."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from faceswap_lib import profiles, strangers
from faceswap_lib.face.records import EYES, Hash, Many, Number, Three, Words

MOST = 1 << 26  # bytes of model.json: a quarter of a million checks on held-out faces
Side = Literal["a", "b"]
Base = Annotated[str, StringConstraints(max_length=100, pattern=r"^\w[\w.]*$")]  # its name, no path
Count = Annotated[int, Field(ge=0, le=1 << 62)]


class Data(BaseModel):
    """The faces that one side was trained on."""

    video: Words
    sha256: Hash
    fingerprint: Words


class Check(BaseModel):
    """Losses when held-out faces were looked at."""

    model_config = ConfigDict(allow_inf_nan=False)
    iteration: Count
    held_a: Number
    held_b: Number
    loss_a: Number
    loss_b: Number
    gan_real: Number
    gan_fake: Number


class Played(BaseModel):
    """When the discriminator joined the step or left it, and whether a hand or the schedule said so."""

    iteration: Count
    gan: bool
    by: Literal["schedule", "hand"]


class Claims(BaseModel):
    """A record; what else stands in it is shown to people and decides nothing."""

    model_config = ConfigDict(allow_inf_nan=False)
    profile: Literal[tuple(profiles.PROFILES)]
    alignment: Literal["mesh", "similarity"]
    gan: bool
    seed: Count
    start: Base
    mesh: Words | None = None
    shapes: Annotated[dict[Side, Annotated[Many[Three], Field(min_length=478, max_length=478)]], Field(min_length=2)]
    data: Annotated[dict[Side, Data], Field(min_length=2)]
    iteration: Count
    history: Annotated[Many[Check], Field(min_length=1)]
    seconds: Number
    spent: Number
    stopped: Words = ""
    played: Many[Played] = []
    likeness: dict[Side, Annotated[Many[Number], Field(max_length=128)]] = {}


def check(found: object, folder: Path) -> None:
    """ValueError where a record, or a mean texture beside it, is none of a network of this kit."""
    if out := sorted(path.name for path in folder.iterdir() if strangers.leads_out(path)):
        raise ValueError(f"{out[0]} is a link to another folder")
    claims = Claims.model_validate(found)
    if flat := [side for side, shape in claims.shapes.items() if shape[EYES[0]] == shape[EYES[1]]]:
        raise ValueError(f"the face of {flat[0].upper()} has no size")
    size = profiles.get(claims.profile).texture
    for name in ("mean_a.png", "mean_b.png"):
        _, width, height = strangers.picture(folder / name)
        if (width, height) != (size, size):
            raise ValueError(f"{name} has {width} × {height} pixels, not {size} × {size}")
