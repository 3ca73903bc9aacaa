"""crew.py: work comes back in order, what fails is tried again, what a user must mend is said, nobody else gets in."""

import logging
import socket
import time
from pathlib import Path
from threading import Timer
from urllib.request import urlopen

import dask
import psutil
import pytest
from distributed import Client, LocalCluster, Security

from faceswap_lib import UserError
from faceswap_lib.pieces import crew

HERE = {"host": "127.0.0.1", "dashboard_address": "127.0.0.1:0", "processes": False, "silence_logs": logging.CRITICAL}


def slow_first(number: int, tell: object = None) -> int:
    time.sleep(0.5 if number == 0 else 0)
    return number * number


def noted(folder: Path, wrong: str) -> str:
    """Fails at the first two calls, or, with something wrong, each time."""
    calls = len(list(folder.iterdir()))
    (folder / str(calls)).touch()
    if wrong:
        raise UserError(wrong)
    if calls < 2:
        raise ValueError("once more")
    return "done"


def test_this_process_works_when_it_is_asked_and_tells():
    told = []

    def work(number: int, tell: object) -> int:
        tell(number)
        return -number

    with crew.crew() as alone:
        assert (alone.far, alone.width) == (False, 1)
        results = alone.each(work, [(1,), (2,)], told.append)
        assert told == [] and next(results) == -1 and told == [1] and next(results) == -2


def test_workers_give_results_in_order_and_try_again(two, tmp_path):
    assert two.far and two.width == 3
    assert list(two.each(slow_first, [(i,) for i in range(20)])) == [i * i for i in range(20)]
    assert list(two.each(slow_first, [])) == []
    assert list(two.each(noted, [(tmp_path, "")])) == ["done"] and len(list(tmp_path.iterdir())) == 3


def test_what_a_user_must_mend_is_said_once_and_the_rest_is_given_up(two, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="^mend this$"):
        list(two.each(noted, [(tmp_path, "mend this"), (tmp_path, "mend this")]))
    time.sleep(0.5)
    assert len(list(tmp_path.iterdir())) <= 2
    monkeypatch.setattr(crew, "gethostname", lambda: "here")
    with pytest.raises(UserError, match="mend this .So says the worker on .*same files under the same paths as here"):
        list(two.each(noted, [(tmp_path, "mend this")]))
    monkeypatch.setattr(crew, "__version__", "9.9")
    with pytest.raises(UserError, match="A worker has version .* of this kit, and 9.9 asks it"):
        list(two.each(noted, [(tmp_path, "")]))


def test_who_waits_for_workers_hears_that_it_is_over(two):
    Timer(0.3, two.stopped.set).start()
    try:
        with pytest.raises(UserError, match="Stopped"):
            list(two.each(time.sleep, [(20,)]))
    finally:
        two.stopped.clear()


def test_nobody_without_its_keys_gets_into_a_cluster_that_was_started_here(two):
    address = two._client.scheduler.address
    assert address.startswith("tls://127.0.0.1:")
    with pytest.raises((OSError, TypeError)):
        Client(address, timeout=2, security=Security.temporary())
    with pytest.raises((OSError, TypeError)):
        Client(address.replace("tls:", "tcp:"), timeout=2)
    us = [psutil.Process(), *psutil.Process().children(recursive=True)]
    open_to = [one.laddr for each in us for one in each.net_connections() if one.status == psutil.CONN_LISTEN]
    assert len(open_to) >= 3 and {where.ip for where in open_to} == {"127.0.0.1"}
    for where in open_to:
        for page in ("/info/main/workers.html", "/health", "/metrics", "/json/counts.json", "/"):
            with pytest.raises(OSError):
                urlopen(f"http://127.0.0.1:{where.port}{page}", timeout=1)


def test_a_scheduler_elsewhere_with_and_without_tls(capsys):
    with LocalCluster(n_workers=1, protocol="tcp://", **HERE) as cluster:
        with crew.crew(cluster.scheduler_address) as found:
            assert list(found.each(slow_first, [(3,)])) == [9]
        assert "does not begin with tls://: whoever reaches" in capsys.readouterr().err
    keys = Security.temporary()
    with LocalCluster(n_workers=1, security=keys, **HERE) as cluster:
        known = {"ca-file": keys.tls_ca_file, "client": {"cert": keys.tls_client_cert, "key": keys.tls_client_key}}
        known = {f"distributed.comm.tls.{name}": value for name, value in known.items()}
        with dask.config.set(known | {"distributed.comm.require-encryption": True}):
            with crew.crew(cluster.scheduler_address) as found:
                assert cluster.scheduler_address.startswith("tls://") and list(found.each(slow_first, [(4,)])) == [16]
        assert capsys.readouterr().err == ""


def test_no_scheduler_no_worker_and_too_much_said(monkeypatch):
    monkeypatch.setattr(crew, "WAIT", 1)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(UserError, match="Dask has no keys for it: set DASK_DISTRIBUTED__COMM__TLS__CA_FILE"):
        with crew.crew("tls://127.0.0.1:1"):
            pass
    for wrong in (address, "tcp://127.0.0.1:1", "carrier-pigeon://home", "tcp://home:port"):
        with (
            pytest.raises(UserError, match="No scheduler answers at .*give its address, tls://HOST:8786"),
            crew.crew(wrong),
        ):
            pass
    with LocalCluster(n_workers=0, protocol="tcp://", **HERE) as cluster:
        address = cluster.scheduler_address
        with pytest.raises(UserError, match=f"has no worker; start some: dask worker {address}"), crew.crew(address):
            pass
    with pytest.raises(UserError, match="not both"), crew.crew(address, 2):
        pass


def test_a_scheduler_that_goes_is_said():
    with LocalCluster(n_workers=1, protocol="tcp://", **HERE) as cluster, crew.crew(cluster.scheduler_address) as found:
        Timer(0.5, cluster.close).start()
        with pytest.raises(UserError, match="(?s)The Dask scheduler is gone .*start it, and run this again"):
            list(found.each(time.sleep, [(3,)]))
