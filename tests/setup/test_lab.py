"""lab.sh: its server lets nobody in without the token that it prints, and asks the network for nothing."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

SETUP = Path(__file__).parents[2] / "setup"
# What is behind the door: pages send a stranger to the login, the interface says no.
PAGES = ["/", "/lab", "/doc", "/files/workdir/report.html"]
PAGES += ["/view/workbook/00.ipynb", "/nbconvert/html/workbook/00.ipynb"]
CALLS = [f"/api/{name}" for name in ("contents", "kernels", "kernelspecs", "sessions", "terminals", "status", "me")]
CALLS += [f"/lab/api/{name}" for name in ("settings", "workspaces", "extensions", "news", "update")]
CALLS += ["/metrics", "/lsp/status", "/terminals/websocket/1", "/api/contents/workbook/00.ipynb"]


class Stay(urllib.request.HTTPRedirectHandler):
    """A redirection is an answer."""

    def redirect_request(self, *_: object) -> None:
        return None


def ask(url: str, token: str = "", data: bytes | None = None) -> tuple[int, bytes]:
    """Status and text of an address; 0 where nothing answers."""
    request = urllib.request.Request(url, data, {"Authorization": f"token {token}"} if token else {})
    try:
        with urllib.request.build_opener(Stay).open(request, timeout=20) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        return error.code, b""
    except OSError:
        return 0, b""


@pytest.fixture(scope="module")
def lab(tmp_path_factory) -> Iterator[tuple[str, str]]:
    """The address and the token of a server that lab.sh started, from a clone with a lesson that is ready to run."""
    root = tmp_path_factory.mktemp("clone")
    for folder in ("setup", "notebooks", "workdir", ".venv/bin", "home"):
        (root / folder).mkdir(parents=True)
    for name in ("lab.sh", "workbook.py"):
        shutil.copy(SETUP / name, root / "setup")
    (root / "workdir/report.html").write_text("<script>document.title = 'it ran'</script>")
    shutil.copytree(SETUP / "jupyter", root / "setup/jupyter")
    (root / "setup/env.sh").write_text("exit 0\n")
    (root / "notebooks/00.ipynb").write_text('{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}')
    shutil.copy(root / "notebooks/00.ipynb", root / "notebooks/start.ipynb")
    for folder in ("measured", "pictures"):
        (root / "notebooks" / folder).mkdir()
        (root / "notebooks" / folder / "one.json").write_text("{}")
    python = root / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["bash", root / "setup/lab.sh", "--no-browser", f"--port={port}"]
    if os.getuid() == 0:
        command.append("--allow-root")
    said, home = root / "said", {"HOME": str(root / "home"), "JUPYTER_CONFIG_PATH": ""}
    with said.open("w") as out:
        process = subprocess.Popen(command, env=os.environ | home, stdout=out, stderr=out)
    try:
        until = time.monotonic() + 90
        while not (found := re.search("token=([0-9a-f]{48})", said.read_text())) and time.monotonic() < until:
            assert process.poll() is None, said.read_text()
            time.sleep(0.2)
        while not ask(f"http://127.0.0.1:{port}/")[0] and time.monotonic() < until:  # it prints first, then listens
            time.sleep(0.2)
        yield f"http://127.0.0.1:{port}", found[1]
    finally:
        process.terminate()
        process.wait(30)


@pytest.mark.parametrize("path", [*PAGES, *CALLS])
def test_nobody_comes_in_without_the_token(lab, path):
    address, token = lab
    refused = 302 if path in PAGES else 403
    assert ask(address + path)[0] == refused
    assert ask(address + path, "f" * 48)[0] == refused and ask(address + path + "?token=")[0] == refused
    assert ask(address + path, token)[0] in ((404,) if "websocket" in path else (200, 302))


def test_it_opens_the_start_page_of_the_learners_own_copy(lab):
    address, token = lab
    assert ask(f"{address}/", token)[0] == 302
    with urllib.request.urlopen(f"{address}/?token={token}", timeout=20) as answer:
        assert answer.url.split("?")[0] == f"{address}/lab/tree/workbook/start.ipynb"
    there = json.loads(ask(f"{address}/api/contents/workbook", token)[1])["content"]
    assert {each["name"] for each in there} == {"00.ipynb", "start.ipynb"}, "what lessons only show is not in the way"
    assert ask(f"{address}/api/contents/workbook/measured/one.json", token)[0] == 200, "but can be linked to"


def test_what_a_run_makes_can_be_opened_and_gets_at_nothing(lab):
    address, token = lab
    request = urllib.request.Request(
        f"{address}/files/workdir/report.html", headers={"Authorization": f"token {token}"}
    )
    with urllib.request.urlopen(request, timeout=20) as answer:
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "sandbox allow-scripts" in answer.headers["Content-Security-Policy"], "its scripts run, and reach nobody"


def test_nobody_starts_anything_without_the_token(lab):
    address, token = lab
    for path in ("/api/kernels", "/api/terminals", "/api/sessions", "/api/contents"):
        assert ask(address + path, data=b"{}")[0] == 403
    assert json.loads(ask(address + "/api/kernels", token)[1]) == []


def test_it_asks_nobody_for_news_newer_versions_or_extensions(lab):
    address, token = lab
    page = ask(f"{address}/lab?token={token}")[1].decode()
    config = json.loads(re.search(r'<script id="jupyter-config-data"[^>]*>(.*?)</script>', page, re.DOTALL)[1])
    assert config["news"] == {"disabled": True}
    told = ask(f"{address}/lab/api/settings/@jupyterlab/apputils-extension:notification", token)[1]
    usual = {name: each["default"] for name, each in json.loads(told)["schema"]["properties"].items()}
    assert (usual["fetchNews"], usual["checkForUpdates"]) == ("false", False), "nor does it ask whether it may"
    assert json.loads(ask(f"{address}/lab/api/update", token)[1]) == {"notification": None}
    assert json.loads(ask(f"{address}/lab/api/news", token)[1]) == {"news": []}
    assert ask(f"{address}/lab/api/extensions", token, b'{"cmd": "install"}')[0] >= 400
    assert not re.search(r'(src|href)="(https?:)?//', page)
