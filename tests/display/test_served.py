"""served.py: a link only where the server shows the file."""

import json
import sys

import pytest

from faceswap_lib.display import served


@pytest.fixture
def server(tmp_path, monkeypatch):
    """A server that says it started this process, and shows tmp_path/root."""
    (tmp_path / "runtime").mkdir()
    (tmp_path / "runtime" / "jpserver-77.json").write_text(
        json.dumps({"root_dir": str(tmp_path / "root"), "base_url": "/user/learner01/"})
    )
    monkeypatch.setenv("JUPYTER_RUNTIME_DIR", str(tmp_path / "runtime"))
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    monkeypatch.setitem(sys.modules, "ipykernel", object())
    return tmp_path / "root"


def test_a_file_of_a_run_has_an_address(server):
    assert served.address(server / "work dir" / "a%.html") == "/user/learner01/files/work%20dir/a%25.html"
    assert served.address(server / "workbook" / ".." / "r.html") == "/user/learner01/files/r.html"


def test_what_the_server_does_not_show_has_none(server, tmp_path):
    assert served.address(tmp_path / "r.html") == served.address(server / ".hidden" / "r.html") == ""


def test_without_a_server_there_is_none(server, monkeypatch):
    for number in ("78", "", "../../77"):
        monkeypatch.setenv("JPY_PARENT_PID", number)
        assert served.address(server / "r.html") == ""
    monkeypatch.delitem(sys.modules, "ipykernel")
    monkeypatch.setenv("JPY_PARENT_PID", "77")
    assert served.address(server / "r.html") == ""
