"""When a file's pictures and sounds come: clocks that start late, wrap, go back or jump are set right, or refused.

A transport stream's clock has 33 bits and begins anywhere, and joined recordings bring one clock each. Here every file
becomes one recording that starts at 0: within each part all distances are kept, between pictures as between picture and
sound, and each part follows the one before.
"""

from array import array
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import av
import numpy as np

from faceswap_lib import UserError

# FFmpeg's AVFMT_TS_DISCONT: a format in which a jump is another recording rather than a pause, from 10 s on as FFmpeg
# has it too (its dts_delta_threshold).
DISCONTINUOUS, JUMP = 1 << 9, 10
# What lies before 0 is not played in these: the samples that an encoder begins with.
WITH_A_ZERO = {"mov", "matroska"}
ALIKE = 3  # seconds: by so much may picture and sound of one join differ, for they do not end at once
SLACK = 0.1  # seconds: less is noise
INTERLEAVED = 1000  # packets: so near to one another picture and sound of one moment lie in a file
REORDER = 17  # pictures
LAG = 25  # stamps in a row that may be wrong before it is called another recording


@dataclass
class Line:
    """One stream's packets that have a time: number in the stream, place in the file, times in ticks of `base`.

    stated: when they are to be decoded; times: these straightened; shown: when they are seen or heard.
    """

    base: Fraction
    number: np.ndarray
    place: np.ndarray
    stated: np.ndarray
    times: np.ndarray
    shown: np.ndarray
    step: float

    def seconds(self, ticks: float) -> float:
        return float(ticks * self.base)

    def breaks(self, jumps: bool, least: float = 0) -> np.ndarray:
        """Where the time goes back, jumps, or goes on by less than `least` steps and no neighbour by more; indices."""
        gaps = np.diff(self.times)
        near = np.pad(gaps, (0, 2)) + np.pad(gaps, 1) + np.pad(gaps, (2, 0))
        near = near[1:-1] < (2 + least) * self.step
        return np.flatnonzero((gaps < 0) | jumps & ((gaps > JUMP / self.base) | near & (gaps < least * self.step))) + 1

    def apart(self, k: int) -> float:
        """Seconds between packet k and where it would be expected."""
        return self.seconds(self.times[k] - self.times[k - 1] - self.step)


