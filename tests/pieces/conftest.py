"""Two workers for all tests of a file, and a clip in three pieces."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from keyed_clips import keyed, start

from faceswap_lib.media import cuts
from faceswap_lib.pieces import crew


@pytest.fixture(autouse=True)
def short_pieces(monkeypatch) -> None:
    """Pieces of 16 frames; where the cuts are is decided in this process."""
    monkeypatch.setattr(cuts, "SECONDS", 0.6)


@pytest.fixture(scope="module")
def two() -> Iterator[crew.Workers]:
    """A local cluster of two processes."""
    with crew.crew(workers=2) as workers:
        yield workers


@pytest.fixture(scope="session")
def clip(tmp_path_factory) -> Path:
    """The beginning of person A's clip, in three pieces."""
    return keyed(tmp_path_factory.mktemp("keyed") / "a.mp4", start("a"))
