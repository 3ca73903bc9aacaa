"""What every mark says about a video: that it is synthetic, out of what and by what it was made. Nothing personal."""

import hashlib
import json
from dataclasses import asdict, dataclass

from faceswap_lib import __version__
from faceswap_lib.trust import mark

# IPTC's digital source types; this one for a recording in which a trained network has drawn a part
SOURCE_TYPE = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"


@dataclass(frozen=True)
class Statement:
    """What a video is, every other file by its SHA-256.

    method: how the face was drawn; source: the video that was changed; model, person: the network's weights and the
    faceset of who was put in; consent: the record of it, or that none is needed; each None where there is none.
    """

    method: str
    source: str
    model: str | None = None
    person: str | None = None
    consent: str | None = None
    synthetic: bool = True
    what: str = "a face was swapped by a computer; what is seen has not happened so"
    kit: str = f"faceswap_lib {__version__}"
    digital_source_type: str = SOURCE_TYPE

    @property
    def said(self) -> dict:
        """All of it, in JSON's words."""
        return asdict(self)

    @property
    def number(self) -> int:
        """The number for the mark in the pixels: that of the facts themselves."""
        plain = json.dumps(self.said, sort_keys=True)
        return mark.number_of(hashlib.sha256(plain.encode()).hexdigest())
