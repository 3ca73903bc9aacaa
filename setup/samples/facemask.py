"""What a face swap answers for: the ideal swap's rendered face, within the oval that landmarks see.

Above the mouth it counts only where the source's rendered face is too: hair and hairline stay the source's.
"""

import argparse
import sys
from pathlib import Path

import numpy as np
from PIL import Image
from renderer import SampleError

# MediaPipe's face mesh: the outline of the face, the middles of both irises, corners of the mouth, bridge of the nose.
OVAL = (
    10,
    338,
    297,
    332,
    284,
    251,
    389,
    356,
    454,
    323,
    361,
    288,
    397,
    365,
    379,
    378,
    400,
    377,
    152,
    148,
    176,
    149,
    150,
    136,
    172,
    58,
    132,
    93,
    234,
    127,
    162,
    21,
    54,
    103,
    67,
    109,
)
IRISES, MOUTH, BRIDGE = (468, 473), (61, 291), 168


class Landmarker:
    """MediaPipe's face mesh, following one face through the frames in their order."""

    def __init__(self):
        try:
            import mediapipe
        except ImportError as error:
            raise SampleError(
                f"MediaPipe does not load ({error}): pip install -r setup/samples/requirements.txt"
            ) from error
        self.mesh = mediapipe.solutions.face_mesh.FaceMesh(max_num_faces=1, refine_landmarks=True)

    def __call__(self, picture: Path) -> np.ndarray:
        """Landmarks (478, 2) in pixels of a picture; SampleError when it shows no face."""
        pixels = load(picture, "RGB")
        found = self.mesh.process(pixels).multi_face_landmarks
        if not found:
            raise SampleError(f"MediaPipe finds no face in {picture}.")
        height, width = pixels.shape[:2]
        return np.array([(point.x * width, point.y * height) for point in found[0].landmark])


def load(picture: Path, mode: str) -> np.ndarray:
    """A picture as uint8, (h, w, 3) for RGB and (h, w) for L."""
    return np.asarray(Image.open(picture).convert(mode))


def above_mouth(landmarks: np.ndarray, shape: tuple) -> np.ndarray:
    """True for the pixels (h, w) on the nose's side of the line through the mouth's corners."""
    centre = landmarks[list(MOUTH)].mean(0)
    up = landmarks[BRIDGE] - centre
    y, x = np.mgrid[: shape[0], : shape[1]]
    return (x - centre[0]) * up[0] + (y - centre[1]) * up[1] > 0


def face_mask(swap: np.ndarray, source: np.ndarray, landmarks: np.ndarray) -> np.ndarray:
    """The mask (h, w) uint8, soft at its edge, from both mattes (h, w) uint8 and the swap's landmarks (478, 2)."""
    import cv2

    oval = cv2.fillPoly(np.zeros(swap.shape, np.uint8), [np.round(landmarks[list(OVAL)]).astype(np.int32)], 255)
    below = ~above_mouth(landmarks, swap.shape)
    inside = (swap > 127) & (oval > 0) & (below | (cv2.medianBlur(source, 5) > 127))
    square = np.ones((3, 3), np.uint8)
    mask = cv2.morphologyEx(np.where(inside, 255, 0).astype(np.uint8), cv2.MORPH_OPEN, square)
    eyes = np.linalg.norm(landmarks[IRISES[1]] - landmarks[IRISES[0]])
    mask = cv2.erode(mask, square, iterations=max(1, int(eyes * 0.04)))
    return cv2.GaussianBlur(mask, (0, 0), 1.0)


def make_masks(swap: Path, swap_matte: Path, source_matte: Path, out: Path) -> int:
    """One mask for every frame of the swap; returns their number."""
    pictures = sorted(swap.glob("[0-9]*.png"))
    if not pictures:
        raise SampleError(f"{swap} holds no frames; render them with render.py.")
    out.mkdir(parents=True, exist_ok=True)
    landmarks_of = Landmarker()
    for picture in pictures:
        mattes = [folder / picture.name for folder in (swap_matte, source_matte)]
        for matte in mattes:
            if not matte.exists():
                raise SampleError(f"{matte} is missing; render it with render.py --matte.")
        mask = face_mask(*(load(matte, "L") for matte in mattes), landmarks_of(picture))
        Image.fromarray(mask).save(out / picture.name)
    return len(pictures)


def main(argv: list[str] | None = None) -> int:
    """Make the masks, then the clip; 0 on success, 2 on a user's error."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name, text in (
        ("swap", "frames of the ideal swap"),
        ("swap-matte", "its mattes"),
        ("source-matte", "mattes of the person who is swapped"),
        ("out", "folder for the masks"),
    ):
        parser.add_argument(f"--{name}", type=Path, required=True, help=text)
    parser.add_argument("--clip", type=Path, help="write the masks as this .mp4 as well")
    args = parser.parse_args(argv)
    try:
        count = make_masks(args.swap, args.swap_matte, args.source_matte, args.out)
        if args.clip:
            from renderer.encode import encode

            encode(args.out, args.clip, count)
    except (SampleError, OSError) as error:
        print(f"facemask.py: {error}", file=sys.stderr)
        return 2
    print(f"{count} masks in {args.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