class Clock:
    """One file's clock: `note` every packet, `settle`, `begin`; from then on `told` gives packets at their times."""

    def __init__(self, picture: av.VideoStream):
        container = picture.container
        self.picture, self.places = picture.index, 0
        self.bases = {each.index: each.time_base for each in (picture, *container.streams.audio)}
        formats = set(container.format.name.split(","))
        self.jumps, self.zero = bool(container.format.flags & DISCONTINUOUS), bool(formats & WITH_A_ZERO)
        # Matroska does not store when a picture is to be decoded, and behind a join FFmpeg guesses wrong.
        self.guessed = "matroska" in formats
        self.counts, self.notes = Counter(), {index: array("q") for index in self.bases}
        # By stream: from which packet on it is moved by how many seconds, and single packets' corrections in ticks.
        self.cuts: dict[int, dict[int, Fraction]] = {index: {} for index in self.bases}
        self.stray: dict[int, dict[int, int]] = {index: {} for index in self.bases}
        self.first: dict[int, tuple[int, int]] = {}
        self.start = Fraction(0)

    def note(self, packet: av.Packet) -> None:
        """Take note of a packet, in the order of the file."""
        index = packet.stream.index
        self.places += 1
        if not packet.size or index not in self.bases:
            return
        number, time = self.counts[index], packet.dts
        self.counts[index] += 1
        if time is None:
            return
        self.first.setdefault(index, (number, time))
        shown = time if packet.pts is None else packet.pts
        self.notes[index].extend((number, self.places, time, shown, packet.duration or 0))

    def settle(self, path: str | Path) -> None:
        """Find where one recording ends and another begins; UserError where picture and sound disagree on it."""
        lines = {index: self._line(index) for index in self.bases if self.notes[index]}
        self.notes.clear()
        sounds = {index: line for index, line in lines.items() if index != self.picture}
        left = {index: set(line.breaks(self.jumps).tolist()) for index, line in sounds.items()}
        picture, shift, before = lines.get(self.picture), Fraction(0), dict.fromkeys(lines, 0)
        for k in picture.breaks(self.jumps, 0.75 if sounds else 0.25).tolist() if picture else ():
            at = {index: _partner(picture, k, line, left[index]) for index, line in sounds.items()}
            if None in at.values():
                if picture.apart(k) < -SLACK:
                    raise UserError(_torn(path, "picture", "sound", picture, k))
                continue
            for index, j in at.items():
                left[index] -= {j}
            at[self.picture] = k
            self._set_last(picture, k - 1)
            both = [(lines[index], before[index], j) for index, j in at.items()]
            shift += max(_overlap(line, low, cut) for line, low, cut in both if low < cut < len(line.times))
            before = at
            for index, j in at.items():
                if j < len(lines[index].times):
                    self.cuts[index][int(lines[index].number[j])] = shift
        for index, line in sounds.items():
            if back := [j for j in sorted(left[index]) if line.apart(j) < -SLACK]:
                raise UserError(_torn(path, "sound", "picture", line, back[0]))
            self._set_rising(index, line)

    def begin(self, first: int) -> int:
        """Let the recording begin at 0, its first picture being at `first`; returns that picture's new time, ticks."""
        base, starts = self.bases[self.picture], []
        for index in self.first.keys() - {self.picture}:
            number, tick = self.first[index]
            time = tick * self.bases[index] + self.cuts[index].get(number, 0)
            starts.append(max(time, 0) if self.zero else time)
        self.start = min([first * base, *starts])
        return first - round(self.start / base)

    def told(self, packets: Iterable[av.Packet]) -> Iterator[av.Packet]:
        """A file's packets at the times at which they belong."""
        counts, moves = Counter(), dict.fromkeys(self.bases, -self.start)
        for packet in packets:
            index = packet.stream.index
            if packet.size and index in moves:
                number, cuts = counts[index], self.cuts[index]
                counts[index] += 1
                if number in cuts:
                    moves[index] = cuts[number] - self.start
                if packet.is_corrupt and (number + 1 in cuts or number + 2 in cuts):
                    # FFmpeg takes the next recording's packet for a gap in this one.
                    packet.is_corrupt = False
                move, stray = round(moves[index] / self.bases[index]), self.stray[index].get(number, 0)
                if move or stray:
                    packet.pts = None if packet.pts is None else packet.pts + move + stray
                    packet.dts = None if packet.dts is None else packet.dts + move + stray * (index != self.picture)
            yield packet

    def _set_last(self, picture: Line, k: int) -> None:
        """FFmpeg may reckon when a recording's last picture is shown by the next one's clock."""
        delays = picture.shown - picture.times
        usual = round(float(np.median(delays)))
        if abs(delays[k] - usual) > REORDER * picture.step or np.mean(delays == usual) > 0.9:
            self.stray[self.picture][int(picture.number[k])] = int(usual - delays[k])
            picture.shown[k] = picture.times[k] + usual

    def _set_rising(self, index: int, line: Line) -> None:
        """Sound that lies over other sound at a join, by less than is refused, catches up."""
        moves, move = np.zeros(len(line.times), np.int64), 0
        for k, number in enumerate(line.number.tolist()) if self.cuts[index] else ():
            move = round(self.cuts[index].get(number, move * line.base) / line.base)
            moves[k] = move
        final = rising(line.times + moves, line.step) - moves
        for k in np.flatnonzero(final != line.stated).tolist():
            self.stray[index][int(line.number[k])] = int(final[k] - line.stated[k])

    def _line(self, index: int) -> Line:
        number, place, times, shown, duration = np.array(self.notes[index], np.int64).reshape(-1, 5).T
        base = self.bases[index]
        if self.guessed and index == self.picture:
            times = in_order(shown)
        gaps = np.diff(times)
        step = float(np.median(gaps[gaps > 0])) if (gaps > 0).any() else float(np.median(duration)) or 1.0
        straight = straightened(times, step)
        return Line(base, number, place, times, straight, shown if index == self.picture else straight, step)


