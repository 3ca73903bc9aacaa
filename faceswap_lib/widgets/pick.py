"""A contact sheet to click on: a face is left out of training, or taken back; and who is who in a clip."""

import html
from pathlib import Path

import cv2
import ipycanvas
import ipywidgets
import numpy as np

from faceswap_lib import UserError
from faceswap_lib.display import pages
from faceswap_lib.display.live import Live
from faceswap_lib.face import by_hand, faceset, people
from faceswap_lib.widgets import controls

ACROSS, TILE, MOST = 12, 64, 60  # faces in a row, pixels of one, faces on a sheet
HOW = "The faces over time. Click on one, or give its number below, counted from the upper left corner."
EMPTY = np.full((TILE, TILE, 3), 255, "u1")


def sheet(folder: str | Path, most: int = MOST) -> "Sheet":
    """A faceset's faces over time, `most` on each sheet: a click puts a face aside, another one brings it back."""
    return Sheet(folder, most)


class Sheet(Live):
    """canvas: the pictures; page, face, button: the same by keyboard. Pictures go to the folder `left-out` and back."""

    def __init__(self, folder: str | Path, most: int):
        found = faceset.load(folder)
        self.folder, self.fps = Path(folder), found.source.fps
        self.records = [r for r in found.records if r.file and by_hand.place(folder, r.file).is_file()]
        if not self.records:
            raise UserError(f"No face of {folder} has a picture; extract again with looser limits.")
        self.pages = -(-len(self.records) // most)
        self.size = -(-len(self.records) // self.pages)
        self.tiles: dict[str, np.ndarray] = {}
        self._make()
        self._turn()
        super().__init__(controls.outer("sheet", ipywidgets.HTML(HOW), self.canvas, self.line, self.told), self._page)

    def _make(self) -> None:
        high = -(-self.size // ACROSS) * TILE
        self.canvas = ipycanvas.Canvas(width=ACROSS * TILE, height=high, layout={"max_width": "100%"})
        self.canvas.on_mouse_down(self._clicked)
        self.canvas.on_client_ready(self._draw)
        self.page = ipywidgets.BoundedIntText(1, min=1, max=self.pages, description="Sheet", style=controls.WIDE)
        self.face = ipywidgets.BoundedIntText(1, min=1, max=self.size, description="Face", style=controls.WIDE)
        for field in (self.page, self.face):
            field.layout.width = "130px"
        self.button = ipywidgets.Button(description="Leave out", layout={"width": "auto"})
        self.button.on_click(lambda _: self.toggle(self.face.value - 1))
        self.told = ipywidgets.HTML()
        self.line = controls.line(self.page, self.face, self.button)
        self.page.observe(lambda _: self._turn(), "value")
        self.face.observe(lambda _: self._say(), "value")

    @property
    def shown(self) -> list:
        """The records on this sheet."""
        start = (self.page.value - 1) * self.size
        return self.records[start : start + self.size]

    @property
    def left_out(self) -> list[int]:
        """Frames whose face is put aside."""
        aside = by_hand.names(self.folder)
        return [r.frame for r in self.records if r.file in aside]

    def toggle(self, number: int) -> None:
        """Leave a face of this sheet out, or take it back."""
        name, say = self.shown[number].file, ""
        try:
            (by_hand.take_back if name in by_hand.names(self.folder) else by_hand.leave_out)(self.folder, name)
        except UserError as error:
            say = f"<b>{html.escape(str(error))}</b> "
        self.face.value = number + 1
        self._draw()
        self._say(say)

    def _clicked(self, x: float, y: float) -> None:
        number = int(y // TILE) * ACROSS + int(x // TILE)
        if 0 <= number < len(self.shown) and 0 <= x < ACROSS * TILE:
            self.toggle(number)

    def _turn(self) -> None:
        self.face.max = len(self.shown)
        self._draw()
        self._say()

    def _draw(self) -> None:
        self.picture = self._drawn()
        self.canvas.put_image_data(self.picture, 0, 0)

    def _drawn(self) -> np.ndarray:
        aside = by_hand.names(self.folder)
        tiles = [_crossed(self._tile(r.file)) if r.file in aside else self._tile(r.file) for r in self.shown]
        tiles += [EMPTY] * (-(-self.size // ACROSS) * ACROSS - len(tiles))
        return np.vstack([np.hstack(tiles[i : i + ACROSS]) for i in range(0, len(tiles), ACROSS)])

    def _tile(self, name: str) -> np.ndarray:
        if name not in self.tiles:
            picture = faceset.read_image(by_hand.place(self.folder, name))
            self.tiles[name] = cv2.resize(picture, (TILE, TILE), interpolation=cv2.INTER_AREA)
        return self.tiles[name]

    def _say(self, first: str = "") -> None:
        r, left = self.shown[self.face.value - 1], self.left_out
        out = r.frame in left
        self.button.description = "Take back" if out else "Leave out"
        where = f"Face {self.face.value} of this sheet, frame {r.frame}, is {'left out' if out else 'trained on'}. "
        told = f"<b>{len(self.records) - len(left)} of {len(self.records)} faces to train on</b>"
        aside = (
            f"; {len(left)} in the folder {faceset.LEFT_OUT}, frames {', '.join(map(str, left[:12]))}" if left else ""
        )
        self.told.value = controls.status(first + where + told + aside + ".")

    def _page(self) -> str:
        alt = f"Contact sheet {self.page.value} of {self.pages}: aligned faces over time, a cross over those left out."
        return controls.img(self._drawn(), alt) + self.told.value


def _crossed(tile: np.ndarray) -> np.ndarray:
    """A tile of a face that is left out: grey, with a red cross."""
    out = np.repeat(tile.mean(-1, keepdims=True), 3, -1).astype("u1") // 2 + 110
    for start, end in (((4, 4), (TILE - 5, TILE - 5)), ((TILE - 5, 4), (4, TILE - 5))):
        cv2.line(out, start, end, (200, 30, 30), 3, cv2.LINE_AA)
    return out


def who(folder: str | Path, setting: str = "person_a") -> "Who":
    """Who is who in a faceset's video, and the setting that takes somebody else."""
    return Who(folder, setting)


class Who(Live):
    """person: whom to take; without a choice it says so."""

    def __init__(self, folder: str | Path, setting: str):
        found = faceset.load(folder)
        self.folder, self.setting, self.chosen = Path(folder), setting, found.contents.person
        self.faces = people.candidates(found.contents.faces, self.chosen)
        options = [(f"person {number}: {len(faces)} faces", number) for number, faces in self.faces.items()]
        self.person = controls.choice("Whose face?", options, self.chosen)
        self.told = ipywidgets.HTML()
        self.person.observe(lambda _: self._say(), "value")
        self._say()
        picture = [ipywidgets.HTML(self._picture()), self.person] if len(self.faces) > 1 else []
        super().__init__(controls.outer("who", *picture, self.told), self._page)

    def _say(self) -> None:
        if len(self.faces) < 2:
            self.told.value = controls.status(f"{self.folder.name.upper()}: one person, nothing to choose.")
        elif self.person.value == self.chosen:
            self.told.value = (
                controls.status(f"Person {self.chosen} was taken. To say that this is right:") + self._line()
            )
        else:
            self.told.value = controls.status("To take this one, set it above and run again:") + self._line()

    def _line(self) -> str:
        return controls.code(f"{self.setting} = {self.person.value}")

    def _picture(self) -> str:
        path = self.folder / "people.jpg"
        return pages.picture(path, 640) if path.exists() else ""

    def _page(self) -> str:
        return (self._picture() if len(self.faces) > 1 else "") + self.told.value
