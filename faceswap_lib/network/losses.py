"""What training makes small: the distance of a drawn face from the real one, and the discriminator's game.

Pictures are float32 in [0, 1], (N, S, S, 3). Where several cards share a batch by TensorFlow, each sees its part, and
its loss is its share of the whole: a sum over its pixels, divided by the weight of all.
"""

import keras
from keras import ops

from faceswap_lib.network.devices import everywhere


def reverse_gradient(x: object, strength: float) -> object:
    """x going forward; coming back, the gradient times −strength (Ganin & Lempitsky 2015)."""
    return ops.stop_gradient((1 + strength) * x) - strength * x


def game(judge: keras.Model, real: object, fake: object, seen: object, strength: float) -> tuple:
    """Hinge loss (Lim & Ye 2017) for the discriminator; for the decoders its score of what they drew, reversed.

    real, fake (2 N, S, S, 3): N faces of A, then N of B; seen (2 N, S, S, 1): where. The drawn faces are judged twice.
    The difference of the two scores is 0, and so is its gradient in the discriminator; in the decoders it is the
    score's own times `strength`, however sure the discriminator is. Returns the loss and its real and drawn half.
    """
    seen = ops.minimum(seen, 1.0)
    real, fake = real * seen, fake * seen
    faces = ops.concatenate([real, ops.stop_gradient(fake), reverse_gradient(fake, strength)])
    n, share = ops.shape(real)[0] // 2, ops.average_pool(seen, 8, strides=8)
    scores = ops.split(judge(faces, training=True), 3)
    real, judged, pulled = (ops.concatenate([s[:n, ..., :1], s[n:, ..., 1:]]) * share for s in scores)
    total = everywhere(ops.sum(share))
    loss_real = ops.sum(ops.relu(share - real)) / total
    loss_fake = ops.sum(ops.relu(share + judged)) / total
    return loss_real + loss_fake + ops.sum(pulled - judged) / total, loss_real, loss_fake


def reconstruction(drawn: object, target: object, weight: object) -> object:
    """3 · L1 + 1.5 · DSSIM, averaged with weight (N, S, S, 1): hidden pixels count nothing, eyes and mouth more."""
    total = everywhere(ops.sum(weight)) * 3
    return (3 * ops.sum(weight * ops.abs(drawn - target)) + 1.5 * ops.sum(weight * dssim(drawn, target))) / total


def dssim(x: object, y: object) -> object:
    """(1 − SSIM) / 2 per pixel, (N, S, S, 3), over 5 × 5 boxes (Wang et al. 2004, with a box for the Gaussian)."""
    c = x.shape[-1]
    stack = ops.concatenate([x, y, x * x + y * y, x * y], -1)
    mean = ops.average_pool(stack, 5, strides=1, padding="same")
    mx, my, squares, xy = (mean[..., k * c : (k + 1) * c] for k in range(4))
    luminance = (2 * mx * my + 1e-4) / (mx * mx + my * my + 1e-4)
    structure = (2 * (xy - mx * my) + 9e-4) / (squares - mx * mx - my * my + 9e-4)
    return (1 - luminance * structure) / 2
