"""A face-swap workshop: extract, train, convert, measure, label. Lab N is notebook N is module N."""

import os

# TensorFlow otherwise takes a card's whole memory at once, and a second notebook on the same card finds none.
os.environ.setdefault("TF_FORCE_GPU_ALLOW_GROWTH", "true")

__version__ = "0.1.0"


class UserError(Exception):
    """A mistake the user can mend: one sentence that says what is wrong, where, and what to do next."""
