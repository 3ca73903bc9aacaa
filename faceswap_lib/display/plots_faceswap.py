"""Pictures of lab 8: which points Faceswap takes of a face, its training's curve, and what a recorded run is."""

import html
from pathlib import Path

import cv2
import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from faceswap_lib.display import show, theme
from faceswap_lib.display.pages import Page
from faceswap_lib.face import faceset
from faceswap_lib.face.geometry import close_up, lens, transform
from faceswap_lib.interop import alignments
from faceswap_lib.interop.application import Trained
from faceswap_lib.interop.spending import Run
from faceswap_lib.media import video

SIZE = 420  # pixels of a close-up


def points(clip: str | Path, folder: str | Path) -> Figure:
    """A face of a clip close up: as it is, with this kit's mesh, and with the 68 points that are taken along."""
    found = faceset.load(folder)
    frame, solid = video.frame(clip, int(found.frames[0])), found.solid[0]
    few = close_up(frame, solid, SIZE)
    for spot in np.round(transform(lens(solid, SIZE), alignments.from_mesh(solid[:, :2]))).astype(int):
        cv2.circle(few, spot.tolist(), 4, (255, 255, 255), -1, cv2.LINE_AA)
        cv2.circle(few, spot.tolist(), 3, (200, 85, 61), -1, cv2.LINE_AA)
    pictures = {"the face": close_up(frame, solid, SIZE), "478 points, a mesh": show.mesh_on(frame, solid, SIZE)}
    alt = (
        "A face three times: as it is, under a fine mesh of 478 points, with 68 dots on jaw, brows, nose, eyes, mouth."
    )
    return show.row(pictures | {"68 points": few}, alt=alt)


def curve(trained: Trained) -> Figure:
    """The losses of Faceswap's training over its steps; it keeps no faces back: these are of faces it learns from."""
    fig, ax = plt.subplots(figsize=(7.5, 2.8), layout="constrained")
    steps, _, a, b = np.array(trained.history, float).T
    for values, colour, name in ((a, theme.A, "A"), (b, theme.B, "B")):
        ax.plot(steps, values, color=colour, lw=1.8, label=f"{name}, learned from")
    theme.tidy(ax, "step", "loss: lower is better")
    ax.set_ylim(bottom=0)
    ax.legend(frameon=False, fontsize=9)
    return theme.finished(fig, f"{trained.trainer}, batch {trained.batch}")


def recorded(run: Run) -> Page:
    """The line above what was not done here and now."""
    told = (
        f"Recorded run, nothing of it is computed here: {run.date}, {run.machine}, Faceswap {run.commit[:8]}, "
        f"torch {run.torch}, {run.trainer}, {run.steps} steps. {' '.join(run.notes)}"
    )
    look = "border-left:6px solid #8f5a05;background:#fdf3e1;color:#3d2a05;padding:8px 12px;max-width:860px"
    return Page(f'<div class="recorded-run" role="note" style="{look}">{html.escape(told)}</div>')
