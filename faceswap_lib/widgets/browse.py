"""The extraction browser: a clip's frames with what was found in them, and what other limits would leave out."""

from collections import Counter
from pathlib import Path

import cv2
import ipywidgets
import numpy as np

from faceswap_lib.display.live import Live
from faceswap_lib.face import by_hand, faceset, filters
from faceswap_lib.face.anatomy import OVAL
from faceswap_lib.face.faceset import BY_HAND, evenly
from faceswap_lib.face.mesh import canvas
from faceswap_lib.face.records import Record
from faceswap_lib.media import video
from faceswap_lib.widgets import controls

SIDE, SHOWN, LOOK = 480, 300, 1500  # pixels of a frame, frames that are kept, frames that are looked at, at most
LAYERS = ("box", "landmarks", "mask", "mesh")
TAKEN, OTHER, POINT, COVER = (45, 138, 78), (200, 85, 61), (255, 214, 10), (42, 111, 151)
FINE = 16  # parts of a pixel in which OpenCV takes places


def browser(clip: str | Path, folder: str | Path) -> "Browser":
    """A clip's frames with its faceset drawn on them, and sliders for the three limits; nothing is extracted again."""
    return Browser(clip, folder)


class Browser(Live):
    """frame, play, layers, limits: the controls; `reasons` says why each of the person's faces would be left out."""

    def __init__(self, clip: str | Path, folder: str | Path):
        self.found, self.clip = faceset.load(folder), Path(clip)
        self.mine = self.found.records
        self.at = {r.frame: i for i, r in enumerate(self.mine)}
        self.frames, self.scale = _frames(clip)
        self.faces: dict[int, list[Record]] = {}
        for record in self.found.contents.faces:
            self.faces.setdefault(record.frame, []).append(record)
        self._make()
        self._refilter()
        super().__init__(self._boxes(), self._page)

    def _make(self) -> None:
        numbers, made = list(self.frames), self.found.contents.made_by
        given = {name: made.get(name, usual) for name, usual in vars(filters.Limits()).items()}
        self.frame = ipywidgets.SelectionSlider(options=numbers, description="Frame", style=controls.WIDE)
        self.frame.layout.width = "420px"
        self.play = ipywidgets.Play(min=0, max=len(numbers) - 1, interval=90)
        self.layers = {name: controls.tick(name, name in ("box", "landmarks")) for name in LAYERS}
        wide = np.array([np.linalg.norm(r.landmarks[263] - r.landmarks[33]) for r in self.mine])
        largest = float(np.ceil(max(wide.max(), given["min_size"]) + 1))
        self.limits = {
            "max_yaw": controls.number("max_yaw, degrees", given["max_yaw"], 0, 90, 1),
            "min_sharpness": controls.number("min_sharpness, share of the usual", given["min_sharpness"], 0, 1, 0.01),
            "min_size": controls.number("min_size, pixels between the eyes", given["min_size"], 0, largest, 1),
        }
        self.picture, self.told, self.summary = (ipywidgets.HTML() for _ in range(3))
        for control in (self.frame, *self.layers.values()):
            control.observe(lambda _: self._draw(), "value")
        for control in self.limits.values():
            control.layout.width, control.style = "600px", {"description_width": "235px"}  # one above the other
            control.observe(lambda _: self._refilter(), "value")
        self.play.observe(lambda change: setattr(self.frame, "index", change.new), "value")

    def _boxes(self) -> ipywidgets.VBox:
        return controls.outer(
            "browse",
            controls.line(self.play, self.frame),
            controls.line(*self.layers.values()),
            self.picture,
            self.told,
            *self.limits.values(),
            self.summary,
        )

    @property
    def settings(self) -> filters.Limits:
        """The limits as they are set."""
        return filters.Limits(**{name: control.value for name, control in self.limits.items()})

    @property
    def kept(self) -> set[int]:
        """Frames whose face stays at the limits as they are set."""
        return {r.frame for r, reason in zip(self.mine, self.reasons, strict=True) if reason is None}

    def stay(self, **limits: float) -> int:
        """How many of the person's faces other limits would keep, e.g. max_yaw=15; the rest as extracted."""
        made = {name: v for name, v in self.found.contents.made_by.items() if name in vars(filters.Limits())}
        return filters.reasons(self.mine, filters.Limits(**made | limits)).count(None)

    def _refilter(self) -> None:
        self.reasons = filters.reasons(self.mine, self.settings)
        self.summary.value = controls.status(self._count() + _timeline(self.mine, self.reasons)) + controls.code(
            "extract.extract(clip, folder, " + ", ".join(f"{n}={c.value:g}" for n, c in self.limits.items()) + ")"
        )
        self._draw()

    def _count(self) -> str:
        left = Counter(reason for reason in self.reasons if reason)
        why = ", ".join(f"{count} {reason}" for reason, count in left.items())
        return f"<b>{self.reasons.count(None)} of {len(self.mine)} faces stay</b>" + (
            f"; left out: {why}." if why else "."
        )

    def _draw(self) -> None:
        index = self.frame.value
        shown = [name for name, control in self.layers.items() if control.value]
        out = drawn(self.frames[index], self.scale, self.faces.get(index, []), self.found.contents.person, shown)
        self.told.value = controls.status(self._about(index))
        alt = f"Frame {index} of the clip with {', '.join(shown) or 'nothing'} drawn on the faces found."
        self.picture.value = controls.img(out, alt)

    def _about(self, index: int) -> str:
        when = f"Frame {index}, {index / self.found.source.fps:.1f} s: "
        if index not in self.at:
            return when + "no face of this person."
        i = self.at[index]
        r, usual = self.mine[i], filters.usual(self.mine) or 1
        size = np.linalg.norm(r.landmarks[263] - r.landmarks[33])
        facts = f"yaw {r.pose[0]:.0f}°, sharpness {r.blur / usual:.2f} of the usual, eyes {size:.0f} pixels apart. "
        hand = r.file and by_hand.place(self.found.folder, r.file).parent.name == faceset.LEFT_OUT
        why = self.reasons[i] or (BY_HAND if hand else None)
        return when + facts + (f"<b>Left out: {why}.</b>" if why else "<b>It stays.</b>")

    def _page(self) -> str:
        return self.picture.value + self.told.value + self.summary.value


