"""A wipe between two clips of one performance: pure HTML that works without a kernel, by mouse, finger and keys."""

import html
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from faceswap_lib import UserError
from faceswap_lib.display.pages import KEYS, Page, jpeg
from faceswap_lib.face import faceset
from faceswap_lib.face.faceset import evenly
from faceswap_lib.face.geometry import close_up
from faceswap_lib.media import video
from faceswap_lib.widgets import controls

SIDE = 420  # pixels of a picture
RANGE = "display:block;width:100%;margin:0 0 8px"
# The root is found from the control, so that several of them fit on a page.
CUT = (
    "var r=this.closest('.fsw-wipe');r.querySelectorAll('.over').forEach(p=>p.style.clipPath="
    "'inset(0 0 0 '+this.value+'%)');r.querySelectorAll('.edge').forEach(p=>p.style.left=this.value+'%');"
    "this.setAttribute('aria-valuetext',this.value+' per cent')"
)
MOMENT = (
    "var r=this.closest('.fsw-wipe');r.querySelectorAll('.moment').forEach((p,i)=>p.style.display="
    "i==this.value?'block':'none');r.querySelector('.when').textContent=this.dataset.times.split('|')[this.value];"
    "this.setAttribute('aria-valuetext',this.dataset.times.split('|')[this.value])"
)
POINTER = (
    "if(event.type=='pointerdown'||event.buttons){var b=this.getBoundingClientRect(),c=this.closest('.fsw-wipe')"
    ".querySelector('.cut');c.value=Math.round(100*(event.clientX-b.left)/b.width);c.dispatchEvent(new Event('input'))}"
)


def wipe(clips: Mapping[str, str | Path], folder: str | Path | None = None, count: int = 6) -> Page:
    """Two clips of one performance, the second one over the first from a line on that is dragged; name -> clip.

    folder: the faceset whose face is shown close up, else whole frames; count: moments to choose from.
    """
    if len(clips) != 2:
        raise UserError(f"A wipe is between two clips, and here are {len(clips)}.")
    (one, two), (times, pairs) = clips, _pairs(list(clips.values()), folder, count)
    moments = "".join(
        _moment(pair, (one, two), when, i) for i, (when, pair) in enumerate(zip(times, pairs, strict=True))
    )
    left, right = html.escape(one), html.escape(two)
    names = f'<div style="display:flex;justify-content:space-between"><b>{left}</b><b>{right}</b></div>'
    return Page(
        f'<div class="fsw-wipe" style="max-width:{pairs[0][0].shape[1]}px">{names}'
        f'<div style="touch-action:pan-y;cursor:ew-resize" onpointerdown="{POINTER}" onpointermove="{POINTER}">'
        f"{moments}</div>"
        f'<label>Line between {left} and {right}<input class="cut" {KEYS} type="range" min="0" max="100" value="50" '
        f'aria-valuetext="50 per cent" style="{RANGE}" oninput="{CUT}"></label>'
        f'<label>Moment: <span class="when">{times[0]}</span><input class="at" {KEYS} type="range" min="0" '
        f'max="{len(pairs) - 1}" value="0" aria-valuetext="{times[0]}" data-times="{"|".join(times)}" style="{RANGE}" '
        f'oninput="{MOMENT}"></label></div>'
    )


def apart(one: str | Path, two: str | Path, folder: str | Path, count: int = 6) -> float:
    """How far two clips of one performance are apart close to the face, mean of all pixels, of 255."""
    _, pairs = _pairs([one, two], folder, count)
    return float(np.mean([np.abs(a.astype("i2") - b).mean() for a, b in pairs]))


def _moment(pair: list[np.ndarray], names: tuple[str, str], when: str, number: int) -> str:
    one, two = (html.escape(f"{name} at {when}") for name in names)
    look = "position:absolute;inset:0;width:100%;clip-path:inset(0 0 0 50%)"
    edge = (
        "position:absolute;top:0;bottom:0;left:50%;width:2px;margin-left:-1px;background:#fff;box-shadow:0 0 3px #000"
    )
    return (
        f'<div class="moment" style="position:relative;display:{"none" if number else "block"}">'
        f'<img alt="{one}" draggable="false" style="display:block;width:100%" src="{jpeg(pair[0])}">'
        f'<img class="over" alt="{two}" draggable="false" style="{look}" src="{jpeg(pair[1])}">'
        f'<div class="edge" style="{edge}"></div></div>'
    )


def _pairs(clips: list[str | Path], folder: str | Path | None, count: int) -> tuple[list[str], list[list[np.ndarray]]]:
    """Times in words, and both clips' pictures at each of them."""
    info = video.probe(clips[0])
    if folder is None:
        pick, at = evenly(count, info.frames, ends=False).tolist(), {}
    else:
        found = faceset.load(folder)
        pick = found.frames[evenly(count, len(found.frames), ends=False)].tolist()
        at = dict(zip(found.frames.tolist(), found.solid, strict=True))
    sides = []
    for clip in clips:
        taken = {i: frame for i, frame in enumerate(video.frames(clip)) if i in pick}
        if len(taken) < len(pick):
            raise UserError(f"{clip} is shorter than {clips[0]}; a wipe needs two clips of one performance.")
        sides.append([close_up(f, at[i], SIDE) if at else controls.small(f, SIDE)[0] for i, f in taken.items()])
    return [f"{i / info.fps:.1f} s" for i in pick], [list(pair) for pair in zip(*sides, strict=True)]
