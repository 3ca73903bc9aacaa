"""The file that is read: is it there, which of its streams is the picture, and one sentence where it is no video."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import av

from faceswap_lib import UserError
from faceswap_lib.files import check_name
from faceswap_lib.media.codec import blame
from faceswap_lib.strangers import PIXELS

# FFmpeg's AV_DISPOSITION_ATTACHED_PIC and _TIMED_THUMBNAILS: a cover picture is no video.
NO_VIDEO = 1 << 10 | 1 << 11
# How far FFmpeg reads, in microseconds and bytes, to find out how a sound is coded that begins late.
DEEP = {"analyzeduration": "600000000", "probesize": str(1 << 28)}
PICTURES = {".bmp", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp"}
UNREADABLE = "is not a video, or its beginning or end is missing; copy or export it again."


@contextmanager
def opened(path: str | Path) -> Iterator[av.VideoStream]:
    """The stream that is a file's picture, the largest if there are several; its `container` has the rest."""
    path = check_file(path)
    with blame(path, UNREADABLE):
        # Absolute, because FFmpeg takes what stands before a colon for a protocol.
        container = av.open(str(path.absolute()), metadata_errors="replace")
        if not all(map(is_known, container.streams.audio)):
            container.close()
            container = av.open(str(path.absolute()), metadata_errors="replace", options=DEEP)
    with container:
        pictures = [each for each in container.streams.video if not each.disposition & NO_VIDEO]
        if not pictures:
            raise UserError(f"'{path}' holds no moving picture; choose a video.")
        stream = max(pictures, key=lambda each: each.width * each.height if each.codec_context else 0)
        if stream.codec_context is None:
            raise UserError(f"'{path}' is encoded in a way that cannot be decoded here; export it as H.264.")
        codec = stream.codec_context
        if codec.width * codec.height > PIXELS:
            raise UserError(f"'{path}' has {codec.width} × {codec.height} pixels, too many to swap; export it smaller.")
        codec.options = {"max_pixels": str(PIXELS)}  # nor may it grow in the middle
        yield stream


def is_known(sound: av.AudioStream) -> bool:
    """Whether it was found out how a sound is coded."""
    return bool(sound.codec_context and sound.codec_context.sample_rate)


def check_file(path: str | Path) -> Path:
    """The path of a file that may be a video; UserError says why it is none."""
    path = check_name(path)
    if path.is_dir():
        raise UserError(f"'{path}' is a folder; {_of_pictures(path) or 'name one video'}.")
    if not path.is_file():
        raise UserError(
            f"'{path}' is not a file; name one video."
            if path.exists()
            else f"There is no file '{path}'; check the path."
        )
    if not path.stat().st_size:
        raise UserError(f"'{path}' is empty; copy or download it again.")
    if _is_moving_webp(path):
        raise UserError(f"'{path}' is an animated WebP, which cannot be read here; export it as GIF or as H.264.")
    return path


def _of_pictures(folder: Path) -> str:
    """What to do with a folder of pictures; empty when it holds none."""
    with blame(folder, "cannot be read; choose another."):
        kinds = sorted({each.suffix for each in folder.iterdir() if each.suffix.lower() in PICTURES})
    how = "make one video of its pictures first: ffmpeg -framerate 25 -pattern_type glob -i"
    return f"{how} '{folder}/*{kinds[0]}' pictures.mp4" if kinds else ""


def _is_moving_webp(path: Path) -> bool:
    """By the first chunk of an extended file and its flag for animation (RFC 9649, section 2.7)."""
    with blame(path, UNREADABLE), open(path, "rb") as file:
        head = file.read(21)
    return head[:4] == b"RIFF" and head[8:16] == b"WEBPVP8X" and bool(head[20] & 2)
