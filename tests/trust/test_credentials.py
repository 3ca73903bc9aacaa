"""credentials.py: signed, read back, and every change told; with the network off."""

import errno
import json
import shutil
import socket
import subprocess
import sys

import c2pa
import pytest

from faceswap_lib import UserError, samples
from faceswap_lib.trust import credentials, keys
from faceswap_lib.trust.statement import Statement

SAID = Statement("trained network", "ab" * 32, model="cd" * 32)


@pytest.fixture(scope="module")
def signed(tmp_path_factory):
    out = tmp_path_factory.mktemp("signed") / "signed.mp4"
    credentials.sign(samples.path("truth_a_as_b"), out, samples.path("person_a"), SAID)
    return out


def test_what_was_signed_is_read_back(signed):
    found = credentials.read(signed)
    assert found.state == "intact" and found.facts == SAID.said


def test_another_reader_trusts_it_by_our_root(signed):
    with c2pa.Context(c2pa.Settings.from_dict({"trust": {"user_anchors": keys.roots().decode()}})) as how:
        with open(signed, "rb") as stream, c2pa.Reader("video/mp4", stream, context=how) as reader:
            assert reader.get_validation_state() == "Trusted"
            store = json.loads(reader.json())
    manifest = store["manifests"][store["active_manifest"]]
    assert [one["relationship"] for one in manifest["ingredients"]] == ["parentOf"]
    actions = next(a["data"]["actions"] for a in manifest["assertions"] if a["label"].startswith("c2pa.actions"))
    assert [action["action"] for action in actions] == ["c2pa.opened", "c2pa.edited"]
    assert actions[1]["digitalSourceType"] == SAID.digital_source_type


def test_it_holds_no_name_of_a_file(signed):
    assert b"person_a" not in signed.read_bytes() and b"truth_a_as_b" not in signed.read_bytes()


@pytest.mark.parametrize("where", (0.3, 0.5, 0.9))
def test_one_changed_byte_is_told(signed, tmp_path, where):
    data = bytearray(signed.read_bytes())
    data[int(len(data) * where)] ^= 1
    (tmp_path / "changed.mp4").write_bytes(data)
    assert credentials.read(tmp_path / "changed.mp4").state == "altered"


def test_a_cut_file_is_told(signed, tmp_path):
    data = signed.read_bytes()
    (tmp_path / "cut.mp4").write_bytes(data[: len(data) * 2 // 3])
    assert credentials.read(tmp_path / "cut.mp4").state == "altered"


def test_a_strangers_signature_is_unknown_and_not_altered(signed, tmp_path, monkeypatch):
    monkeypatch.setenv(keys.FOLDER, str(tmp_path / "other"))
    found = credentials.read(signed)
    assert found.state == "unknown" and "does not know" in found.detail


def test_a_file_without_any_is_missing_them(tmp_path):
    assert credentials.read(samples.path("person_a")).state == "missing"
    shutil.copy(samples.path("person_a"), tmp_path / "a.mkv")
    assert credentials.read(tmp_path / "a.mkv").state == "missing"


def test_it_asks_nobody(tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket, "socket", refuse)
    credentials.sign(samples.path("truth_a_as_b"), tmp_path / "out.mp4", samples.path("person_a"), SAID)
    assert credentials.read(tmp_path / "out.mp4").state == "intact"


ALONE = """
import socket, sys
from faceswap_lib.trust import credentials
from faceswap_lib.trust.statement import Statement
try:
    socket.create_connection(("192.0.2.1", 80), 0.2)
except OSError as error:
    print(error.errno)
video, source, out = sys.argv[1:]
from pathlib import Path
credentials.sign(Path(video), Path(out), source, Statement("test", "0" * 64))
print(credentials.read(out).state)
"""


@pytest.mark.skipif(
    subprocess.run(["unshare", "-rn", "true"], check=False).returncode != 0 if shutil.which("unshare") else True,
    reason="needs a system that lends a process a network of its own, with nothing in it",
)
def test_it_is_signed_and_read_where_there_is_no_network(tmp_path):
    clips = [str(samples.path(name)) for name in ("truth_a_as_b", "person_a")]
    command = ["unshare", "-rn", sys.executable, "-c", ALONE, *clips, str(tmp_path / "out.mp4")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [str(errno.ENETUNREACH), "intact"]


def test_what_cannot_be_signed_is_one_sentence(tmp_path):
    (tmp_path / "no.mp4").write_bytes(b"no video")
    with pytest.raises(UserError, match="cannot be signed"):
        credentials.sign(tmp_path / "no.mp4", tmp_path / "out.mp4", samples.path("person_a"), SAID)


@pytest.mark.parametrize("name", ("source.ts", "source.mp4"))
def test_a_source_that_nobody_can_look_into_is_a_parent_still(tmp_path, name):
    (tmp_path / name).write_bytes(b"G" + bytes(187))
    credentials.sign(samples.path("truth_a_as_b"), tmp_path / "out.mp4", tmp_path / name, SAID)
    assert credentials.read(tmp_path / "out.mp4").state == "intact"
