"""Read a person's settings file. Every key is known here; an unknown, missing or misshapen one is refused."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args, get_origin, get_type_hints

import yaml

from renderer import SampleError

PEOPLE = Path(__file__).resolve().parent.parent / "people"
Color = tuple[float, float, float]


@dataclass(frozen=True)
class Identity:
    """The shape of a head: shares of MakeHuman's targets, 0..1."""

    gender: float  # 0 female, 1 male
    age: float  # 0 young, 1 old
    muscle: float
    weight: float
    ancestry: dict[str, float]  # african, asian, caucasian: shares of MakeHuman's three base shapes
    details: dict[str, float]  # names of MakeHuman targets; lr- stands for both sides


@dataclass(frozen=True)
class Skin:
    """Colours (sRGB, 0..255) and how strongly each is laid on (0..1)."""

    base: Color
    dark: Color  # the darker patches
    red: Color  # cheeks, nose, ears
    socket: Color  # around the eyes
    lips: Color
    lips_dark: Color
    blush: float
    lip_strength: float
    subsurface: float  # how far light wanders below the skin
    roughness: float = 0.42
    freckles: float = 0.0
    beard: float = 0.0
    beard_color: Color = (70, 52, 46)


@dataclass(frozen=True)
class Brows:
    """The eyebrows' curve and hairs; lengths in decimetres."""

    height: float
    arch: float
    slope: float
    width: float
    color: Color  # sRGB, 0..255
    density: float
    paint: float  # colour on the skin below the hairs
    hair_length: float
    hair_radius: float


@dataclass(frozen=True)
class Hair:
    """What both hair styles share."""

    strands: int  # tried; those that fall outside the hairline are dropped
    segments: int  # points of a strand after its root
    part: float  # where the hair parts: decimetres to the person's left of the middle
    radius: float  # decimetres
    melanin: float  # 0 white, 1 black
    redness: float
    scalp: Color  # sRGB, 0..255


@dataclass(frozen=True)
class LongHair(Hair):
    """Hair that falls from the parting down to a cut."""

    cut: float  # height at which it ends
    volume: float  # how far the outermost layer stands off the head
    wave: float


@dataclass(frozen=True)
class ShortHair(Hair):
    """Hair combed aside; strand lengths in decimetres."""

    side: float
    top: float
    sidecomb: float
    forward: float
    lift: float


@dataclass(frozen=True)
class Eyes:
    """The iris from the pupil outwards, linear RGB 0..1."""

    inner: Color
    middle: Color
    outer: Color


@dataclass(frozen=True)
class Lashes:
    """The eyelashes, relative to MakeHuman's strip of lashes."""

    length: float
    density: float


@dataclass(frozen=True)
class Clip:
    """The take: what the person does, in which light, seen through which lens."""

    look: str  # a name in looks.yaml
    performance: int  # seed of the performance
    frames: int
    yaw: float  # degrees the head turns at most, about
    pitch: float
    roll: float
    lens: float  # millimetres on a 36 mm sensor


@dataclass(frozen=True)
class Person:
    """All settings of one person. `face` is set by `hybrid` alone: whose face sits in this head."""

    seed: int  # places every strand
    hairline: float  # moves the hairline up, decimetres
    blink: float  # how far the lids close on a full blink: 1 for an eye that MakeHuman's own target closes exactly
    shirt: Color  # linear RGB, 0..1
    identity: Identity
    skin: Skin
    brows: Brows
    hair: Hair
    eyes: Eyes
    lashes: Lashes
    clip: Clip
    face: Person | None = field(default=None, metadata={"in_file": False})


STYLES = {"long": LongHair, "short": ShortHair}


def build(kind: type, data: Any, where: str) -> Any:
    """An object of the dataclass `kind` from a mapping; SampleError names the key that does not fit."""
    if not isinstance(data, dict):
        raise SampleError(f"{where} must be a list of 'key: value' lines, not {data!r}.")
    if kind is Hair:
        kind, data = hair_style(data, where)
    known = {f.name: f for f in dataclasses.fields(kind) if f.metadata.get("in_file", True)}
    for key in data:
        if key not in known:
            raise SampleError(f"{where} has an unknown key '{key}'; known are {', '.join(known)}.")
    for key, entry in known.items():
        if key not in data and entry.default is dataclasses.MISSING:
            raise SampleError(f"{where} lacks the key '{key}'; people/a.yaml shows it with a value.")
    hints = get_type_hints(kind)
    return kind(**{key: convert(hints[key], value, f"{where}: {key}") for key, value in data.items()})


def hair_style(data: dict, where: str) -> tuple[type, dict]:
    """The dataclass that `style` names, and the other keys."""
    style = data.get("style")
    if style not in STYLES:
        raise SampleError(f"{where} has style {style!r}; choose one of {', '.join(STYLES)}.")
    return STYLES[style], {key: value for key, value in data.items() if key != "style"}


def convert(hint: Any, value: Any, where: str) -> Any:
    """`value` as the type that the setting asks for; SampleError where it is of another."""
    if dataclasses.is_dataclass(hint):
        return build(hint, value, where)
    if get_origin(hint) is tuple and isinstance(value, list):
        kinds = get_args(hint)
        kinds = kinds[:1] * len(value) if Ellipsis in kinds else kinds
        if len(kinds) == len(value):
            return tuple(convert(kind, entry, where) for kind, entry in zip(kinds, value, strict=True))
    if hint is str and isinstance(value, str):
        return value
    if hint is int and is_number(value) and int(value) == value:
        return int(value)
    if hint is float and is_number(value):
        return float(value)
    if hint == dict[str, float] and isinstance(value, dict) and all(map(is_number, value.values())):
        return value
    wanted = {str: "a word", int: "a whole number", float: "a number", Color: "three numbers, [r, g, b]"}
    raise SampleError(f"{where} is {value!r}; it must be {wanted.get(hint, 'a list of the right length')}.")


def is_number(value: Any) -> bool:
    """True for an int or a float; YAML's true and false are no numbers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def read(path: Path) -> Any:
    """The content of a YAML file; SampleError when it is not there or not YAML."""
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise SampleError(f"{path} cannot be read ({error.strerror}).") from error
    except yaml.YAMLError as error:
        raise SampleError(f"{path} is not valid YAML: {error}") from error


def load(person: str) -> Person:
    """A person by name (a file in people/) or by the path of a .yaml file; SampleError when there is none."""
    path = Path(person) if person.endswith((".yaml", ".yml")) else PEOPLE / f"{person.lower()}.yaml"
    if not path.exists():
        names = ", ".join(sorted(p.stem for p in PEOPLE.glob("*.yaml")))
        raise SampleError(f"No person '{person}': give one of {names}, or the path of a .yaml file.")
    return build(Person, read(path), str(path))


def hybrid(head: Person, face: Person) -> Person:
    """The ideal face-only swap: `head` with its hair, clothes, light and complexion, and the face of `face` in it."""
    complexion = {key: getattr(head.skin, key) for key in ("base", "dark", "red", "blush", "socket")}
    tinted = dataclasses.replace(face, skin=dataclasses.replace(face.skin, **complexion))
    return dataclasses.replace(
        head, face=tinted, brows=face.brows, eyes=face.eyes, lashes=face.lashes, blink=face.blink
    )
