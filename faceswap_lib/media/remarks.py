"""What is odd about a video's pictures, noted while they come by: damaged ones are counted, half ones made whole."""

from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

import av
from av.filter import Graph

NAMED = 5  # places that a sentence names


@dataclass
class Remarks:
    """Numbers and seconds of the frames that FFmpeg marks as damaged; frames that were interlaced; frames in all."""

    damaged: list[tuple[int, float]] = field(default_factory=list)
    interlaced: int = 0
    frames: int = 0

    def note(self, second: float, damaged: bool, interlaced: bool) -> None:
        """Take note of the next frame, shown at a second."""
        if damaged:
            self.damaged.append((self.frames, second))
        self.interlaced += interlaced
        self.frames += 1

    def add(self, later: "Remarks") -> None:
        """Go on with the remarks on the next piece of a video, whose numbers begin at 0."""
        self.damaged += [(self.frames + number, second) for number, second in later.damaged]
        self.interlaced += later.interlaced
        self.frames += later.frames

    def __str__(self) -> str:
        """What a user should know of it, in sentences; empty when nothing is odd."""
        told = []
        if self.damaged:
            places = _places(self.damaged)
            more = f" and {len(places) - NAMED} more places" if len(places) > NAMED else ""
            told.append(
                f"{len(self.damaged)} of {self.frames} frames are damaged in the source ({', '.join(places[:NAMED])}"
                f"{more}), and what builds on them may be: copy or export it again if you can."
            )
        if self.interlaced:
            told.append("The source is interlaced: of each frame's two half pictures one whole picture was made.")
        return " ".join(told)


def _places(damaged: list[tuple[int, float]]) -> list[str]:
    """Frames in a row as one place."""
    rows: list[list[tuple[int, float]]] = []
    for number, second in damaged:
        if rows and rows[-1][-1][0] == number - 1:
            rows[-1].append((number, second))
        else:
            rows.append([(number, second)])
    return [
        f"frame {row[0][0]} at {row[0][1]:.1f} s"
        if len(row) == 1
        else f"frames {row[0][0]} to {row[-1][0]} at {row[0][1]:.1f} to {row[-1][1]:.1f} s"
        for row in rows
    ]


def whole(decoded: Iterable[tuple[av.VideoFrame, bool]]) -> Iterator[tuple[av.VideoFrame, bool, bool]]:
    """(frame, damaged, was it interlaced) of (frame, damaged): two half pictures are made one, by FFmpeg's bwdif."""
    graph, shape, waiting, number = None, None, deque(), 0
    for frame, damaged in decoded:
        now = (frame.width, frame.height, frame.format.name)
        if graph and now != shape:
            yield from _drained(graph, waiting)
            graph = None
        if graph is None and frame.interlaced_frame:
            graph, shape = _deinterlacer(frame), now
        if graph is None:
            yield frame, damaged, False
            continue
        waiting.append((damaged, frame.interlaced_frame))
        # It wants times that rise; those who ask here have their own.
        number, frame.pts = number + 1, number
        graph.push(frame)
        yield from _pulled(graph, waiting)
    if graph:
        yield from _drained(graph, waiting)


def _deinterlacer(frame: av.VideoFrame) -> Graph:
    graph = Graph()
    filtered = graph.add("bwdif", mode="send_frame", deint="interlaced")
    graph.link_nodes(graph.add_buffer(frame), filtered, graph.add("buffersink")).configure()
    return graph


def _pulled(graph: Graph, waiting: deque) -> Iterator[tuple[av.VideoFrame, bool, bool]]:
    while True:
        try:
            frame = graph.pull()
        except (BlockingIOError, EOFError):
            return
        yield frame, *waiting.popleft()


def _drained(graph: Graph, waiting: deque) -> Iterator[tuple[av.VideoFrame, bool, bool]]:
    graph.push(None)
    yield from _pulled(graph, waiting)