def drawn(picture: np.ndarray, scale: float, records: list[Record], person: int, layers: list[str]) -> np.ndarray:
    """A frame (H, W, 3) with some of LAYERS drawn on its faces; scale: its pixels to one of the records'."""
    out = picture.copy()
    for r in records:
        colour = TAKEN if r.person == person else OTHER
        spots = np.round(r.landmarks * scale * FINE).astype("i4")
        if "mask" in layers:
            cover = cv2.fillPoly(np.zeros_like(out), [spots[OVAL]], COVER, cv2.LINE_8, 4)
            out = np.where(cover.any(-1, keepdims=True), out // 2 + cover // 2, out)
        if "mesh" in layers:
            lines = cv2.polylines(
                out.copy(), list(spots[canvas("mesh", 64).inner]), True, (255,) * 3, 1, cv2.LINE_AA, 4
            )
            out = cv2.addWeighted(lines, 0.6, out, 0.4, 0)
        if "landmarks" in layers:
            for x, y in spots.tolist():
                cv2.circle(out, (x, y), FINE, POINT, -1, cv2.LINE_AA, 4)
        if "box" in layers:
            x, y, w, h = np.round(np.array(r.box) * scale).astype(int).tolist()
            cv2.rectangle(out, (x, y), (x + w, y + h), colour, 2)
            cv2.putText(out, str(r.person), (x + 3, max(14, y - 5)), cv2.FONT_HERSHEY_SIMPLEX, 0.6, colour, 2)
    return out


def _frames(clip: str | Path) -> tuple[dict[int, np.ndarray], float]:
    """Frames of a clip by their index, small enough to be kept, and their scale; of a long one from its beginning."""
    pick, out, scale = set(evenly(SHOWN, min(video.probe(clip).frames, LOOK)).tolist()), {}, 1.0
    for index, frame in enumerate(video.frames(clip)):
        if index > max(pick):
            break
        if index in pick:
            out[index], scale = controls.small(frame, SIDE)
    return out, scale


def _timeline(records: list[Record], reasons: list[str | None], width: int = 460, height: int = 26) -> str:
    """The faces over time: a tall green line where one stays, a short red one where it would be left out."""
    last = max(r.frame for r in records) + 1
    step = width / last
    bars = "".join(
        f'<rect x="{r.frame * step:.1f}" width="{max(step, 1):.1f}" y="{0 if reason is None else height / 2:g}" '
        f'height="{height if reason is None else height / 2:g}" fill="{"#2d8a4e" if reason is None else "#c8553d"}"/>'
        for r, reason in _thinned(records, reasons, width)
    )
    told = f"Over time: tall where a face stays, short where it is left out ({reasons.count(None)} stay)."
    return (
        f'<br><svg role="img" aria-label="{told}" width="{width}" height="{height}" style="max-width:100%">{bars}</svg>'
    )


def _thinned(records: list[Record], reasons: list[str | None], most: int) -> list[tuple[Record, str | None]]:
    pairs = list(zip(records, reasons, strict=True))
    return [pairs[i] for i in evenly(most, len(pairs))]
