"""play_loop.py: work goes on while others are heard, until it is stopped, fails, or stops itself."""

import asyncio

import pytest

from faceswap_lib.widgets.play_loop import Loop


def test_it_works_until_it_is_stopped_and_lets_others_run():
    done, told = [], []
    loop = Loop(lambda: done.append(1), told.append)

    async def hand() -> None:
        loop.start()
        loop.start()  # a second click does nothing
        await asyncio.sleep(0.15)
        loop.stop()
        before = len(done)
        await asyncio.sleep(0.1)
        assert loop.running is False and len(done) == before > 1

    asyncio.run(hand())
    assert told == [True, False]


def test_stopped_and_started_at_once_it_works_once():
    done = []
    loop = Loop(lambda: done.append(1))

    async def hand() -> None:
        for _ in range(3):
            loop.start()
            loop.stop()
        loop.start()
        await asyncio.sleep(0.01)
        assert len(done) <= 1 and loop.running
        loop.stop()

    asyncio.run(hand())


def test_work_that_fails_ends_it():
    def work() -> None:
        raise ValueError("no")

    told = []
    loop = Loop(work, told.append)

    async def hand() -> None:
        loop.start()
        with pytest.raises(ValueError, match="no"):
            await loop._task

    asyncio.run(hand())
    assert told == [True, False] and not loop.running
