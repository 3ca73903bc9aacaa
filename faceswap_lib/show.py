"""Every plot and widget of the notebooks. Figures are returned, not shown; pages of HTML work without a kernel."""

import base64
import html
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from faceswap_lib import UserError, faces, faceset, motion, video
from faceswap_lib.evaluate import FIGURES
from faceswap_lib.mesh import canvas

A, B, GAME, GREY = "#2a6f97", "#c8553d", "#6a4c93", "#5c677d"  # A is blue, B is red, the GAN violet, everywhere
COLUMNS = ("A", "A → A", "A → B", "B", "B → B", "B → A")  # of a training preview
MADE_BY = {"faces/a/faces.json": "03_extract", "faces/b/faces.json": "03_extract", "model/model.weights.h5": "04_train"}
MEANING = {
    "ssim": "structure like the ideal swap's (1 = the same)",
    "psnr": "pixels like the ideal swap's, in dB",
    "parts": "the same structure, eyes and mouth alone",
    "placement": "how far the face had to be moved to lie on the ideal's, % of the eyes' distance",
    "expression": "how far its points still are from the ideal's, % of the eyes' distance",
    "to_ideal": "a face recogniser's distance to the ideal swap's face (under 0.6: the same person)",
    "identity": "whose face it is: −1 A's, +1 B's",
    "share_nearer_b": "share of frames in which the recogniser sees B rather than A",
    "sharpness": "fine detail (1 = as much as the reference)",
    "coverage": "share of A's frames in which the face has become another",
}


class Page(str):
    """HTML that a notebook shows as such."""

    def _repr_html_(self) -> str:
        return str(self)


class NotYet(UserError):
    """An earlier lab has not been run; a notebook shows the sentence alone, without a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def needs(workdir: str | Path) -> Path:
    """The workdir, once everything that conversion reads lies in it; NotYet names the lab that makes what is missing."""
    for name, lab in MADE_BY.items():
        if not (Path(workdir) / name).exists():
            raise NotYet(f"{workdir} has no {Path(name).parent} yet: run {lab}.ipynb first, with the same workdir.")
    return Path(workdir)


def check(conditions: Mapping[str, tuple[bool, str]]) -> bool:
    """Print the self-check of a lab: condition -> (met, what to do if it is not); True when all are met."""
    for what, (met, remedy) in conditions.items():
        print(f"ok     {what}" if met else f"TO DO  {what}: {remedy}")
    good = all(met for met, _ in conditions.values())
    print("Self-check: pass" if good else "Self-check: not yet, see TO DO")
    return good


def grid(rows: Mapping[str, Sequence[np.ndarray]], columns: Sequence[str] = (), title: str = "",
         size: float = 1.7) -> Figure:  # fmt: skip
    """Pictures (H, W, 3) in rows with their labels, `columns` above the first row; size: inches of a picture."""
    across = max(len(pictures) for pictures in rows.values())
    fig, axes = plt.subplots(len(rows), across, squeeze=False, layout="constrained",
                             figsize=(size * across + 0.3, size * len(rows) + 0.35 * bool(columns) + 0.4 * bool(title)))  # fmt: skip
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        for ax in line:
            ax.set(xticks=[], yticks=[], frame_on=False)
        for ax, picture in zip(line, pictures, strict=False):
            ax.imshow(picture, interpolation="bilinear")
        line[0].set_ylabel(name, fontsize=10)
    for ax, name in zip(axes[0], columns, strict=False):
        ax.set_title(name, fontsize=10)
    return _done(fig, title)


def row(pictures: Mapping[str, np.ndarray], title: str = "", size: float = 2.3) -> Figure:
    """Pictures (H, W, 3) side by side, each with its name above."""
    return grid({"": list(pictures.values())}, list(pictures), title, size)


def moments(clip: str | Path, count: int = 6) -> dict[str, np.ndarray]:
    """Frames evenly over a clip, the first and last left out: {"1.2 s": (H, W, 3)}."""
    info = video.probe(clip)
    pick = set(np.linspace(0, info.frames - 1, count + 2).astype(int)[1:-1])
    return {f"{i / info.fps:.1f} s": frame for i, frame in enumerate(video.frames(clip)) if i in pick}


def strip(clips: Mapping[str, str | Path], folder: str | Path, count: int = 6, title: str = "") -> Figure:
    """The same moments of several clips, a row each, close to the face that the faceset in folder followed."""
    found = faceset.load(folder)
    at = dict(zip(found.frames, found.solid, strict=True))
    pick = found.frames[np.linspace(0, len(at) - 1, count + 2).astype(int)[1:-1]]
    rows = {name: [close_up(frame, at[i]) for i, frame in enumerate(video.frames(clip)) if i in pick]
            for name, clip in clips.items()}  # fmt: skip
    return grid(rows, [f"{i / found.source.fps:.1f} s" for i in pick], title)


def close_up(frame: np.ndarray, points: np.ndarray, size: int = 200) -> np.ndarray:
    """The square (size, size, 3) around a face's points (≥ 468, ≥ 2) in a frame, half as much again as the face."""
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    scale = size / ((high - low).max() * 1.5)
    m = np.c_[np.eye(2) * scale, size / 2 - (low + high) / 2 * scale]
    return cv2.warpAffine(frame, m, (size, size), flags=cv2.INTER_AREA if scale < 0.6 else cv2.INTER_CUBIC)


