"""The code under the hand: sliders along its main directions, drawn at once by both decoders, which can be swapped."""

from collections.abc import Mapping
from pathlib import Path

import cv2
import numpy as np
from ipywidgets import Button, Checkbox, FloatSlider, HBox, IntSlider, Layout, VBox

from faceswap_lib.display import pages
from faceswap_lib.display.live import Live
from faceswap_lib.measure.codes import Codes
from faceswap_lib.widgets import controls
from faceswap_lib.widgets import play_paint as paint

TILE, HEAD, FAR = 190, 22, 4.0  # pixels of a face and of the words above it; standard deviations to each side
ALT = "A real face of A and how a decoder draws its code, then the same for B; the sliders change both codes."


class CodeBench(Live):
    """Two faces, their codes moved by sliders, drawn each by its own decoder, or by the other's."""

    def __init__(self, codes: Codes):
        self.codes = codes
        count = min(len(one.codes) for one in codes.seen.values())
        plain = sum(np.linalg.norm(one.codes - one.codes.mean(0), axis=1)[:count] for one in codes.seen.values())
        words = {"style": {"description_width": "90px"}, "layout": Layout(width="330px")}
        self.moment = IntSlider(int(plain.argmin()), 0, count - 1, description="moment", **words)
        self.sliders = [
            FloatSlider(0, min=-FAR, max=FAR, step=0.25, description=f"direction {k + 1}", **words)
            for k in range(len(codes.directions))
        ]
        self.swap = Checkbox(False, description="swap the decoders", indent=False)
        back = Button(description="All to 0", layout=Layout(width="110px"))
        back.on_click(lambda _: self.reset())
        self.picture = paint.image(ALT, 4 * TILE)
        for control in (self.moment, *self.sliders, self.swap):
            control.observe(lambda change: self.show(), "value")
        self._quiet = False
        self.show()
        rows = [HBox([self.moment, self.swap, back]), HBox(self.sliders), self.picture]
        for row in rows[:2]:
            row.layout.flex_flow = "row wrap"
        box = VBox(rows)
        box.add_class("fsw-code")
        super().__init__(box, lambda: controls.img(self.drawn(), ALT))

    def reset(self) -> None:
        """Both codes as the encoder wrote them."""
        self._quiet = True
        for slider in self.sliders:
            slider.value = 0
        self._quiet = False
        self.show()

    def show(self) -> None:
        """Draw both codes as the sliders stand."""
        if not self._quiet:
            self.picture.value = pages.jpeg_file(self.drawn())

    def drawn(self) -> np.ndarray:
        """The picture: real A, A's code drawn, real B, B's code drawn."""
        push, tiles = np.array([s.value for s in self.sliders]) @ self.codes.directions, []
        for side, other in ("ab", "ba"):
            seen, by, i = self.codes.seen[side], other if self.swap.value else side, self.moment.value
            face = self.codes.draw(seen.codes[i] + push, seen.motions[i], by)
            tiles += [_tile(seen.real[i], f"{side.upper()}, real"), _tile(face, f"its code, decoder {by.upper()}")]
        return np.hstack(tiles)


def code(model: str | Path, faces: Mapping[str, str | Path]) -> CodeBench:
    """The code bench of a trained model; faces: side -> faceset, {"a": ..., "b": ...}."""
    return CodeBench(Codes(model, faces))


def _tile(face: np.ndarray, words: str) -> np.ndarray:
    large = cv2.resize(face, (TILE, TILE), interpolation=cv2.INTER_AREA if len(face) > TILE else cv2.INTER_CUBIC)
    tile = np.vstack([np.full((HEAD, TILE, 3), 255, "u1"), large])
    paint.text(tile, words, (4, HEAD - 7))
    return tile
