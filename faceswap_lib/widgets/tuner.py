"""The conversion bench: one frame before and after, by settings that can be turned, and the line of code they make."""

import time
from collections.abc import Mapping
from dataclasses import asdict, replace
from pathlib import Path

import ipywidgets
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.compose import color
from faceswap_lib.compose.model_swap import Settings
from faceswap_lib.compose.stills import Stills
from faceswap_lib.display.live import Live
from faceswap_lib.display.pages import Page
from faceswap_lib.face import faceset
from faceswap_lib.face.geometry import close_up
from faceswap_lib.media import video
from faceswap_lib.network import record
from faceswap_lib.trust.consent import built_in
from faceswap_lib.widgets import controls

SIDE = 300  # pixels of a picture
WORDS = {
    "keep_front": "keep what passes in front",
    "keep_mouth": "keep teeth and tongue of the video",
}


def bench(clip: str | Path, faces_a: str | Path, model: str | Path, moment: float = 0.3, to: str = "b") -> "Bench":
    """One frame of a video, before and after, by settings that can be turned; moment: 0 the first face, 1 the last."""
    return Bench(clip, faces_a, model, moment, to)


def furthest(folder: str | Path) -> float:
    """The second of a faceset's video at which the head is turned furthest to a side."""
    found = faceset.load(folder)
    return float(found.frames[np.abs(found.poses[:, 0]).argmax()] / found.source.fps)


def at(folder: str | Path, second: float) -> float:
    """The moment of a faceset, 0 its first face and 1 its last, that is nearest to a second of its video."""
    found = faceset.load(folder)
    return float(np.abs(found.frames / found.source.fps - second).argmin() / max(1, len(found.frames) - 1))


class Bench(Live):
    """controls: a setting's control by its name in `convert`; moment: which face, in per cent of the clip."""

    def __init__(self, clip: str | Path, faces_a: str | Path, model: str | Path, moment: float, to: str):
        self.clip, self.faces_a, self.model = clip, faces_a, model
        self.found = faceset.load(faces_a)
        shown = {self.found.source.sha256, *(data["sha256"] for data in record.read_about(model)["data"].values())}
        self.built_in = shown <= built_in()
        self.stills: Stills | None = None
        self.seconds = 0.0
        self._make(moment, to)
        self._choose()
        turned = list(self.controls.values())
        rows = controls.line(*turned[:3]), controls.line(*turned[3:], self.usual)
        box = controls.outer("tuner", self.moment, *rows, self.pictures, self.told)
        super().__init__(box, self._page)

    def _make(self, moment: float, to: str) -> None:
        first = asdict(Settings(to=to))
        self.moment = controls.number("Moment, per cent of the clip", 100 * moment, 0, 100, 0.5)
        self.moment.continuous_update = False
        self.controls = {
            "color_match": controls.choice("color_match", list(color.METHODS), first["color_match"]),
            "to": controls.choice("to", ["b", "a"], first["to"]),
            "pull": controls.number("pull", first["pull"], 0, 1, 0.25),
            **{name: controls.tick(f"{name}: {WORDS[name]}", first[name]) for name in ("keep_front", "keep_mouth")},
        }
        self.usual = ipywidgets.Button(description="As usual", layout={"width": "auto"})
        self.pictures, self.told = ipywidgets.HTML(), ipywidgets.HTML()
        self.moment.observe(lambda _: self._choose(), "value")
        self.usual.on_click(lambda _: self.set(Settings()))
        for control in self.controls.values():
            control.observe(lambda _: self._show(), "value")

    @property
    def settings(self) -> Settings:
        """The settings as they are turned."""
        return Settings(**{name: control.value for name, control in self.controls.items()})

    quiet = False

    def set(self, settings: Settings) -> None:
        """Turn all controls to these settings."""
        self.quiet = True
        for name, value in asdict(settings).items():
            self.controls[name].value = value
        self.quiet = False
        self._show()

    def _choose(self) -> None:
        """Take another frame; the network stays."""
        face = round(self.moment.value / 100 * (len(self.found.frames) - 1))
        self.here, index = self.found.solid[face], int(self.found.frames[face])
        frame = video.frame(self.clip, index)
        if self.stills is None:
            self.stills = Stills(frame, index, self.faces_a, self.model)
        else:
            self.stills.take(frame, index)
        self._show()

    def _show(self) -> None:
        if self.quiet:
            return
        began = time.monotonic()
        try:
            after = self.stills.swapped(self.settings)
        except UserError as error:
            self.told.value = controls.status(str(error))
            return
        self.seconds = time.monotonic() - began
        pair = {"before": self.stills.frame, "after": after}
        told = ", ".join(f"{name} {value}" for name, value in asdict(self.settings).items())
        alts = {"before": "The video's own frame, close to the face.", "after": f"The same frame swapped: {told}."}
        made = [controls.figure(close_up(p, self.here, SIDE), name, alts[name]) for name, p in pair.items()]
        self.pictures.value = "".join(made)
        self.told.value = controls.status(f"{self.seconds:.1f} s. For the whole video:") + controls.code(self.code)

    def compare(self, rows: Mapping[str, Settings], side: int = SIDE) -> Page:
        """This frame's face before and after, by several settings, `side` pixels each: name -> settings."""
        made = {"before": self.stills.frame} | {name: self.stills.swapped(each) for name, each in rows.items()}
        pictures = {name: close_up(picture, self.here, side) for name, picture in made.items()}
        return Page("".join(controls.figure(p, name, f"The face, {name}.") for name, p in pictures.items()))

    @property
    def code(self) -> str:
        """The line of code that converts the whole video with these settings."""
        changed = "".join(f", {name}={value!r}" for name, value in self.settings.changed.items())
        agreed = "" if self.built_in else ", consent=form.file"
        return f"convert.convert(clip_a, faces_a, model, swapped{changed}{agreed})"

    def _page(self) -> str:
        """The frame before and after, and by each colour method, for on a page nothing can be turned."""
        rows = {name: replace(self.settings, color_match=name) for name in color.METHODS}
        return self.pictures.value + self.told.value + self.compare(rows, 180)
