"""What a notebook shows when something goes wrong that a learner can mend: one sentence, its traceback folded."""

import html
import traceback
from types import TracebackType

from faceswap_lib import UserError

STOPPED = "Stopped. What was complete is kept; run the cell again when you like."


def as_sentences(shell: object) -> None:
    """Let an IPython shell show a UserError, and an interruption, as one sentence; all else as ever."""
    shell.set_custom_exc((UserError, KeyboardInterrupt), _show)


def sentence(value: BaseException) -> str:
    """What an error says, for a person."""
    return " ".join(str(value).split()) or (STOPPED if isinstance(value, KeyboardInterrupt) else type(value).__name__)


def _show(
    shell: object, kind: type, value: BaseException, trace: TracebackType, tb_offset: int | None = None
) -> list[str]:
    """Called by IPython, which hands what it returns to those who ask for the traceback later."""
    from IPython.display import HTML, display

    lines = [f"\x1b[1m{sentence(value)}\x1b[0m"]
    # the protocol's error, with its kind: papermill and the workshop read it
    shell._showtraceback(kind, sentence(value) if isinstance(value, KeyboardInterrupt) else value, lines)
    if isinstance(value, UserError):
        told = html.escape("".join(traceback.format_exception(kind, value, trace)))
        fold = "<details><summary>More: where it was said</summary>"
        display(HTML(f'{fold}<pre style="overflow-x:auto">{told}</pre></details>'))
    return lines
