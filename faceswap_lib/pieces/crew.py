"""Who works on the pieces of videos: this process alone, processes of its own, or a Dask cluster on any machines.

Dask runs what it is sent, here too: whoever reaches a scheduler rules its workers, and they rule who asks them. A
cluster started here speaks TLS with keys that are made for it and go with it; to another one it is Dask's own
configuration that says how (`distributed.comm`).
"""

import logging
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from socket import create_connection, gethostname
from threading import Event, current_thread, main_thread
from typing import Protocol, TypeVar
from urllib.parse import urlsplit

from faceswap_lib import UserError, __version__
from faceswap_lib.progress import note

R = TypeVar("R")
SPARE = 2  # pieces for each worker that are under way or wait to be taken: all of them at once would fill the disk
AGAIN = 2  # times that a piece is tried again after an error; after a worker's death Dask does so by itself
WAIT = 30  # seconds for the first worker
TLS = "DASK_DISTRIBUTED__COMM__TLS__"  # the environment's words for Dask's configuration, https://distributed.dask.org
KEYS = f"{TLS}CA_FILE, {TLS}CLIENT__CERT and {TLS}CLIENT__KEY"
ATONCE = 8  # videos that are put together here at a time, at most


class Crew(Protocol):
    """What works on pieces; far: in other processes, perhaps on other machines; width: videos that keep it busy."""

    far: bool
    width: int

    def each(self, work: Callable[..., R], tasks: Iterable[tuple], tell: Callable | None = None) -> Iterator[R]:
        """What `work` makes of each task (its arguments), in order; tell: a callback that work done here is given."""


class Alone:
    """This process, one piece after another."""

    far, width = False, 1

    def each(self, work: Callable[..., R], tasks: Iterable[tuple], tell: Callable | None = None) -> Iterator[R]:
        """As `Crew` says."""
        for task in tasks:
            yield work(*task, tell=tell)


ALONE = Alone()


class Workers:
    """The workers of a Dask cluster, through its client."""

    far = True

    def __init__(self, client: object):
        self._client, self.stopped = client, Event()

    @property
    def _many(self) -> int:
        return max(1, sum(self._client.nthreads().values()))

    @property
    def width(self) -> int:
        """As `Crew` says."""
        return min(ATONCE, self._many + 1)

    def each(self, work: Callable[..., R], tasks: Iterable[tuple], tell: Callable | None = None) -> Iterator[R]:
        """As `Crew` says; SPARE pieces a worker are under way, an error or a worker's death has a piece done again."""
        rest, waiting = iter(tasks), deque()
        try:
            more = True
            while more or waiting:
                while more and len(waiting) < SPARE * self._many:
                    task = next(rest, None)
                    if more := task is not None:
                        asked = (_done, (__version__, gethostname()), work, task)
                        waiting.append(self._client.submit(*asked, pure=False, retries=AGAIN))
                if waiting:
                    yield self._result(waiting.popleft())
        finally:
            with suppress(Exception):  # there may be no scheduler any more
                self._client.cancel(list(waiting), force=True)

    def _result(self, future: object) -> object:
        from distributed import CancelledError, KilledWorker
        from distributed.comm import CommClosedError

        try:
            while not future.done():
                if self.stopped.is_set():
                    raise UserError("Stopped.")
                with suppress(TimeoutError):
                    future.result(timeout=1)
            result, wrong = future.result()
        except KilledWorker as error:
            raise UserError(f"Several workers died over one piece ({error}); give them more memory.") from error
        except (CancelledError, CommClosedError) as error:
            raise UserError(f"The Dask scheduler is gone ({error}); start it, and run this again.") from error
        except ModuleNotFoundError as error:
            raise UserError(f"A worker lacks a package ({error}); install this kit there, the same version.") from error
        if wrong:
            raise UserError(wrong)
        return result


