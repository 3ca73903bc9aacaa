"""Every picture and plot of the notebooks. Figures are returned, not shown; pictures are uint8 RGB (H, W, 3)."""

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch

from faceswap_lib import UserError
from faceswap_lib.display.described import described as described  # a figure as an image with its alt text
from faceswap_lib.display.theme import GAME, GREY, IDEAL, A, B, finished, tidy
from faceswap_lib.face import faceset, motion
from faceswap_lib.face.detect import Detector
from faceswap_lib.face.faceset import evenly
from faceswap_lib.face.geometry import close_up, lens, transform
from faceswap_lib.face.mesh import canvas
from faceswap_lib.media import video


def grid(
    rows: Mapping[str, Sequence[np.ndarray]],
    columns: Sequence[str] = (),
    title: str = "",
    size: float = 1.5,
    alt: str = "",
) -> Figure:
    """Pictures in rows with their labels, `columns` above the first row; size: inches of a picture; alt: what it shows.

    Without alt it is said which rows and columns there are.
    """
    across = max(len(pictures) for pictures in rows.values())
    high = size * len(rows) + 0.3 * bool(columns) + 0.35 * bool(title)
    fig, axes = plt.subplots(len(rows), across, squeeze=False, layout="constrained", figsize=(size * across, high))
    for ax in axes.flat:
        ax.set(xticks=[], yticks=[], frame_on=False)
    for line, (name, pictures) in zip(axes, rows.items(), strict=True):
        for ax, picture in zip(line, pictures, strict=False):
            ax.imshow(picture)
        line[0].set_ylabel(name, fontsize=10)
    for ax, name in zip(axes[0], columns, strict=False):
        ax.set_title(name, fontsize=10)
    lines, heads = f"in {len(rows)} rows: {', '.join(rows)}" * (len(rows) > 1), ", ".join(columns)
    where = "; ".join(filter(None, (title, lines or ", ".join(rows), f"from left to right: {heads}" * bool(heads))))
    return finished(fig, title, alt or f"Pictures side by side; {where}.")


def row(pictures: Mapping[str, np.ndarray], title: str = "", size: float = 2.2, alt: str = "") -> Figure:
    """Pictures side by side, each with its name above; alt: what they show."""
    return grid({"": list(pictures.values())}, list(pictures), title, size, alt)


def strip(clips: Mapping[str, str | Path], folder: str | Path | None = None, count: int = 6) -> Figure:
    """Moments of several clips, a row each: whole frames, or close to the face that the faceset in folder follows.

    With a folder the clips show one performance, and its moments stand above the columns.
    """
    if folder is None:
        rows = {name: moments(clip, count) for name, clip in clips.items()}
        return grid(rows, alt=f"{count} moments of each video, from start to end, a row each: {', '.join(clips)}.")
    found = faceset.load(folder)
    at = dict(zip(found.frames.tolist(), found.solid, strict=True))
    pick = found.frames[evenly(count, len(at), ends=False)]
    rows = {
        name: [close_up(frame, at[i]) for i, frame in enumerate(video.frames(clip)) if i in pick]
        for name, clip in clips.items()
    }
    times = [f"{i / found.source.fps:.1f} s" for i in pick]
    alt = f"The same moments, close to the face, at {', '.join(times)}; a row for each video: {', '.join(clips)}."
    return grid(rows, times, alt=alt)


def moments(clip: str | Path, count: int = 6) -> list[np.ndarray]:
    """Frames evenly over a clip, without its ends."""
    pick = evenly(count, video.probe(clip).frames, ends=False)
    return [frame for i, frame in enumerate(video.frames(clip)) if i in pick]


def mesh_of(
    clip: str | Path, moment: float = 0.0, size: int = 400, folder: str | Path | None = None
) -> dict[str, np.ndarray]:
    """A clip's first face from a moment (0 start, 1 end) on: close up, with landmarks and mesh, and its texture.

    folder: the clip's faceset, which says whose face; without it that of whoever is largest.
    """
    first = int(moment * (video.probe(clip).frames - 1))
    known = {r.frame: [np.array(r.landmarks, "f4")] for r in faceset.load(folder).records} if folder else {}
    with Detector() as detector:
        for i, frame in enumerate(video.frames(clip)):
            if i < first:
                continue
            if found := known.get(i, []) if folder else [face.landmarks for face in detector.detect(frame)]:
                points = found[0]
                return {
                    "face": close_up(frame, points, size),
                    "landmarks and mesh": mesh_on(frame, points, size),
                    "texture": canvas("mesh", 256).texture(frame, points),
                }
    raise UserError(f"{clip} shows no face from {moment:.0%} of its length on; choose an earlier moment.")