def straightened(times: np.ndarray, step: float) -> np.ndarray:
    """Time stamps (N,) in ticks, those that do not rise but should spread evenly between their neighbours.

    One stamp said twice, one far ahead, some that stand still: where what comes before and after is about as far apart
    as packets of `step` ticks are, those between are wrong. All others stay as they are, also where time goes back.
    """
    times = times.copy()
    for k in (np.flatnonzero(np.diff(times) <= 0) + 1).tolist():
        ends = ((k - 2, k), *((k - 1, j) for j in range(k + 1, min(k + LAG, len(times)))))
        for low, high in ends if times[k] <= times[k - 1] else ():
            many = high - low
            if many > 3 and np.median(np.diff(times[k:high])) > step / 2:
                break  # they go on well among themselves
            if low >= 0 and (many - 0.8) * step < times[high] - times[low] < 3 * many * step:
                times[low + 1 : high] = np.round(np.linspace(times[low], times[high], many + 1))[1:-1]
                break
    return times


def in_order(shown: np.ndarray) -> np.ndarray:
    """When packets (N,) are shown, in ticks, sorted within each recording: they lie in the order of decoding.

    Of any 17 in a row one is shown after all before (H.264 reorders by 16 at most), or another recording has begun.
    """
    parts = []
    while len(shown) > REORDER:
        ahead = np.lib.stride_tricks.sliding_window_view(shown[1:], REORDER).max(1)
        behind = np.flatnonzero(ahead < np.maximum.accumulate(shown)[: len(ahead)])
        if not len(behind):
            break
        # It began with the greatest step back.
        cut = int(behind[0]) + 1 + int(np.argmin(np.diff(shown[behind[0] :])[:REORDER]))
        parts.append(np.sort(shown[:cut]))
        shown = shown[cut:]
    return np.concatenate([*parts, np.sort(shown)])


def rising(times: np.ndarray, step: float) -> np.ndarray:
    """Time stamps (N,) in ticks, `straightened`, each later than the one before."""
    times, most = straightened(times, step), None
    for k in (np.flatnonzero(np.diff(times) <= 0) + 1).tolist():
        most = np.maximum.accumulate(times[::-1])[::-1] if most is None else most
        while k < len(times) and times[k] <= times[k - 1]:
            # At half a step until the others have been caught up with, or there are none.
            times[k] = times[k - 1] + max(1, round(step if most[k] <= times[k - 1] else step / 2))
            k += 1
    return times


def _partner(picture: Line, k: int, line: Line, breaks: set[int]) -> int | None:
    """The packet of a sound with which the recording begins that the picture's packet k begins."""
    near = [j for j in breaks if abs(line.apart(j) - picture.apart(k)) < ALIKE]
    near = [j for j in near if abs(line.place[j] - picture.place[k]) < INTERLEAVED]
    if near:
        return min(near, key=lambda j: abs(line.place[j] - picture.place[k]))
    j = int(np.searchsorted(line.place, picture.place[k]))
    if not 0 < j < len(line.times):
        return j
    certain = abs(picture.apart(k)) > SLACK or picture.times[k] - picture.times[k - 1] < picture.step / 4
    return j if certain and abs(line.apart(j) - picture.apart(k)) < 5 * SLACK else None


def _overlap(line: Line, low: int, cut: int) -> Fraction:
    """Seconds by which a stream's packets from `cut` on must move to follow those from `low` on."""
    end = line.shown[low:cut].max() + round(line.step)
    return int(end - line.shown[cut : cut + LAG].min()) * line.base


def _torn(path: str | Path, one: str, other: str, line: Line, k: int) -> str:
    went, at = -line.apart(k), line.seconds(line.times[:k].max() - line.times[0])
    return (
        f"'{path}' has a clock that goes back by {went:.1f} s in its {one} and not in its {other}, {at:.1f} s "
        "after its start, so nobody can tell which of them belong together; export it again."
    )
