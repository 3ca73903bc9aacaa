"""mesh.py against matplotlib, known turns of the canonical face, and itself undone."""

import cv2
import numpy as np
import pytest
from matplotlib.tri import LinearTriInterpolator, Triangulation
from scipy.spatial.transform import Rotation
from skimage.metrics import peak_signal_noise_ratio
from skimage.transform import SimilarityTransform

from faceswap_lib import UserError
from faceswap_lib.face import anatomy, geometry, mesh
from faceswap_lib.measure import metrics

SIZE = 128
KINDS = ("mesh", "similarity")


def turned(degrees: float, axis: str = "y") -> np.ndarray:
    """The canonical face 200 px high in a 320 px frame, turned about an axis: (468, 3)."""
    turn = Rotation.from_euler(axis, degrees, degrees=True)
    return (turn.apply(anatomy.canonical()) * 95 + [160, 165, 0]).astype("f4")


def hull(solid: np.ndarray, grow: int) -> np.ndarray:
    """Where in a 320 px frame the hull of all points is, widened by some pixels: bool (320, 320)."""
    area = cv2.fillConvexPoly(np.zeros((320, 320), "u1"), cv2.convexHull(solid[:, :2].astype("i4")), 1)
    return cv2.dilate(area, np.ones((2 * grow + 1, 2 * grow + 1))) > 0


def test_spread_is_matplotlibs_linear_interpolation():
    on = mesh.canvas("mesh", 64)
    values = np.random.default_rng(0).normal(0, 1, (len(on.points), 2))
    y, x = np.mgrid[0:64, 0:64]
    mine = on.spread(values)
    for channel in range(2):
        oracle = LinearTriInterpolator(Triangulation(*on.points.T, on.triangles), values[:, channel])(x, y)
        assert oracle.count() > 0.8 * 64 * 64
        assert mine[..., channel][~oracle.mask] == pytest.approx(oracle.compressed(), abs=1e-3)


def test_the_ring_follows_the_face():
    on = mesh.canvas("mesh", SIZE)
    move = SimilarityTransform(scale=1.7, rotation=0.4, translation=(30, -12))
    assert on.extend(move(on.points[:468])) == pytest.approx(move(on.points), abs=1e-3)


def test_texture_of_the_canonical_face_is_the_picture_itself():
    on = mesh.canvas("mesh", SIZE)
    image = np.random.default_rng(0).integers(0, 255, (SIZE, SIZE, 3), "u1")
    texture = on.texture(image, on.points[:468])
    assert texture.dtype == np.uint8
    assert np.abs(texture.astype(int) - image)[on.inside > 0].max() <= 8  # OpenCV's remap counts in 1/32 px


def test_inside_and_parts_are_where_their_points_are():
    for kind in KINDS:
        on = mesh.canvas(kind, SIZE)
        outline = cv2.convexHull(on.points[anatomy.OVAL])
        assert on.inside.sum() == pytest.approx(cv2.contourArea(outline), rel=0.04)
        for part, loop in zip(on.parts, (*anatomy.EYES, anatomy.MOUTH), strict=True):
            x, y = np.round(on.points[loop].mean(0)).astype(int)
            assert part[y, x] == 1 and 0.002 < part.mean() < 0.04
            assert (part <= on.inside).all()
        skin, eye, mouth = ((on.points[p] + 0.5).astype(int) for p in (50, 33, 13))
        weight = [on.importance[y, x] for x, y in ((2, 2), skin, mouth, eye)]
        assert 0 < weight[0] < weight[1] < min(weight[2:]), "border, skin, mouth and eye"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size, least", [(64, 28), (256, 43)])
def test_a_face_drawn_back_at_its_own_points_is_the_frame(clip_b, kind, size, least):
    on = mesh.canvas(kind, size)
    for i in (0, 60, 120):
        frame, solid = clip_b.frames[i], clip_b.solid[i]
        texture, alpha = on.texture(frame, solid[:, :2]).astype("f4"), on.alpha(solid)
        inside = geometry.mask(solid[:, :2], frame.shape) > 0
        back = on.draw(frame, texture, alpha, solid)
        assert peak_signal_noise_ratio(frame[inside], back[inside]) > least
        cover = on.draw(np.zeros_like(frame), np.full_like(texture, 255), alpha, solid)[..., 0] / 255
        assert cover[inside].mean() > 0.7, "most of the face is drawn"
        assert cover[~hull(solid, 5)].max() < 0.1, "and hardly anything outside of it"


