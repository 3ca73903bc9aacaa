"""The materials of eyes, teeth, tongue, shirt, hair, brows, lashes and background."""

from typing import Any

from renderer.nodes import Graph, Socket, plain
from renderer.settings import Brows, Color, Eyes, Hair

IRIS, PUPIL = 0.46, 0.17  # radians from the eye's axis
FULL_ANGLE = 0.8  # beyond it the white of the eye stays as it is


def iris_stops(eyes: Eyes) -> list[tuple[float, tuple]]:
    """(angle in radians, linear colour) from the pupil to the white."""
    black = (0.003, 0.003, 0.003)
    return [
        (0, black),
        (PUPIL - 0.02, black),
        (PUPIL + 0.02, tuple(c * 0.9 for c in eyes.inner)),
        (PUPIL + 0.12, eyes.middle),
        (IRIS - 0.05, eyes.outer),
        (IRIS, tuple(c * 0.25 for c in eyes.outer)),
        (IRIS + 0.045, (0.50, 0.43, 0.40)),
        (0.62, (0.62, 0.56, 0.53)),
        (FULL_ANGLE, (0.60, 0.50, 0.47)),
    ]


def iris_ramp(graph: Graph, angle: Socket, eyes: Eyes) -> Socket:
    """The colour rings of the eye by the angle from its axis."""
    ramp = graph.node("ValToRGB", {"Fac": graph.math("DIVIDE", angle, FULL_ANGLE)})
    stops, elements = iris_stops(eyes), ramp.color_ramp.elements
    while len(elements) < len(stops):
        elements.new(0.5)
    for element, (position, color) in zip(elements, stops, strict=True):
        element.position, element.color = position / FULL_ANGLE, (*color, 1)
    return ramp.outputs["Color"]


def iris_fibres(graph: Graph, angle: Socket) -> Socket:
    """Noise drawn out along the radius, inside the iris only."""
    axes = graph.node("SeparateXYZ", {0: graph.rest()}).outputs
    around = graph.math("ARCTAN2", axes["Y"], axes["X"])
    polar = graph.node("CombineXYZ", {0: graph.math("MULTIPLY", around, 6.0), 1: graph.math("MULTIPLY", angle, 2.5)})
    inside = graph.math(
        "MULTIPLY", graph.math("LESS_THAN", angle, IRIS - 0.01), graph.math("GREATER_THAN", angle, PUPIL)
    )
    fibres = graph.noise(polar.outputs[0], 1.6, 3)
    return graph.math("MULTIPLY", inside, graph.math("MULTIPLY", fibres, 0.9))


def eye_material(eyes: Eyes) -> Any:
    """The eyeball: pupil, iris, white, under a wet coat."""
    graph = Graph("eye")
    angle = graph.value("angle")
    color = graph.mix(iris_fibres(graph, angle), iris_ramp(graph, angle, eyes), (0.02, 0.015, 0.01))
    graph.surface_is(
        base_color=color,
        roughness=0.25,
        coat_weight=1,
        coat_roughness=0.02,
        subsurface_weight=0.08,
        subsurface_radius=(1, 0.5, 0.4),
        subsurface_scale=0.03,
    )
    return graph.material


def teeth_material() -> Any:
    """Teeth: the mesh is one arch, so dark gaps are drawn at even angles along it."""
    graph = Graph("teeth")
    axes = graph.node("SeparateXYZ", {0: graph.rest()}).outputs
    along = graph.math("ARCTAN2", axes["X"], graph.math("SUBTRACT", axes["Z"], 1.02))
    turn = graph.math("ADD", graph.math("MULTIPLY", along, 5.2), 100.0)
    middle = graph.math("ABSOLUTE", graph.math("SUBTRACT", graph.math("FRACT", turn), 0.5))
    edge = graph.math("MINIMUM", graph.math("SUBTRACT", 0.5, middle), 0.09)
    gap = graph.math("MULTIPLY", graph.math("SUBTRACT", 0.09, edge), 11.0, clamp=True)
    color = graph.mix(graph.math("MULTIPLY", gap, 0.75), (0.56, 0.50, 0.40), (0.16, 0.09, 0.07))
    graph.surface_is(base_color=color, roughness=0.25, coat_weight=0.5, subsurface_weight=0.2, subsurface_scale=0.03)
    return graph.material


def tongue_material() -> Any:
    """The tongue."""
    return plain("tongue", (0.42, 0.11, 0.10), roughness=0.35, subsurface_weight=0.3, subsurface_scale=0.04)


def shirt_material(color: Color) -> Any:
    """Knitted cloth of a linear colour."""
    graph = Graph("shirt")
    where = graph.rest()
    knit = graph.noise(where, 60, 2)
    shade = graph.mix(knit, tuple(c * 0.8 for c in color), tuple(min(1, c * 1.15) for c in color))
    graph.surface_is(base_color=shade, roughness=0.85, sheen_weight=0.3)
    folds = graph.math("ADD", graph.noise(where, 3, 4), graph.math("MULTIPLY", knit, 0.3))
    graph.bump(folds, 0.5, 0.02)
    return graph.material


def hair_material(hair: Hair) -> Any:
    """Hair coloured by its melanin (Chiang et al. 2016, Blender's principled hair)."""
    graph = Graph("hair", empty=True)
    inputs = {
        "Melanin": hair.melanin,
        "Melanin Redness": hair.redness,
        "Roughness": 0.35,
        "Radial Roughness": 0.45,
        "Random Color": 0.25,
        "Random Roughness": 0.2,
        "Coat": 0.1,
        "Random": graph.node("HairInfo").outputs["Random"],
    }
    shader = graph.node("BsdfHairPrincipled", inputs, model="CHIANG", parametrization="MELANIN")
    graph.node("OutputMaterial", {"Surface": shader.outputs[0]})
    return graph.material


def brow_material(brows: Brows) -> Any:
    """The hairs of the brows: a little darker than the colour on the skin below."""
    color = tuple(((c / 255 + 0.055) / 1.055) ** 2.4 * 0.8 for c in brows.color)
    return plain("brow", color, roughness=0.75, specular_ior_level=0.1)


def lash_material() -> Any:
    """The lashes."""
    return plain("lash", (0.01, 0.008, 0.007), roughness=0.5)


def backdrop_material(dark: Color, light: Color) -> Any:
    """A wall out of focus: soft clouds between two linear colours."""
    graph = Graph("backdrop")
    where = graph.node("TexCoord").outputs["Generated"]
    share = graph.math("MULTIPLY_ADD", graph.noise(where, 3.0, 1), 3.0, -1.0, clamp=True)
    light_node = graph.node("Emission", {0: graph.mix(share, dark, light), 1: 0.55})
    graph.feed(graph.tree.nodes["Material Output"].inputs[0], light_node.outputs[0])
    return graph.material
