"""One frame of A's video with B's face in it, drawn again and again by a network that is still being trained."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from faceswap_lib.compose import color, model_swap, render
from faceswap_lib.face import faceset
from faceswap_lib.media import video
from faceswap_lib.network.batches import ratio
from faceswap_lib.network.run import Run
from faceswap_lib.trust import label

MOMENT = 0.95  # of A's faces: among the last tenth, which no training sees


def painter(run: Run, clip: str | Path, faces_a: str | Path, moment: float = MOMENT) -> Callable[[], np.ndarray]:
    """What draws one frame (H, W, 3) of A's clip anew each time it is called, by the network as it is then, labelled.

    moment: 0 A's first face, 1 the last. What passes in front of the face is not kept there: that takes longer.
    """
    from faceswap_lib.network.model import draw

    found = faceset.load(faces_a)
    at = model_swap.scene(found, run.about, "b")
    index = int(found.frames[round(moment * (len(found.frames) - 1))])
    frame, own = video.frame(clip, index), run.sides["a"].mean
    match = color.matched(model_swap.USUAL, at, run.sides["b"].mean)
    stamp = label.Label(frame.shape[1], frame.shape[0], {r.frame: [np.array(r.box)] for r in found.records})

    def paint() -> np.ndarray:
        made = render.faces_drawn(
            {index: frame}, at, lambda textures, moves, _: draw(run.net, ratio(textures, own), moves, "b"), match
        )
        return stamp.stamp(index, made[index])

    return paint