def mesh_on(frame: np.ndarray, points: np.ndarray, size: int = 480) -> np.ndarray:
    """A close-up (size, size, 3) with the mesh's lines and the face's points (478, ≥ 2) drawn on it."""
    out = close_up(frame, points, size)
    spots = np.round(transform(lens(points, size), points[:, :2]) * 16).astype("i4")  # 16ths of a pixel
    lines = out.copy()
    cv2.polylines(lines, list(spots[canvas("mesh", 64).inner]), True, (255, 255, 255), 1, cv2.LINE_AA, 4)
    out = cv2.addWeighted(lines, 0.5, out, 0.5, 0)
    for x, y in spots.tolist():
        cv2.circle(out, (x, y), 20, (255, 214, 10), -1, cv2.LINE_AA, 4)
    return out


def averages(
    clip: str | Path, folder: str | Path, frames: Collection[int] | None = None, size: int = 256
) -> dict[str, np.ndarray]:
    """The mean of a person's faces, uint8 (size, size, 3): not aligned, by similarity, through the mesh.

    frames: of these alone; UserError where they show no face.
    """
    found = faceset.load(folder)
    each = zip(found.frames.tolist(), motion.smooth(found.solid, found.frames), strict=True)
    at = {i: points for i, points in each if frames is None or i in frames}
    if not at:
        raise UserError("There is no face left to average; loosen the limits.")
    middle, sums = found.solid.mean(0), dict.fromkeys(("no alignment", "similarity", "mesh"), 0.0)
    for i, frame in enumerate(video.frames(clip)):
        if i in at:
            sums["no alignment"] += close_up(frame, middle, size).astype("f4")
            for kind in ("similarity", "mesh"):
                sums[kind] += canvas(kind, size).texture(frame, at[i][:, :2]).astype("f4")
    return {kind: np.round(total / len(at)).astype("u1") for kind, total in sums.items()}


def layers(folder: str | Path, count: int = 6, size: int = 128) -> Figure:
    """Faces of a faceset, evenly over time: the aligned picture, the texture through the mesh, the motion."""
    found, on = faceset.load(folder), canvas("mesh", size)
    pick = found.usable[evenly(count, len(found.usable), ends=False)]
    aligned, solid = list(found.images(pick)), motion.smoothed(found, pick)
    points = [transform(found.transform(i), one[:, :2]) for i, one in zip(pick, solid, strict=True)]
    textures = [on.texture(picture, flat) for picture, flat in zip(aligned, points, strict=True)]
    moves = motion.person(solid, motion.shape(found)).motion
    moved = [(0.5 + on.motion_picture(one)[..., :3] / 2).clip(0, 1) for one in moves]
    times = [f"{found.frames[i] / found.source.fps:.1f} s" for i in pick]
    alt = "Faces of one person over time, from top to bottom as aligned picture, as texture laid flat, and as motion."
    return grid({"aligned": aligned, "texture": textures, "motion": moved}, times, alt=alt)


def histograms(sets: Mapping[str, str | Path]) -> Figure:
    """How two people's faces are turned and how sharp they are; name -> faceset folder."""
    fig, axes = plt.subplots(1, 3, figsize=(9, 2.5), layout="constrained")
    for (name, folder), colour in zip(sets.items(), (A, B), strict=True):
        records = faceset.load(folder).records
        for ax, values in zip(axes, zip(*((*r.pose[:2], r.blur) for r in records), strict=True), strict=True):
            ax.hist(values, 20, color=colour, alpha=0.6, label=name)
    for ax, label in zip(
        axes, ("yaw, degrees: turned left or right", "pitch, degrees: up or down", "sharpness"), strict=True
    ):
        tidy(ax, label, "faces" if ax is axes[0] else "")
    axes[0].legend(frameon=False)
    return finished(fig, "", f"Histograms of yaw, pitch and sharpness of the faces of {' and '.join(sets)}.")


