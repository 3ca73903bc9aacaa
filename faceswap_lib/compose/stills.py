"""One frame swapped again and again with other settings: what a setting does not touch is kept, so one sees at once.

The network is built once; for another `pull` its weights are mixed anew. What is in front is looked for once.
"""

from pathlib import Path

import numpy as np

from faceswap_lib.compose import model_swap, render
from faceswap_lib.compose.model_swap import Settings
from faceswap_lib.compose.scenes import Drawer, Keeper, Match, Scene
from faceswap_lib.face import faceset
from faceswap_lib.network import pretrained, record


class Stills:
    """Swaps of one frame (H, W, 3) uint8 of a faceset's video, `index` its number there, by a trained model."""

    def __init__(self, frame: np.ndarray, index: int, faces_a: str | Path, model: str | Path):
        self.model = Path(model)
        self.found, self.about = faceset.load(faces_a), record.read_about(model)
        self.net = model_swap.network(model, self.about, 0)
        self.start, self.trained = self._start()
        self.pull: float = 0
        self.scenes: dict[str, Scene] = {}
        self.keepers: dict[str, Keeper | None] = {}
        self.matches: dict[tuple[str, str], Match] = {}
        self.take(frame, index)

    def take(self, frame: np.ndarray, index: int) -> None:
        """Go on with another frame of the same video."""
        self.frame, self.index = frame, index
        self.kept: dict[str, tuple] = {}
        self.drawn: dict[tuple, np.ndarray] = {}

    def swapped(self, settings: Settings) -> np.ndarray:
        """The frame with its face drawn anew, (H, W, 3) uint8; a frame without a face comes back as it is."""
        settings.check()
        at = self.scene(settings.to)
        at.mouth = settings.keep_mouth
        keep = self._keeper(settings.to) if settings.keep_front else None
        match = self._match(settings)
        out = render.faces_drawn({self.index: self.frame}, at, self._drawer(settings), match, keep)
        return out.get(self.index, self.frame)

    def scene(self, to: str) -> Scene:
        """Where person `to` is drawn."""
        if to not in self.scenes:
            self.scenes[to] = model_swap.scene(self.found, self.about, to)
        return self.scenes[to]

    def _match(self, settings: Settings) -> Match:
        key = (settings.to, settings.color_match)
        if key not in self.matches:
            name, to = settings.color_match, settings.to
            self.matches[key] = model_swap.match(name, self.scene(to), self.model, to)
        return self.matches[key]

    def _start(self) -> tuple[list, list]:
        """The weights that training started from, and those it came to; nothing where it started from noise."""
        start = self.about.get("start", "mean")
        if start in pretrained.NO_BASE:
            return [], []
        means = {side: faceset.read_image(self.model / f"mean_{side}.png").astype("f4") / 255 for side in "ab"}
        pairs = pretrained.origin(self.net, start, means)
        return pairs, [np.array(variable) for variable, _ in pairs]

    def _mix(self, share: float) -> None:
        if share != self.pull:
            for (variable, value), trained in zip(self.start, self.trained, strict=True):
                variable.assign(trained + share * (value - trained))
            self.pull = share

    def _drawer(self, settings: Settings) -> Drawer:
        side = model_swap.side_of(self.found, self.about, settings.to)

        def draw(textures: np.ndarray, moves: np.ndarray, seen: list[int]) -> np.ndarray:
            key = (settings.to, settings.pull, settings.keep_front)
            if key not in self.drawn:
                self._mix(settings.pull)
                self.drawn[key] = model_swap.drawer(self.net, self.model, side, settings.to)(textures, moves, seen)
            return self.drawn[key]

        return draw

    def _keeper(self, to: str) -> Keeper | None:
        def keep(pictures: list[np.ndarray], textures: np.ndarray, seen: list[int]) -> tuple:
            if to not in self.kept:
                real = self._front(to)
                self.kept[to] = real(pictures, textures, seen) if real else (textures, [0] * len(seen))
            return self.kept[to]

        return keep

    def _front(self, to: str) -> Keeper | None:
        """What tells what is in front, once it has learned how this video differs anyway."""
        if to not in self.keepers:
            side = model_swap.side_of(self.found, self.about, to)
            self._mix(model_swap.PULL if self.start else 0)
            self.keepers[to] = model_swap.keeper(self.net, self.model, self.about, self.scene(to), side, to)
        return self.keepers[to]
