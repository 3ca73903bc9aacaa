"""machine/orphan.py: a child ends with its parent, though that was killed, and however busy the child is."""

import os
import subprocess
import sys
import time

import psutil
import pytest

PARENT = """
import os, subprocess, sys, time
os.environ["JPY_PARENT_PID"] = str(os.getpid())
child = subprocess.Popen([sys.executable, "-c", sys.argv[1]], stdout=subprocess.PIPE, text=True)
print(child.pid, child.stdout.readline(), flush=True)
time.sleep(60)
"""
IDLE = """
import os, time
from faceswap_lib.machine import orphan
orphan.end_with(os.getppid())
print("up", flush=True)
time.sleep(60)
"""
KERNEL = """
import re
from faceswap_lib.machine import orphan
exec(orphan.KERNEL)
print("up" if "orphan" in globals() else "", flush=True)
re.match("(a+)+$", "a" * 40 + "b")  # hours, and no other thread of Python gets a turn
"""


@pytest.mark.parametrize("code", [IDLE, KERNEL] if sys.platform == "linux" else [IDLE])
def test_a_child_ends_when_its_parent_is_killed(code):
    parent = subprocess.Popen([sys.executable, "-c", PARENT, code], stdout=subprocess.PIPE, text=True)
    pid, word = parent.stdout.readline().split()
    child = psutil.Process(int(pid))
    assert word == "up"
    time.sleep(1)
    assert child.is_running(), "it ends without need"
    parent.kill()
    parent.communicate()
    try:
        assert gone(child), "it outlives its parent"
    finally:
        if child.is_running():
            child.kill()


def test_a_child_whose_parent_has_gone_before_it_looks_ends_too():
    code = "from faceswap_lib.machine import orphan; import time; orphan.end_with(1234567890); time.sleep(60)"
    assert subprocess.run([sys.executable, "-c", code], timeout=30).returncode == 1


def test_what_a_kernel_runs_leaves_no_name_behind():
    code = "import os; from faceswap_lib.machine import orphan; n = {}; exec(orphan.KERNEL, n); print(sorted(n))"
    environment = os.environ | {"JPY_PARENT_PID": str(os.getpid())}
    told = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert told.stdout.strip() == "['__builtins__']"


def gone(process: psutil.Process, seconds: float = 5) -> bool:
    """Whether a process ends within so many seconds; one that has ended and that nobody has asked after counts."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(0.05)
    return False
