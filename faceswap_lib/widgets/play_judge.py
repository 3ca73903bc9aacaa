""" "You are the discriminator": pieces of faces, real or drawn, one after the other; then who was right how often."""

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np
from ipywidgets import HTML, Button, HBox, Layout, VBox

from faceswap_lib.display import pages, theme
from faceswap_lib.display.live import Live
from faceswap_lib.measure import blind
from faceswap_lib.measure.blind import Piece
from faceswap_lib.widgets import controls
from faceswap_lib.widgets import play_paint as paint

WIDE, TALL, SMALL = 420, 210, 150  # pixels of the piece that is judged, and of one on the sheet across
NETWORK = "the network's discriminator"
ALT = "A piece of a face, {} of {}: real, or drawn by the network?"


class Judge(Live):
    """The game: `said` holds the learner's verdicts so far, True for real; `score` (right, asked).

    rival: who has scored the pieces, too; "" where nobody has.
    """

    def __init__(self, shown: Sequence[Piece], rival: str = NETWORK):
        self.shown, self.said, self.rival = list(shown), [], rival
        self.picture, self.status, self.sheet = paint.image("", WIDE), HTML(), HTML()
        self.buttons = {
            word: Button(description=word, layout=Layout(width="110px"), tooltip=f"I think it is {word}")
            for word in ("real", "drawn")
        }
        for word, button in self.buttons.items():
            button.on_click(lambda _, real=word == "real": self.say(real))
        again = Button(description="Begin again", layout=Layout(width="110px"))
        again.on_click(lambda _: self.reset())
        box = VBox([self.status, self.picture, HBox([*self.buttons.values(), again]), self.sheet])
        box.add_class("fsw-judge")
        self.reset()
        super().__init__(box, self._solution)

    @property
    def score(self) -> tuple[int, int]:
        """How many verdicts were right, of how many."""
        return sum(s == p.real for s, p in zip(self.said, self.shown, strict=False)), len(self.said)

    def say(self, real: bool) -> None:
        """A verdict on the piece that is shown."""
        if len(self.said) < len(self.shown):
            self.said.append(real)
        self._show()

    def reset(self) -> None:
        """From the first piece on."""
        self.said = []
        self._show()

    def _show(self) -> None:
        at, of = len(self.said), len(self.shown)
        over = at == of
        for button in self.buttons.values():
            button.disabled = over
        if over:
            self.status.value = f"<div role='status'>{table(self.shown, self.said, self.rival)}</div>"
            self.sheet.value = solution(self.shown, self.said, self.rival)
            self.picture.layout.display = "none"
            return
        self.status.value, self.sheet.value = f"<div role='status'>Piece {at + 1} of {of}. Half are real.</div>", ""
        self.picture.tooltip = ALT.format(at + 1, of)
        self.picture.value = pages.jpeg_file(framed(self.shown[at].picture, WIDE, TALL))
        self.picture.layout.display = ""

    def _solution(self) -> str:
        return table(self.shown, self.said, self.rival) + solution(self.shown, self.said, self.rival)


def judge(model: str | Path, folder: str | Path, side: str = "b", most: int = 20, seed: int = 0) -> Judge:
    """The game with pieces of held-out faces of a person, real and as the model draws them; folder: its faceset."""
    return Judge(blind.pieces(model, folder, side, most, seed))


def table(shown: Sequence[Piece], said: Sequence[bool], rival: str = NETWORK) -> pages.Page:
    """Who was right how often, with 95 % intervals: the learner, if at the end, and who has scored the pieces."""
    rows = [(rival, blind.verdicts(shown))] if rival else []
    if shown and len(said) == len(shown):
        rows = [("you", list(said)), *rows]
    lines = []
    for who, verdicts in rows:
        right = sum(v == piece.real for v, piece in zip(verdicts, shown, strict=True))
        low, high = blind.wilson(right, len(shown))
        lines.append({"judge": who, "right": f"{right} of {len(shown)}", "95 % interval": f"{low:.0%} to {high:.0%}"})
    return pages.table([*lines, {"judge": "a coin", "right": "half", "95 % interval": ""}])


def solution(shown: Sequence[Piece], said: Sequence[bool], rival: str = NETWORK) -> str:
    """All pieces with what they are, what their judge says and, at the end, what the learner said."""
    network, cells = blind.verdicts(shown), []
    for i, piece in enumerate(shown):
        verdicts = ({"network": network[i]} if rival else {}) | ({"you": said[i]} if len(said) == len(shown) else {})
        words = [f"{who} {'right' if v == piece.real else 'wrong'}" for who, v in verdicts.items()]
        told = ", ".join(words) or piece.region
        kind, colour = ("real", theme.IDEAL) if piece.real else ("drawn", theme.B)
        picture = controls.img(framed(piece.picture, SMALL, SMALL // 2), f"{piece.region}, {kind}")
        cells.append(
            f'<figure style="margin:0;border:3px solid {colour};padding:2px">{picture}'
            f'<figcaption style="font-size:12px"><b>{kind}</b>; {told}</figcaption></figure>'
        )
    return f'<div style="display:flex;flex-wrap:wrap;gap:6px">{"".join(cells)}</div>'


def framed(picture: np.ndarray, width: int, height: int) -> np.ndarray:
    """A picture as large as it fits into a white frame."""
    h, w = picture.shape[:2]
    by = min(width / w, height / h)
    large = cv2.resize(picture, (round(w * by), round(h * by)), interpolation=cv2.INTER_CUBIC)
    frame = np.full((height, width, 3), 255, "u1")
    y, x = (height - large.shape[0]) // 2, (width - large.shape[1]) // 2
    frame[y : y + large.shape[0], x : x + large.shape[1]] = large
    return frame
