"""A browser, and JupyterLab as setup/lab.sh starts it, on a copy of the kit at the smallest size."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import hands
import pytest
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).parents[2]
SETTINGS = {"windowingMode": "none"}  # or cells out of sight are not on the page to be found


@pytest.fixture(scope="module")  # Playwright holds the thread's event loop, which other tests need
def browser() -> Iterator[Browser]:
    """This machine's own browser; where there is none, the tests that need it are skipped."""
    path = hands.browser_path()
    if not path:
        pytest.skip(
            f"No browser here ({', '.join(hands.BROWSERS)}), so no lesson was tried in one: apt install chromium"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def smaller(book: Path) -> None:
    """A lesson's own settings cell with the profile smoke."""
    text = json.loads(book.read_text(encoding="utf-8"))
    for cell in text["cells"]:
        if "parameters" in cell["metadata"].get("tags", []):
            cell["source"] = re.sub(r'(?m)^profile = "\w+"', 'profile = "smoke"', "".join(cell["source"]))
    book.write_text(json.dumps(text), encoding="utf-8")


@pytest.fixture(scope="module")
def lab(browser, tmp_path_factory) -> Iterator[hands.Lab]:
    """JupyterLab on a copy of the kit: lab.sh itself, this Python for .venv, lessons with the profile smoke."""
    root = tmp_path_factory.mktemp("kit")
    for folder in (".venv/bin", "home/settings/@jupyterlab/notebook-extension"):
        (root / folder).mkdir(parents=True)
    shutil.copytree(ROOT / "setup", root / "setup", ignore=shutil.ignore_patterns("samples", "base", "oci", "vm"))
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for book in (root / "notebooks").rglob("*.ipynb"):
        smaller(book)
    (root / "setup/env.sh").write_text("exit 0\n")
    python = root / ".venv/bin/python"
    python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    settings = root / "home/settings"
    (settings / "@jupyterlab/notebook-extension/tracker.jupyterlab-settings").write_text(json.dumps(SETTINGS))
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = ["bash", root / "setup/lab.sh", "--no-browser", f"--port={port}", "--LabApp.expose_app_in_browser=True"]
    command += ["--allow-root"] * (os.getuid() == 0)
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")]))
    own = {"HOME": str(root / "home"), "JUPYTER_CONFIG_PATH": "", "PYTHONPATH": paths, "JUPYTER_PREFER_ENV_PATH": "1"}
    own |= {"JUPYTERLAB_SETTINGS_DIR": str(settings), "OCI_CONFIG_FILE": str(root / "there is none")}
    said = root / "said"
    with said.open("w") as out:
        process = subprocess.Popen(command, env=os.environ | own, stdout=out, stderr=out, start_new_session=True)
    try:
        yield started(process, said, root, f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(hands.READY)


def started(process: subprocess.Popen, said: Path, root: Path, address: str) -> hands.Lab:
    """The server, once it has printed its token and answers, which is a moment later."""
    until, lessons = time.monotonic() + hands.READY, "workbook/"
    while time.monotonic() < until:
        assert process.poll() is None, said.read_text()
        if found := re.search("token=([0-9a-f]{48})", said.read_text()):
            url = f"{address}/api/contents/{lessons}00_introduction.ipynb?content=0&token={found[1]}"
            with suppress(OSError), urllib.request.urlopen(url, timeout=hands.READY):
                return hands.Lab(address, found[1], root, lessons)
        time.sleep(0.2)
    raise AssertionError(f"JupyterLab serves no lessons: {said.read_text()}")


@pytest.fixture
def learner(browser, lab) -> Iterator[hands.Learner]:
    """A new window on that server."""
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    context.set_default_timeout(1000 * hands.READY)
    yield hands.Learner(context.new_page(), lab)
    context.close()
