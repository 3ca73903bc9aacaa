"""Two videos of one's own: sent from the browser or named by their path, checked, and kept in the run's folder."""

import hashlib
import html
import re
import shutil
from collections.abc import Callable
from pathlib import Path

import ipywidgets

from faceswap_lib import UserError, files
from faceswap_lib.display.live import Live
from faceswap_lib.media import video
from faceswap_lib.widgets import controls

FOLDER, MOST, LARGEST = "videos", 100, 4000  # of the run; MB sent from a browser; MB copied from a path
ENDINGS = (".mp4", ".mov", ".mkv", ".webm", ".avi", ".m4v")
CONSENT = (
    "<b>Only faces of people who agreed.</b> Take a video only of yourself, or of somebody who knows what is done "
    "with it and said yes, in writing where they are not in the room. Not of children. Fame is no consent. Lab 5 puts "
    "it on record."
)
HOW = (
    f"Up to {MOST} MB can be sent here. A larger one, or one that does not arrive: drop it into the file browser "
    "on the left, and type its name."
)


def videos(run: str | Path) -> "Upload":
    """Fields for A's and B's video, once consent is said; they are kept in the folder `videos` of the run."""
    return Upload(run)


class Upload(Live):
    """agreed: the consent; send, path, take: for "a" and "b" each; paths: "a", "b" -> where a checked video lies."""

    def __init__(self, run: str | Path):
        self.run, self.paths = Path(run), {}
        self.agreed = controls.tick("Everybody who is seen has agreed", False)
        self.send, self.path, self.take, self.told = {}, {}, {}, ipywidgets.HTML(controls.status(HOW))
        rows = [self._row(side) for side in "ab"]
        self.agreed.observe(lambda change: self._open(change.new), "value")
        self._open(False)
        super().__init__(controls.outer("upload", ipywidgets.HTML(CONSENT), self.agreed, *rows, self.told), self._page)

    def _row(self, side: str) -> ipywidgets.HBox:
        name = side.upper()
        self.send[side] = ipywidgets.FileUpload(accept="video/*", description=f"Send {name}'s video")
        self.send[side].layout.width = "auto"
        self.path[side] = ipywidgets.Text(description=f"or {name}'s file, by name", style=controls.WIDE)
        self.path[side].continuous_update, self.path[side].layout = False, {"width": "480px", "max_width": "100%"}
        self.take[side] = ipywidgets.Button(description=f"Take {name}'s file", layout={"width": "auto"})
        self.send[side].observe(lambda change: self._sent(side, change.new), "value")
        self.take[side].on_click(lambda _: self._named(side))
        return controls.line(self.send[side], self.path[side], self.take[side])

    def _open(self, agreed: bool) -> None:
        for side in self.send:
            for control in (self.send[side], self.path[side], self.take[side]):
                control.disabled = not agreed

    def _sent(self, side: str, value: tuple) -> None:
        if value:
            self._keep(side, lambda: sent(self.run, value[0]["name"], value[0]["content"]))
            self.send[side].value = ()  # or the kernel would hold it twice

    def _named(self, side: str) -> None:
        self._keep(side, lambda: copied(self.run, self.path[side].value.strip()))

    def _keep(self, side: str, taken: Callable[[], Path]) -> None:
        try:
            if not self.agreed.value:
                raise UserError("Say first that everybody who is seen has agreed.")
            self.paths[side] = taken()
        except UserError as error:
            self.told.value = controls.status(f"<b>{html.escape(str(error))}</b>") + self._lines()
            return
        info = video.probe(self.paths[side])
        facts = f"{info.width} × {info.height} pixels, {info.frames} frames, {info.duration:.0f} s"
        sound = "with sound" if info.has_audio else "without sound"
        self.told.value = controls.status(f"{side.upper()}'s video is there: {facts}, {sound}.") + self._lines()

    def _lines(self) -> str:
        """The settings that use what is there."""
        lines = [f'video_{side} = "{path.resolve()}"' for side, path in sorted(self.paths.items())]
        say = controls.status("Put this into the settings above, and into those of labs 4 to 6:")
        return say + controls.code("\n".join(lines)) if lines else ""

    def _page(self) -> str:
        return controls.status(CONSENT) + self.told.value


def sent(run: str | Path, name: str, content: bytes | memoryview) -> Path:
    """Keep a video that a browser sent, once it is found to be one; UserError in one sentence where it is not."""
    if len(content) > MOST * 1e6:
        raise UserError(f"{name} has {len(content) / 1e6:.0f} MB. {HOW}")
    digest = hashlib.sha256(content).hexdigest()
    return _kept(Path(run) / FOLDER, name, digest, len(content), lambda part: part.write_bytes(content))


def copied(run: str | Path, path: str | Path) -> Path:
    """Keep a copy of a video on this machine, e.g. one dropped into JupyterLab's file browser; UserError as `sent`."""
    if not str(path):
        raise UserError("Type the name of a file first, as the file browser shows it.")
    path = Path(path).expanduser()
    size = video.probe(path).path.stat().st_size
    if size > LARGEST * 1e6:
        raise UserError(f"{path} has {size / 1e6:.0f} MB, more than {LARGEST}; cut out half a minute of it.")
    return _kept(Path(run) / FOLDER, path.name, video.sha256(path), size, lambda part: shutil.copyfile(path, part))


def _kept(folder: Path, name: str, digest: str, size: int, write: Callable[[Path], object]) -> Path:
    """A checked video under a name that nothing had; the same video is kept once."""
    files.room(folder, size + files.RESERVE, "this video")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with files.alone(folder, "upload"):
            for there in sorted(folder.glob("[!.]*")):
                if there.is_file() and there.stat().st_size == size and files.sha256(there) == digest:
                    return there
            out = _free(folder / _plain(name))
            with files.whole(out) as part:
                write(part)
                _check(part, name)
            return out
    except OSError as error:
        raise UserError(f"{name} cannot be written into {folder} ({error.strerror}); free some space.") from error


def _check(part: Path, name: str) -> None:
    try:
        video.probe(part)
    except UserError as error:
        raise UserError(str(error).replace(str(part), name)) from error


def _plain(name: str) -> str:
    """A name without path, signs that a shell or a page takes for something, or undue length; the ending stays."""
    path = Path(name.replace("\\", "/")).name
    stem, ending = Path(path).stem, Path(path).suffix.lower()
    stem = re.sub(r"[^\w.-]+", "_", stem).strip("._") or "video"
    return stem[:60] + (ending if ending in ENDINGS else ".mp4")


def _free(path: Path) -> Path:
    """The path, or one with a number where something is there already."""
    number, out = 2, path
    while out.exists() or out.is_symlink():
        out, number = path.with_stem(f"{path.stem}-{number}"), number + 1
    return out
