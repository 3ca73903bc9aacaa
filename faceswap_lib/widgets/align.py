"""What alignment is, by hand: drag a landmark, and see what becomes of the aligned crop and of the mesh's texture."""

from pathlib import Path

import cv2
import ipycanvas
import ipywidgets
import numpy as np

from faceswap_lib.display.live import Live
from faceswap_lib.face import faceset, geometry
from faceswap_lib.face.geometry import KEEP, close_up, lens, transform
from faceswap_lib.face.mesh import canvas
from faceswap_lib.media import video
from faceswap_lib.widgets import controls

SIDE, RESULT, NEAR, REACH = 360, 220, 14, 60  # pixels: the face, a result, of a click from a point, of a slider
POINTS = {
    "left eye, outer corner": 33,
    "left eye, inner corner": 133,
    "right eye, inner corner": 362,
    "right eye, outer corner": 263,
    "bridge of the nose": 168,
    "mouth, left corner": 61,
    "mouth, right corner": 291,
}
FEW = [33, 263, 61, 291]
WAYS = {"4 points: eyes and mouth": FEW, f"{len(KEEP)} points: also the outline": KEEP}
HOW = "<b>Drag a point,</b> or choose one below and move it."
YELLOW, RED, WHITE, GREEN = "#ffd60a", "#e5383b", "#ffffff", (45, 200, 100)


def aligner(clip: str | Path, folder: str | Path, moment: float | None = None) -> "Aligner":
    """One face of a clip with landmarks to be dragged; moment: 0 the first face, 1 the last, None the most frontal."""
    return Aligner(clip, folder, moment)