@pytest.mark.parametrize("kind", KINDS)
def test_drawing_leaves_the_rest_of_the_frame_alone(clip_b, kind):
    on, frame, solid = mesh.canvas(kind, SIZE), clip_b.frames[0], clip_b.solid[0]
    before = frame.copy()
    back = on.draw(frame, np.zeros((SIZE, SIZE, 3), "f4"), on.alpha(solid), solid)
    assert (frame == before).all() and back.dtype == np.uint8
    assert (back == frame)[~hull(solid, 15)].all() and (back != frame)[hull(solid, 0)].mean() > 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_the_drawn_face_fades_out_towards_its_outline(kind):
    on = mesh.canvas(kind, SIZE)
    alpha, inside = on.alpha(turned(0)), (on.inside > 0.5).astype("u1")
    depth = cv2.distanceTransform(inside, cv2.DIST_L2, 5) / SIZE
    assert alpha[depth > 0.15].min() > 0.99 and alpha[inside == 0].max() < 0.3
    assert alpha[(depth > 0) & (depth < 0.02)].mean() < 0.4 < alpha[(depth > 0.04) & (depth < 0.07)].mean()
    assert max(np.abs(np.diff(alpha, axis=axis)).max() for axis in (0, 1)) < 0.25, "no edge"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("shift", [-150, 150])
def test_a_face_half_out_of_the_frame_is_drawn_as_far_as_it_is_in(kind, shift):
    on, grey = mesh.canvas(kind, SIZE), np.full((320, 320, 3), 90, "u1")
    texture, solid = np.full((SIZE, SIZE, 3), 255, "f4"), turned(0)
    wide = cv2.copyMakeBorder(grey, 0, 0, 320, 320, cv2.BORDER_REPLICATE)
    moved = solid + np.float32([shift, 0, 0])
    whole = on.draw(wide, texture, on.alpha(solid), moved + np.float32([320, 0, 0]))
    cut = on.draw(grey, texture, on.alpha(solid), moved)
    assert np.abs(cut.astype(int) - whole[:, 320:640]).max() <= 8 and (cut > 200).sum() > 5000


