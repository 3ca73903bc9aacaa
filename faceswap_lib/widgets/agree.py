"""A small form that writes the record of consent for videos of one's own (trust/consent.py). A record, not a lock."""

import html
from datetime import date
from pathlib import Path

import ipywidgets

from faceswap_lib import UserError
from faceswap_lib.display.live import Live
from faceswap_lib.media import video
from faceswap_lib.trust import consent
from faceswap_lib.widgets import controls

NOBODY = "The built-in people do not exist, so no record of consent is needed."
ASK = (
    "<b>Whose faces are these?</b> Before the video is written, say who is shown and that they have agreed. The record "
    "stays on this machine; the video names it by a number out of which nobody can read a name."
)
AGREED = "B's face in A's video, in a workshop on deepfakes; shown to nobody else"
MEANS = ("in writing", "said so before a camera", "it is me in both videos")
ONESELF = "a swap of this person with themselves, in a workshop on deepfakes; shown to nobody else"
WHO = {"a": "Who is in A's video", "b": "Who is in B's video"}


def form(run: str | Path, clip_a: str | Path, clip_b: str | Path, given: str | Path = "") -> "Form":
    """Fields for the record of a run's two videos, or of one twice; given: the file of one, "" for none."""
    return Form(Path(run), {"a": Path(clip_a), "b": Path(clip_b)}, given)


class Form(Live):
    """names: "a", "b" -> the field, if that video is not built in; agreed, means, until, sure, write: the others."""

    def __init__(self, run: Path, clips: dict[str, Path], given: str | Path):
        self.run, self.clips, self.given = run, clips, given
        digests = {video.sha256(path): side for side, path in reversed(clips.items())}  # one video twice is one field
        own = sorted(side for digest, side in digests.items() if digest not in consent.built_in())
        self.alone = len(digests) == 1
        wide = {"style": controls.WIDE, "layout": {"width": "560px", "max_width": "100%"}}
        self.names = {side: ipywidgets.Text(description=WHO[side], **wide) for side in own}
        self.agreed = ipywidgets.Text(ONESELF if self.alone else AGREED, description="To what they agreed", **wide)
        self.means = ipywidgets.Combobox(value=MEANS[0], options=MEANS, description="How they said so", **wide)
        self.until = ipywidgets.DatePicker(value=date.today() + consent.YEAR, description="Until", style=controls.WIDE)
        self.sure = controls.tick("Everybody who is seen knows that this makes a deepfake, and has agreed", False)
        self.write = ipywidgets.Button(description="Write the record", disabled=True, layout={"width": "auto"})
        self.told = ipywidgets.HTML(controls.status(self._state()))
        self.sure.observe(lambda change: setattr(self.write, "disabled", not change.new), "value")
        self.write.on_click(lambda _: self._wrote())
        fields = (*self.names.values(), self.agreed, self.means, self.until, self.sure, self.write)
        rows = (ipywidgets.HTML(controls.status(ASK)), *fields) if own else ()
        super().__init__(controls.outer("agree", *rows, self.told), self._page)

    @property
    def file(self) -> Path | None:
        """The record that holds for this run, the newest one; None where there is none."""
        return consent.kept(self.run, self.given)

    def _state(self) -> str:
        """What is known of the consent for these videos, as HTML."""
        try:
            agreed = consent.asked(self.file, *map(str, self.clips.values()))
        except UserError as error:
            return html.escape(str(error)) if self.file else "There is no record yet."
        if agreed == consent.NONE_NEEDED:
            return NOBODY
        until = consent.read(self.file).until
        return f"The record is there: <b>{html.escape(str(self.file))}</b>, it holds until {until}."

    def _wrote(self) -> None:
        try:
            people = {s: consent.person(field.value, self.clips[s]) for s, field in self.names.items()}
            people |= {"b": people["a"]} if self.alone else {}
            said = {"agreed": self.agreed.value, "means": self.means.value, "until": self.until.value}
            self.run.mkdir(parents=True, exist_ok=True)
            consent.new(self._free(), people.get("a"), people.get("b"), **said)
            self.told.value = controls.status(self._state())
        except UserError as error:
            self.told.value = controls.status(f"<b>{html.escape(str(error))}</b>")

    def _free(self) -> Path:
        """The name of a record that nothing has yet; what was agreed before stays."""
        path, number = self.run / consent.NAME, 2
        while path.exists():
            path, number = self.run / f"consent-{number}.json", number + 1
        return path

    def _page(self) -> str:
        """What was asked and what is known, for on a page nothing can be filled in."""
        return self.told.value if not self.names else controls.status(ASK) + self.told.value
