"""files.py: a file is there whole or not at all."""

import pytest

from faceswap_lib import files


@pytest.mark.parametrize("before", [None, "old"])
def test_a_file_appears_when_the_block_ends_and_not_before(tmp_path, before):
    path = tmp_path / "clip.mp4"
    if before:
        path.write_text(before)
    with files.whole(str(path)) as part:
        part.write_text("new")
        assert (path.read_text() if path.exists() else None) == before
        assert part.parent == tmp_path and part.suffix == ".mp4" and part != path
    assert path.read_text() == "new" and list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("before", [None, "old"])
@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_failure_leaves_what_was_there_and_nothing_else(tmp_path, before, error):
    path = tmp_path / "model.json"
    if before:
        path.write_text(before)
    with pytest.raises(error), files.whole(path) as part:
        part.write_text("half")
        raise error
    assert {p.name: p.read_text() for p in tmp_path.iterdir()} == ({"model.json": before} if before else {})


def test_who_writes_nothing_gets_an_error_and_the_old_file_stays(tmp_path):
    path = tmp_path / "model.json"
    path.write_text("old")
    with pytest.raises(FileNotFoundError), files.whole(path):
        pass
    assert path.read_text() == "old"