def halves(degrees: float) -> tuple[int, int]:
    """Pixels of the picture-left and picture-right half of a face that show once it is turned."""
    on = mesh.canvas("mesh", SIZE)
    texture = np.zeros((SIZE, SIZE, 3), "f4")
    texture[:, : SIZE // 2, 0] = texture[:, SIZE // 2 :, 2] = 255
    drawn = on.draw(np.zeros((320, 320, 3), "u1"), texture, np.ones((SIZE, SIZE), "f4"), turned(degrees))
    return int((drawn[..., 0] > 128).sum()), int((drawn[..., 2] > 128).sum())


def test_triangles_that_turn_away_are_not_drawn():
    assert halves(0)[0] == pytest.approx(halves(0)[1], rel=0.05) and min(halves(0)) > 7000
    near, far = halves(-70)
    assert near > 20 * far and near > 3000
    assert halves(70)[1] > 20 * halves(70)[0]
    assert sum(halves(180)) < 0.05 * sum(halves(0))  # of the back of a mask, next to nothing


def test_visibility_falls_on_the_far_side_of_a_turned_face():
    on = mesh.canvas("mesh", SIZE)
    inside = cv2.erode(on.inside, np.ones((17, 17))) > 0
    left, right = inside.copy(), inside.copy()
    left[:, SIZE // 2 - 12 :] = right[:, : SIZE // 2 + 12] = False
    front = on.visibility(turned(0))
    assert front.shape == (SIZE, SIZE) and front[inside].mean() > 0.9 and 0 <= front.min() and front.max() <= 1.001
    seen = [on.visibility(turned(-degrees))[right].mean() for degrees in (0, 20, 40, 60)]
    assert all(a > b for a, b in zip(seen, seen[1:], strict=False)) and seen[3] < 0.35
    side = on.visibility(turned(-60))
    assert side[left].mean() > 0.8
    assert np.abs(side[:, ::-1] - on.visibility(turned(60)))[inside].mean() < 0.05
    assert on.visibility(turned(-60) * 2 + [9, -4, 30]) == pytest.approx(side, abs=1e-3)


def test_similarity_sees_the_oval():
    on = mesh.canvas("similarity", SIZE)
    seen, solid = on.visibility(turned(0)), turned(0)
    oval = geometry.mask(geometry.transform(geometry.align(solid[:, :2], SIZE), solid[:, :2]), (SIZE, SIZE)) > 0
    assert seen[cv2.erode(oval.astype("u1"), np.ones((13, 13))) > 0].min() > 0.99
    assert seen[cv2.dilate(oval.astype("u1"), np.ones((13, 13))) == 0].max() < 0.01


def test_motion_picture_shows_the_skin_and_the_gaze():
    on, still = mesh.canvas("mesh", SIZE), np.zeros((478, 3))
    assert not on.motion_picture(still).any()
    moved = still.copy()
    moved[:468, 0], moved[:468, 1] = 0.05, -0.025
    moved[468:, :2] = moved[0, :2]  # the irises go along: no gaze
    picture, inside = on.motion_picture(moved), cv2.erode(on.inside, np.ones((7, 7)))[::2, ::2] > 0
    assert picture.shape == (64, 64, 4) and picture.dtype == np.float32
    assert picture[inside] == pytest.approx(np.tile([[0.05, -0.025, 0, 0]], (inside.sum(), 1)) * mesh.MOTION_GAIN)
    look = still.copy()
    look[anatomy.IRISES[1], 1] = 0.03
    picture, eye = on.motion_picture(look), on.parts[1][::2, ::2] > 0
    assert picture[eye] == pytest.approx(np.tile([[0, 0, 0, 0.03]], (eye.sum(), 1)) * mesh.MOTION_GAIN)
    assert not picture[~eye].any()
    assert not mesh.canvas("similarity", SIZE).motion_picture(moved).any()


def test_the_mean_face_is_sharpest_through_the_mesh_and_blurred_without_alignment(clip_b):
    solid, values = clip_b.solid, []
    middle = geometry.align(np.mean(solid[..., :2], 0), SIZE)
    for kind in (*KINDS, "none"):
        on = mesh.canvas("mesh" if kind == "mesh" else "similarity", SIZE)
        cuts = (
            geometry.crop(frame, middle, SIZE) if kind == "none" else on.texture(frame, points[:, :2])
            for frame, points in zip(clip_b.frames, solid, strict=True)
        )
        mean = np.mean([cut.astype("f4") for cut in cuts], 0).round().astype("u1")
        values.append(metrics.sharpness(mean, cv2.erode(on.inside, np.ones((9, 9)))))
    assert values[0] > 1.2 * values[1] > 1.44 * values[2], values


def test_canvas_knows_two_alignments():
    assert mesh.canvas("mesh", 64) is mesh.canvas("mesh", 64)
    with pytest.raises(UserError, match="'affine'.*mesh or similarity"):
        mesh.canvas("affine", 64)


def talking(gap: float) -> np.ndarray:
    """The canonical face as `turned`, its lips this many pixels apart."""
    solid = turned(0)
    upper, lower = [191, 80, 81, 82, 13, 312, 311, 310, 415], [95, 88, 178, 87, 14, 317, 402, 318, 324]
    middle = (solid[upper, 1] + solid[lower, 1]) / 2
    solid[upper, 1], solid[lower, 1] = middle - gap / 2, middle + gap / 2
    return solid


def test_between_the_lips_is_what_another_picture_shows_there():
    on, black, red = mesh.canvas("mesh", SIZE), np.zeros((320, 320, 3), "u1"), np.zeros((320, 320, 3), "u1")
    texture, alpha, there = np.full((SIZE, SIZE, 3), 200, "f4"), np.ones((SIZE, SIZE), "f4"), talking(12)
    mouth = cv2.fillPoly(np.zeros((320, 320), "u1"), [np.round(there[anatomy.MOUTH, :2]).astype("i4")], 1)
    aside = there + np.float32([40, -30, 0])  # where the other picture's mouth is, and nothing else of it is red
    red[cv2.warpAffine(mouth, np.float32([[1, 0, 40], [0, 1, -30]]), (320, 320)) > 0] = (255, 0, 0)
    own, kept = on.draw(black, texture, alpha, there), on.draw(black, texture, alpha, there, (red, aside))
    inner, outer = cv2.erode(mouth, np.ones((7, 7))) > 0, cv2.dilate(mouth, np.ones((9, 9))) > 0
    assert (own[inner] == 200).all() and inner.sum() > 100
    assert (kept[inner][:, 0] > 230).all() and (kept[inner][:, 1] < 40).mean() > 0.97, "the corners are soft"
    assert (kept[~outer] == own[~outer]).all()


def test_a_shut_mouth_takes_nothing_from_another_picture():
    on, frame, white = mesh.canvas("mesh", SIZE), np.zeros((320, 320, 3), "u1"), np.full((320, 320, 3), 255, "u1")
    texture, alpha = np.zeros((SIZE, SIZE, 3), "f4"), np.ones((SIZE, SIZE), "f4")
    open_by = [int((on.draw(frame, texture, alpha, talking(gap), (white, turned(0))) > 64).sum()) for gap in (0, 6, 12)]
    assert open_by[0] == 0 and open_by[0] < open_by[1] < open_by[2]
