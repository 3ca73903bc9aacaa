"""One training on several graphics cards: each draws its part of every batch, and all take the same step.

By Keras' own means: `keras.distribution.DataParallel` with JAX, `tf.distribute.MirroredStrategy` with TensorFlow. The
batch is as large as on one card and is drawn as there, so the same seed gives the same curve, to rounding.
"""

from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import cached_property

import keras
from keras import ops

from faceswap_lib.progress import note

KIND = "gpu"  # processor cores share a batch already; tests let two logical ones do as two cards would


@dataclass(frozen=True)
class Team:
    """Devices as Keras names them ("gpu:0") that share every batch; with fewer than two, nothing is done."""

    devices: tuple[str, ...] = ()

    @property
    def many(self) -> bool:
        """Whether there is anything to share."""
        return len(self.devices) > 1

    def tell(self, batch: int) -> None:
        """Say on stderr who shares batches of this size."""
        if self.many:
            names, each = " and ".join((", ".join(self.devices[:-1]), self.devices[-1])), batch // len(self.devices)
            note(
                f"Training on {names} together: {each} of each person's {batch} faces a step on each of them. "
                "CUDA_VISIBLE_DEVICES=0 keeps to one."
            )

    @property
    def compiles(self) -> bool:
        """Whether XLA may compile a step: with TensorFlow it compiles for one device."""
        return not self.many or keras.backend.backend() != "tensorflow"

    def scope(self) -> AbstractContextManager:
        """What a network is built in, and takes its steps in."""
        return self._means.scope() if self.many else nullcontext()

    def deal(self, batch: dict) -> tuple:
        """A batch, array by array (N, …), as a step takes it.

        With TensorFlow card i of k gets each k-th face from the i-th on: then the first half of what each has is the
        first half of all, the half that the discriminator sees. With JAX, Keras 3.12 cannot share targets and sample
        weights that are None; the network asks for neither, so any array will do.
        """
        if not self.many:
            return (batch,)
        if self.compiles:
            return batch, batch["weight_a"], batch["weight_a"]
        import tensorflow as tf

        whole, every = {key: tf.convert_to_tensor(value) for key, value in batch.items()}, len(self.devices)
        parts = self._means.experimental_distribute_values_from_function(
            lambda card: {key: value[card.replica_id_in_sync_group :: every] for key, value in whole.items()}
        )
        return (parts,)

    @cached_property
    def _means(self) -> object:
        if keras.backend.backend() == "jax":
            return keras.distribution.DataParallel(devices=list(self.devices))
        import tensorflow as tf

        return tf.distribute.MirroredStrategy([name.upper() for name in self.devices])


ALONE = Team()


def team(batch: int) -> Team:
    """This machine's cards that Keras can use, as many as share the halves of a batch evenly."""
    there = [name for name in keras.distribution.list_devices() if name.startswith(KIND)]
    return Team(tuple(there[: next((k for k in range(len(there), 1, -1) if batch % (2 * k) == 0), 1)]))


def everywhere(share: object) -> object:
    """Within a step: a number of this card's part of the batch, summed over all cards.

    With JAX a step is written for the whole batch, however many share it; with TensorFlow for a part of it.
    """
    if cards() == 1:
        return share
    import tensorflow as tf

    return tf.distribute.get_replica_context().all_reduce("SUM", share)


def cards() -> int:
    """Within a step: into how many parts the batch is cut that it sees one of."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


class LossScale(keras.optimizers.LossScaleOptimizer):
    """Keras' own for 16 bits, but where one card's numbers have overflowed, no card takes the step.

    Keras 3.12 asks the first card alone; what another one had too large would then be in the weights of all.
    """

    def check_finite(self, grads: list) -> object:
        """Whether all cards' gradients are numbers."""
        return everywhere(ops.cast(super().check_finite(grads), "float32")) > cards() - 0.5
