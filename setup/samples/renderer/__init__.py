"""The renderer of the built-in clips: people who do not exist, from MakeHuman's CC0 mesh, drawn by Blender."""

FPS = 24


class SampleError(Exception):
    """A mistake the user can mend: one sentence that says what is wrong, where, and what to do next."""