def _done(who: tuple[str, str], work: Callable[..., R], task: tuple) -> tuple[R | None, str]:
    """What a worker makes of a task, and what a user must mend: that is not tried again. who: version, host."""
    (version, host), here = who, gethostname()
    if version != __version__:
        return None, f"A worker has version {__version__} of this kit, and {version} asks it; install the same there."
    try:
        return work(*task), ""
    except UserError as error:
        needs = f" (So says the worker on {here}: it needs the same files under the same paths as {host}.)"
        return None, f"{error}{needs if here != host else ''}"


@contextmanager
def crew(address: str | None = None, workers: int | None = None) -> Iterator[Crew]:
    """Who works: the cluster whose scheduler is at an address, so many processes here, or without both this process.

    UserError: both are given, or there is no scheduler or no worker.
    """
    if address and workers:
        raise UserError("Give --dask ADDRESS or --workers N, not both: a cluster has the workers that it has.")
    if not address and not workers:
        yield ALONE
        return
    with _quiet(), _cluster(workers) if workers else _client(address) as client:
        found = Workers(client)
        with _heard(found.stopped):
            yield found


@contextmanager
def _heard(stopped: Event) -> Iterator[None]:
    """Ctrl-C reaches the main thread alone: those that wait for workers are told."""

    def told(word: int, frame: object) -> None:
        stopped.set()
        return before[word](word, frame)

    mine = current_thread() is main_thread()
    words = [word for word in (signal.SIGINT, signal.SIGTERM) if mine and callable(signal.getsignal(word))]
    before = {word: signal.signal(word, told) for word in words}
    try:
        yield
    finally:
        for word, handler in before.items():
            signal.signal(word, handler)


@contextmanager
def _quiet() -> Iterator[None]:
    """Dask tells of every worker that comes and goes; what matters is said here."""
    logger = logging.getLogger("distributed")
    level = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        yield
    finally:
        logger.setLevel(level)


@contextmanager
def _cluster(workers: int) -> Iterator[object]:
    """So many processes of this machine; nobody else on it has their keys, and nothing is listening beyond it."""
    import dask
    from distributed import Client, LocalCluster

    how = {"host": "127.0.0.1", "security": True, "dashboard_address": "127.0.0.1:0", "memory_limit": 0}
    how |= {"processes": True, "threads_per_worker": 1, "silence_logs": logging.CRITICAL}
    how["scheduler_kwargs"] = {"dashboard": False}
    # or anybody on this machine could look at what they do, by HTTP and without a key
    mute = {f"distributed.{who}.http.routes": [] for who in ("scheduler", "worker")}
    with dask.config.set(mute), LocalCluster(n_workers=workers, **how) as cluster:
        with Client(cluster, set_as_default=False) as client:
            yield client


@contextmanager
def _client(address: str) -> Iterator[object]:
    """The client of a scheduler elsewhere."""
    from distributed import Client, Security

    where = urlsplit(address)
    try:
        if where.scheme not in ("tls", "tcp") or not where.hostname or not where.port:
            raise ValueError("that is no address of one")
        if where.scheme == "tls" and not Security().get_connection_args("client")["ssl_context"]:
            raise ValueError(f"Dask has no keys for it: set {KEYS}")
        create_connection((where.hostname, where.port), WAIT).close()  # or Dask would try until its time is over
        if where.scheme != "tls":
            note(
                f"{address} does not begin with tls://: whoever reaches or takes that port can run anything, here too."
            )
        client = Client(address, set_as_default=False, timeout=WAIT)
    except (OSError, ValueError, TypeError, AssertionError) as error:
        # an AssertionError says nothing: keys of another authority
        why = str(error) or "it does not take these keys"
        raise UserError(f"No scheduler answers at {address} ({why}); give its address, tls://HOST:8786.") from error
    with client:
        try:
            client.wait_for_workers(1, timeout=WAIT)
        except TimeoutError as error:
            raise UserError(f"The scheduler at {address} has no worker; start some: dask worker {address}.") from error
        yield client