class Aligner(Live):
    """canvas: the face; point, across, down: the same by keyboard; ways: which points align; reset: as found."""

    def __init__(self, clip: str | Path, folder: str | Path, moment: float | None):
        found = faceset.load(folder)
        frontal = int(np.abs(found.poses[:, :2]).sum(1).argmin())
        i = frontal if moment is None else round(moment * (len(found.frames) - 1))
        self.frame, self.flat = video.frame(clip, int(found.frames[i])), found.solid[i][:468, :2].astype(float)
        self.lens, self.held = lens(self.flat, SIDE), False
        self.moved = {number: np.zeros(2) for number in POINTS.values()}
        self.face = close_up(self.frame, self.flat, SIDE)
        self._make()
        self._show()
        right = ipywidgets.VBox([self.results, self.told])
        left = ipywidgets.VBox([ipywidgets.HTML(HOW), self.canvas, self.point, self.across, self.down])
        box = controls.outer("align", controls.line(self.ways, self.reset), controls.line(left, right))
        super().__init__(box, self._page)

    def _make(self) -> None:
        self.canvas = ipycanvas.MultiCanvas(2, width=SIDE, height=SIDE)
        self.canvas.on_mouse_down(self._grip)
        self.canvas.on_mouse_move(self._drag)
        self.canvas.on_mouse_up(lambda x, y: self._let_go())
        self.canvas.on_mouse_out(lambda x, y: self._let_go())
        self.canvas.on_client_ready(self._paint)
        self.point = controls.choice("Landmark", list(POINTS.items()), 33)
        self.across = controls.number("across, pixels", 0, -REACH, REACH, 1, "340px")
        self.down = controls.number("down, pixels", 0, -REACH, REACH, 1, "340px")
        self.ways = controls.choice("Aligned by", list(WAYS.items()), FEW)
        self.reset = ipywidgets.Button(description="As found", layout={"width": "auto"})
        self.results, self.told = ipywidgets.HTML(), ipywidgets.HTML()
        self.point.observe(lambda _: self._take_up(), "value")
        for slider in (self.across, self.down):
            slider.observe(lambda _: self._slid(), "value")
        self.ways.observe(lambda _: self._show(), "value")
        self.reset.on_click(lambda _: self._as_found())
        self.canvas[0].put_image_data(self.face, 0, 0)

    @property
    def points(self) -> np.ndarray:
        """The landmarks (468, 2), pixels of the frame, as they are now."""
        out = self.flat.copy()
        for number, way in self.moved.items():
            out[number] += way
        return out

    @property
    def similarity(self) -> np.ndarray:
        """The similarity (2, 3) from the frame to the aligned crop, by the points as they are now."""
        return geometry.align(self.points, RESULT, self.ways.value)

    def _grip(self, x: float, y: float) -> None:
        far = {number: np.hypot(*(self._place(number) - [x, y])) for number in self.moved}
        nearest = min(far, key=far.get)
        if far[nearest] <= NEAR:
            self.held = True
            self.point.value = nearest

    def _drag(self, x: float, y: float) -> None:
        if not self.held:
            return
        number = self.point.value
        way = transform(cv2.invertAffineTransform(self.lens), np.array([x, y], float)) - self.flat[number]
        self.moved[number] = way.clip(-REACH, REACH)
        self._take_up()
        self._show()

    def _let_go(self) -> None:
        self.held = False

    def _take_up(self) -> None:
        """Put the sliders where the point in hand is, without moving it."""
        way, self.quiet = self.moved[self.point.value].copy(), True
        self.across.value, self.down.value = way.tolist()
        self.quiet = False
        self._paint()

    quiet = False

    def _slid(self) -> None:
        if not self.quiet:
            self.moved[self.point.value] = np.array([self.across.value, self.down.value])
            self._show()

    def _as_found(self) -> None:
        for way in self.moved.values():
            way[:] = 0
        self._take_up()
        self._show()

    def _place(self, number: int) -> np.ndarray:
        return transform(self.lens, self.flat[number] + self.moved[number])

    def _paint(self) -> None:
        top = self.canvas[1]
        with ipycanvas.hold_canvas():
            top.clear()
            self.canvas[0].put_image_data(self.face, 0, 0)
            for number in self.moved:
                x, y = self._place(number)
                top.stroke_style, top.line_width = WHITE, 2
                top.fill_style = RED if number == self.point.value else YELLOW
                top.fill_circle(x, y, 6)
                top.stroke_circle(x, y, 6)

    def _show(self) -> None:
        self._paint()
        crop, texture = self.pictures()
        way = np.hypot(*np.sum([*self.moved.values()], 0))
        alt = "after a landmark was moved" if way else "with the landmarks as found"
        self.results.value = controls.figure(
            crop, "aligned by similarity", f"The aligned face {alt}."
        ) + controls.figure(texture, "texture through the mesh", f"The mesh texture {alt}.")
        self.told.value = controls.status(self._about())

    def pictures(self) -> tuple[np.ndarray, np.ndarray]:
        """The aligned crop with the template's points on it, and the mesh's texture, uint8 (RESULT, RESULT, 3) each."""
        m = self.similarity
        crop = geometry.crop(self.frame, m, RESULT)
        for number in self.ways.value:
            x, y = np.round(geometry.template(RESULT)[number] * 16).astype(int).tolist()
            cv2.circle(crop, (x, y), 80, GREEN, 2, cv2.LINE_AA, 4)
            x, y = np.round(transform(m, self.points[number]) * 16).astype(int).tolist()
            cv2.circle(crop, (x, y), 40, (255, 214, 10), -1, cv2.LINE_AA, 4)
        return crop, canvas("mesh", RESULT).texture(self.frame, self.points.astype("f4"))

    def _about(self) -> str:
        m, keep = self.similarity, self.ways.value
        turn, scale = np.degrees(np.arctan2(m[1, 0], m[0, 0])), np.hypot(m[0, 0], m[1, 0])
        off = np.linalg.norm(transform(m, self.points[keep]) - geometry.template(RESULT)[keep], axis=1)
        return (
            f"Turned by <b>{turn:.1f}°</b>, scaled by <b>{scale:.2f}</b>, shifted by {m[0, 2]:.0f} and {m[1, 2]:.0f} "
            f"pixels. The {len(keep)} points then lie <b>{np.sqrt((off**2).mean()):.1f} pixels</b> from the template."
        )

    def _page(self) -> str:
        face = self.face.copy()
        for number in self.moved:
            cv2.circle(face, tuple(np.round(self._place(number)).astype(int).tolist()), 6, (255, 214, 10), -1)
        first = controls.figure(face, "the frame, landmarks to be moved", "A face of the clip with seven landmarks.")
        return first + self.results.value + self.told.value