def play(clip: str | Path, width: int = 360) -> Page:
    """A clip to be played with its sound; up to 20 MB it is part of the page."""
    path = Path(clip)
    small = path.stat().st_size < 20e6
    source = f"data:video/mp4;base64,{_base64(path.read_bytes())}" if small else path.resolve().as_uri()
    return Page(f'<video controls loop width="{width}" src="{source}"></video>')


def slider(clips: Mapping[str, str | Path], count: int = 16, height: int = 230) -> Page:
    """A slider over frames of several clips side by side; it needs no kernel, so it also lives in a saved page."""
    names = "".join(f'<span style="flex:1">{html.escape(name)}</span>' for name in clips)
    sides = [moments(clip, count).items() for clip in clips.values()]
    pages = []
    for i, frames in enumerate(zip(*sides, strict=False)):
        beside = np.hstack([cv2.resize(f, (f.shape[1] * height // f.shape[0], height)) for _, f in frames])
        pages.append(f'<img alt="{frames[0][0]}" style="display:{"none" if i else "block"};width:100%" '
                     f'src="data:image/jpeg;base64,{_jpeg(beside)}">')  # fmt: skip
    move = "this.parentNode.querySelectorAll('img').forEach((p,i)=>p.style.display=i==this.value?'block':'none')"
    return Page(f'<div style="max-width:{beside.shape[1]}px;text-align:center"><div style="display:flex">{names}</div>'
                f'{"".join(pages)}<input type="range" min="0" max="{len(pages) - 1}" value="0" style="width:100%" '
                f'oninput="{move}"></div>')  # fmt: skip


def network(path: str = "train") -> Figure:
    """The network drawn: path "train" (each face comes back as itself) or "swap" (A's face goes to decoder B)."""
    fig, ax = plt.subplots(figsize=(9, 3.3), layout="constrained")
    ax.set(xlim=(0, 12.1), ylim=(0, 4), xticks=[], yticks=[], frame_on=False)
    train = path == "train"
    boxes = {"A's picture\n+ motion": (0, 2.7, A), "B's picture\n+ motion": (0, 0.5, B), "encoder\n(shared)": (2.7, 1.6, GREY),
             "decoder A": (5.4, 2.7, A), "decoder B": (5.4, 0.5, B), "A drawn": (8.1, 2.7, A), "B drawn": (8.1, 0.5, B),
             "discriminator\nreal or drawn?": (10.3, 1.6, GAME)}  # fmt: skip
    used = set(boxes) if train else {"A's picture\n+ motion", "encoder\n(shared)", "decoder B", "B drawn"}
    for text, (x, y, colour) in boxes.items():
        ax.add_patch(FancyBboxPatch((x, y), 1.6, 0.8, "round,pad=0.08", fc=colour, ec="none", alpha=1 if text in used else 0.15))
        ax.text(x + 0.8, y + 0.4, text, ha="center", va="center", color="white", fontsize=9)
    arrows = [(1.7, 3.0, 2.6, 2.2, A, 1), (1.7, 1.0, 2.6, 1.8, B, 0), (4.4, 2.2, 5.3, 3.0, A, 0),
              (4.4, 1.8, 5.3, 1.0, B if train else A, 1), (7.1, 3.1, 8.0, 3.1, A, 0), (7.1, 0.9, 8.0, 0.9, B, 1),
              (9.8, 2.8, 10.6, 2.5, A, 0), (9.8, 1.2, 10.6, 1.5, B, 0)]  # fmt: skip
    for x, y, to_x, to_y, colour, always in arrows:
        if train or always:
            ax.annotate("", (to_x, to_y), (x, y), arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2})
    return _done(fig, "Training: every face comes back as itself" if train else "The swap: A's face, drawn by decoder B")


def mesh_on(frame: np.ndarray, points: np.ndarray, size: int = 480) -> np.ndarray:
    """A face close up (size, size, 3) with the mesh's lines and its 478 points (478, ≥ 2) drawn on it."""
    out = close_up(frame, points, size)
    low, high = points[:, :2].min(0), points[:, :2].max(0)
    there = ((points[:, :2] - (low + high) / 2) * size / ((high - low).max() * 1.5) + size / 2) * 16
    spots = np.round(there).astype("i4")
    lines = out.copy()
    cv2.polylines(lines, list(spots[canvas("mesh", 64).inner]), True, (255, 255, 255), 1, cv2.LINE_AA, 4)
    out = cv2.addWeighted(lines, 0.55, out, 0.45, 0)
    for x, y in spots:
        cv2.circle(out, (int(x), int(y)), 20, (255, 214, 10), -1, cv2.LINE_AA, 4)
    return out


def averages(clip: str | Path, folder: str | Path, size: int = 256) -> dict[str, np.ndarray]:
    """The mean of all of a person's faces, uint8 (size, size, 3): not aligned, by similarity, through the mesh."""
    found = faceset.load(folder)
    at = dict(zip(found.frames, motion.smooth(found.solid, found.frames), strict=True))
    middle, sums = np.mean(found.solid, 0), dict.fromkeys(("no alignment", "similarity", "mesh"), 0.0)
    for i, frame in enumerate(video.frames(clip)):
        if i in at:
            flat = at[i][:, :2]
            sums["no alignment"] += close_up(frame, middle, size).astype("f4")
            for kind in ("similarity", "mesh"):
                sums[kind] += canvas(kind, size).texture(frame, flat).astype("f4")
    return {kind: np.round(total / len(at)).astype("u1") for kind, total in sums.items()}


def layers(folder: str | Path, count: int = 6, size: int = 128) -> Figure:
    """Faces of a faceset, evenly over time: the aligned picture, the texture through the mesh, the motion."""
    found, on = faceset.load(folder), canvas("mesh", size)
    solid = motion.smooth(found.solid, found.frames)
    pick, moves = found.usable[np.linspace(0, len(found.usable) - 1, count).astype(int)], motion.person(solid).motion
    rows = {"aligned": list(found.images(pick))}
    points = [faces.transform(found.transform(i), solid[i][:, :2]) for i in pick]
    rows["texture"] = [on.texture(p, flat) for p, flat in zip(rows["aligned"], points, strict=True)]
    rows["motion"] = [(0.5 + on.motion_picture(moves[i])[..., :3] / 2).clip(0, 1) for i in pick]
    return grid(rows, [f"{found.frames[i] / found.source.fps:.1f} s" for i in pick])


def histograms(sets: Mapping[str, str | Path]) -> Figure:
    """How both people's faces are turned and how sharp they are; name -> faceset folder."""
    fig, axes = plt.subplots(1, 3, figsize=(9, 2.6), layout="constrained")
    labels = ("yaw: turned left or right, degrees", "pitch: up or down, degrees", "sharpness")
    for (name, folder), colour in zip(sets.items(), (A, B), strict=True):
        records = faceset.load(folder).records
        for k, ax in enumerate(axes):
            ax.hist([r.pose[k] if k < 2 else r.blur for r in records], 24, color=colour, alpha=0.6, label=name)
    for ax, label in zip(axes, labels, strict=True):
        _plain(ax, label, "faces")
    axes[0].legend(frameon=False)
    return _done(fig, "")


def curves(history: Sequence[dict]) -> Figure:
    """Learning curves: the loss on the faces trained on (thin) and on faces never seen (thick), of both people."""
    fig, ax = plt.subplots(figsize=(7, 3), layout="constrained")
    steps = [r["iteration"] for r in history]
    for side, colour in (("a", A), ("b", B)):
        ax.plot(steps, [r[f"held_{side}"] for r in history], color=colour, lw=2.5, label=f"{side.upper()}, held out")
        ax.plot(steps[1:], [r[f"loss_{side}"] for r in history[1:]], color=colour, lw=1, label=f"{side.upper()}, trained on")
    _plain(ax, "iteration", "loss")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, ncols=2, fontsize=9)
    return _done(fig, "Lower is better; the gap is what was learned by heart")


def game(histories: Mapping[str, Sequence[dict]]) -> Figure:
    """The discriminator's two losses of one or more trainings; at 1 it can only guess, at 0 it is never fooled."""
    fig, axes = plt.subplots(1, len(histories), figsize=(7, 2.8), squeeze=False, sharey=True, layout="constrained")
    for ax, (name, history) in zip(axes[0], histories.items(), strict=True):
        played = [r for r in history if r["gan_real"] or r["gan_fake"]]
        for key, style, label in (("gan_real", "-", "on real pictures"), ("gan_fake", "--", "on drawn pictures")):
            ax.plot([r["iteration"] for r in played], [r[key] for r in played], style, color=GAME, marker=".", label=label)
        ax.axhline(1, color=GREY, lw=1, ls=":")
        _plain(ax, "iteration", "discriminator's loss" if ax is axes[0][0] else "")
        ax.set(title=name if played else f"{name}: no game was played", ylim=(0, 2.2))
    axes[0][0].legend(frameon=False, fontsize=9)
    return _done(fig, "")


def preview(model: str | Path) -> Figure:
    """The newest preview of a training: held-out faces, and how the network draws them as A and as B."""
    newest = sorted((Path(model) / "previews").glob("*.jpg"))[-1]
    rows = {str(i): line for i, line in enumerate(_cut(newest))}
    return grid({" " * len(i): line for i, line in rows.items()} if len(rows) == 1 else rows, COLUMNS)


def over_time(model: str | Path, count: int = 5, line: int = -1) -> Figure:
    """One held-out face of each person through a training, from the first preview to the last."""
    previews = sorted((Path(model) / "previews").glob("*.jpg"))
    pick = [previews[i] for i in np.unique(np.linspace(0, len(previews) - 1, count).astype(int))]
    return grid({f"iteration {int(path.stem)}": _cut(path)[line] for path in pick}, COLUMNS, size=1.5)
