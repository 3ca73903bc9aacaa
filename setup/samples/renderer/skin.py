"""The skin: colour in patches, blush, lips, stubble, freckles, pores. No texture file, all of it is computed."""

from dataclasses import dataclass
from typing import Any

from renderer.nodes import Graph, Socket
from renderer.settings import Person
from renderer.srgb import linear

MOUTH = (0.10, 0.015, 0.012)
SOCKET_STRENGTH = 0.35
SCALP_STRENGTH = 0.8


@dataclass
class Grain:
    """Noise that several parts of the skin share."""

    patches: Socket
    blotches: Socket
    pores: Socket


def overlay(graph: Graph, color: Any, region: str, strength: float, over: Any) -> Socket:
    """`over` laid on `color` inside a region of the head."""
    return graph.mix(graph.math("MULTIPLY", graph.value("m_" + region), strength), color, over)


def skin_color(graph: Graph, person: Person, where: Socket) -> tuple[Socket, Grain, Socket]:
    """(colour, grain, lips region) of one person's skin."""
    skin, red = person.skin, linear(person.skin.red)
    grain = Grain(graph.noise(where, 2.2, 4), graph.noise(where, 14, 4), graph.noise(where, 55, 2))
    color = graph.mix(
        graph.math("MULTIPLY_ADD", grain.patches, 1.6, -0.45, clamp=True), linear(skin.base), linear(skin.dark)
    )
    blotch = graph.math("MULTIPLY_ADD", grain.blotches, 2.2, -0.95, clamp=True)
    color = graph.mix(graph.math("MULTIPLY", blotch, 0.35), color, red)
    for region, share in (("cheek", 1.0), ("nose", 0.9), ("ears", 0.8)):
        color = overlay(graph, color, region, skin.blush * share, red)
    color = overlay(graph, color, "socket", SOCKET_STRENGTH, linear(skin.socket))
    color = freckles(graph, color, person, where)
    color = stubble(graph, color, person, grain)
    color = overlay(graph, color, "brow", person.brows.paint, linear(person.brows.color))
    lips = graph.value("m_lips")
    red_of_lips = graph.mix(grain.blotches, linear(skin.lips), linear(skin.lips_dark))
    color = graph.mix(graph.math("MULTIPLY", lips, skin.lip_strength), color, red_of_lips)
    color = overlay(graph, color, "scalp", SCALP_STRENGTH, linear(person.hair.scalp))
    return graph.mix(graph.value("m_mouth"), color, MOUTH), grain, lips


def freckles(graph: Graph, color: Socket, person: Person, where: Socket) -> Socket:
    """Dark spots on the cheeks."""
    if not person.skin.freckles:
        return color
    spot = graph.math("LESS_THAN", graph.cells(where, 17), 0.18)
    share = graph.math("MULTIPLY", graph.value("m_cheek"), person.skin.freckles)
    return graph.mix(graph.math("MULTIPLY", spot, share), color, linear(person.skin.dark))


def stubble(graph: Graph, color: Socket, person: Person, grain: Grain) -> Socket:
    """A shaved beard: fine grain over jaw and upper lip."""
    if not person.skin.beard:
        return color
    grown = graph.math("MULTIPLY", graph.math("ADD", grain.pores, 0.45, clamp=True), graph.value("m_jaw"))
    share = graph.math("MULTIPLY", grown, person.skin.beard)
    return graph.mix(share, color, linear(person.skin.beard_color))


def relief(graph: Graph, where: Socket, grain: Grain, lips: Socket) -> Socket:
    """Pores everywhere and fine furrows on the lips, as a height."""
    pores = graph.math("ADD", graph.math("MULTIPLY", graph.cells(where, 38), 0.6), grain.pores)
    wave = graph.node("TexWave", {"Vector": where, "Scale": 14, "Distortion": 3}, bands_direction="X")
    furrows = graph.math("MULTIPLY", graph.math("MULTIPLY", wave.outputs["Fac"], lips), 0.8)
    return graph.math("ADD", pores, furrows)


def skin_material(person: Person) -> Any:
    """The material of head and neck. A hybrid wears the other's colours inside the face, its own around it."""
    graph = Graph("skin")
    where = graph.rest()
    color, grain, lips = skin_color(graph, person, where)
    if person.face is not None:
        color = graph.mix(graph.value("m_face"), color, skin_color(graph, person.face, where)[0])
    rough = graph.math("MULTIPLY_ADD", grain.blotches, 0.25, person.skin.roughness)
    rough = graph.math("SUBTRACT", rough, graph.math("MULTIPLY", lips, 0.14))
    rough = graph.math("SUBTRACT", rough, graph.math("MULTIPLY", graph.value("m_nose"), 0.06))
    graph.surface_is(
        base_color=color,
        roughness=rough,
        specular_ior_level=0.42,
        subsurface_weight=person.skin.subsurface,
        subsurface_radius=(1, 0.35, 0.18),
        subsurface_scale=0.045,
    )
    graph.bump(relief(graph, where, grain, lips), 0.35, 0.012)
    return graph.material
