"""The command line: `python -m faceswap_lib …` says the same words as the library and the notebooks.

Exit status: 0 success, 2 a user's error with one sentence on stderr, 1 our bug, 130 interrupted.
"""

import errno
import os
import signal
import sys

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")  # TensorFlow's greetings would bury our one sentence
os.environ.setdefault("GLOG_minloglevel", "3")

import typer  # noqa: E402

from faceswap_lib import UserError, strangers  # noqa: E402
from faceswap_lib.cli.verbs import app  # noqa: E402

UsageError = typer.BadParameter.__base__  # typer brings a click of its own and does not export this one
INTERRUPTED = 130  # what typer makes of Ctrl-C


def _hush_libraries() -> None:
    """Python keeps stderr; what MediaPipe and TensorFlow write past it, and there is no switch for, is dropped."""
    sys.stderr = os.fdopen(os.dup(2), "w", buffering=1, encoding="utf-8", errors="replace")
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 2)
    os.close(quiet)


def _stop_cleanly() -> None:
    """The system's wish to end (a closed terminal, a shutdown) is taken as Ctrl-C, unless nohup has it ignored."""
    for word in (signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(word) is not signal.SIG_IGN:
            signal.signal(word, signal.default_int_handler)


def main() -> int:
    """Run the command line; returns the exit status."""
    _hush_libraries()
    _stop_cleanly()
    try:
        status = app(standalone_mode=False) or 0
    except UserError as error:
        return _say(f"Error: {error}")
    except UsageError as error:
        return _say(f"Error: {error.format_message().rstrip('.')}; see --help.")
    except ImportError as error:  # Ctrl-C while a compiled module loads arrives as this
        if not isinstance(error.__cause__, KeyboardInterrupt):
            raise
        status = INTERRUPTED
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        return _say("Error: the disk is full; free some space and run the command again.")
    if status == INTERRUPTED:
        _say("Stopped. What was complete is kept; a training or a workshop goes on when it is started again.")
    return status


def _say(sentence: str) -> int:
    print(strangers.printable(" ".join(sentence.split())), file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main())