NETWORK = {
    "train": "Pictures and motion of A and of B go into one shared encoder, from there to decoder A, which draws A, and"
    " to decoder B, which draws B; a discriminator asks of each drawing: real or drawn?",
    "swap": "A's picture and motion go into the shared encoder and from there to decoder B, which draws B; decoder A"
    " and the discriminator are faded out.",
}


def network(path: str = "train") -> Figure:
    """The network drawn; path: "train" (every face comes back as itself) or "swap" (A's face goes to decoder B)."""
    fig, ax = plt.subplots(figsize=(9, 3), layout="constrained")
    ax.set(xlim=(-0.2, 12.2), ylim=(0.2, 3.8), xticks=[], yticks=[], frame_on=False)
    training = path == "train"
    swap = {"A: picture\nand motion", "encoder\n(shared)", "decoder B", "B drawn"}
    for text, x, y, colour in (
        ("A: picture\nand motion", 0, 2.7, A),
        ("B: picture\nand motion", 0, 0.5, B),
        ("encoder\n(shared)", 2.7, 1.6, GREY),
        ("decoder A", 5.4, 2.7, A),
        ("decoder B", 5.4, 0.5, B),
        ("A drawn", 8.1, 2.7, A),
        ("B drawn", 8.1, 0.5, B),
        ("discriminator:\nreal or drawn?", 10.3, 1.6, GAME),
    ):
        seen = 1 if training or text in swap else 0.15
        ax.add_patch(FancyBboxPatch((x, y), 1.6, 0.8, "round,pad=0.08", fc=colour, ec="none", alpha=seen))
        ax.text(x + 0.8, y + 0.4, text, ha="center", va="center", color="white", fontsize=9)
    arrows = [
        ((1.75, 3), (2.6, 2.3), A, 1),
        ((1.75, 1), (2.6, 1.7), B, 0),
        ((4.45, 2.3), (5.25, 3), A, 0),
        ((4.45, 1.7), (5.25, 1), B if training else A, 1),
        ((7.15, 3.1), (7.95, 3.1), A, 0),
        ((7.15, 0.9), (7.95, 0.9), B, 1),
        ((9.85, 3), (10.6, 2.55), A, 0),
        ((9.85, 1), (10.6, 1.45), B, 0),
    ]
    for start, end, colour, always in arrows:
        if training or always:
            ax.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": colour, "lw": 2})
    title = "Training: every face comes back as itself" if training else "The swap: A's face, drawn by decoder B"
    return finished(fig, title, f"{title}. {NETWORK[path]}")


def over_time_of(report: dict, names: Sequence[str]) -> Figure:
    """Figures of a report over time: the swap, the source, and the ideal where there is one."""
    frames, looks = report["frames"], {"source": (GREY, 1.2), "ideal": (IDEAL, 1.2), "swap": (B, 2.2)}
    names = [name for name in names if name in frames["swap"]]
    fig, axes = plt.subplots(
        len(names), 1, figsize=(8, 1.5 * len(names)), squeeze=False, sharex=True, layout="constrained"
    )
    for ax, name in zip(axes[:, 0], names, strict=True):
        for label, (colour, width) in looks.items():
            if name in frames.get(label, {}):
                values = [np.nan if value is None else value for value in frames[label][name]]
                ax.plot(frames["index"], values, color=colour, lw=width, label=label)
        tidy(ax, "frame" if ax is axes[-1, 0] else "", name)
    axes[0, 0].legend(frameon=False, fontsize=9, ncols=3)
    return finished(fig, "", f"Curves over the frames, one plot each for {', '.join(names)}: {', '.join(looks)}.")


def bars(values: Mapping[str, float], label: str, logarithmic: bool = False) -> Figure:
    """One bar a value, its number beside it."""
    fig, ax = plt.subplots(figsize=(7, 0.4 * len(values) + 0.8), layout="constrained")
    drawn = ax.barh(list(values), list(values.values()), color=A, log=logarithmic)
    ax.bar_label(drawn, [f"{v:.3g}" if v < 1000 else f"{v:.0f}" for v in values.values()], padding=4)
    ax.invert_yaxis()
    ax.margins(x=0.15)
    tidy(ax, label, "")
    said = "; ".join(f"{name}: {value:.3g}" for name, value in values.items())
    return finished(fig, "", f"Bars, {label}{' on a logarithmic axis' * logarithmic}. {said}.")
