"""Blender's shader nodes as short Python expressions."""

from __future__ import annotations

from typing import Any

import bpy

Socket = Any  # a node's output
MIX_INPUTS = (0, 6, 7)  # factor, A, B of a Mix node that mixes colours
MIX_RESULT = 2


class Graph:
    """A material under construction. Numbers, colours (r, g, b) and sockets may stand in for one another."""

    def __init__(self, name: str, empty: bool = False):
        self.material = bpy.data.materials.new(name)
        self.material.use_nodes = True
        self.tree = self.material.node_tree
        if empty:
            self.tree.nodes.clear()
        else:
            self.surface = self.tree.nodes["Principled BSDF"]

    def node(self, kind: str, inputs: dict | None = None, **settings: Any) -> Any:
        """A node of ShaderNode`kind` with its settings made and its inputs fed."""
        node = self.tree.nodes.new("ShaderNode" + kind)
        for name, value in settings.items():
            setattr(node, name, value)
        for name, value in (inputs or {}).items():
            self.feed(node.inputs[name], value)
        return node

    def feed(self, target: Any, value: Any) -> None:
        """Link a socket to an input, or set the input to a number or a colour."""
        if isinstance(value, bpy.types.NodeSocket):
            self.tree.links.new(value, target)
        elif isinstance(value, tuple) and target.type == "RGBA":
            target.default_value = (*value, 1)
        else:
            target.default_value = value

    def surface_is(self, **inputs: Any) -> None:
        """Feed the Principled shader: base_color=… sets 'Base Color'."""
        for name, value in inputs.items():
            self.feed(self.surface.inputs[name.replace("_", " ").title().replace("Ior", "IOR")], value)

    def value(self, name: str) -> Socket:
        """A number stored at every vertex."""
        return self.node("Attribute", attribute_name=name).outputs["Fac"]

    def rest(self) -> Socket:
        """Where the point lies on the resting head: textures stick to the skin by it."""
        return self.node("Attribute", attribute_name="rest").outputs["Vector"]

    def math(self, operation: str, *values: Any, clamp: bool = False) -> Socket:
        """ADD, MULTIPLY, MULTIPLY_ADD … of numbers and sockets."""
        return self.node("Math", dict(enumerate(values)), operation=operation, use_clamp=clamp).outputs[0]

    def mix(self, share: Any, first: Any, second: Any) -> Socket:
        """`first` where `share` is 0, `second` where it is 1."""
        inputs = dict(zip(MIX_INPUTS, (share, first, second), strict=True))
        return self.node("Mix", inputs, data_type="RGBA", clamp_factor=True).outputs[MIX_RESULT]

    def noise(self, where: Socket, scale: float, detail: float = 3) -> Socket:
        """Fractal noise, 0..1."""
        inputs = {"Vector": where, "Scale": scale, "Detail": detail, "Roughness": 0.6}
        return self.node("TexNoise", inputs).outputs["Fac"]

    def cells(self, where: Socket, scale: float) -> Socket:
        """Distance to the nearest of randomly strewn points."""
        return self.node("TexVoronoi", {"Vector": where, "Scale": scale}).outputs["Distance"]

    def bump(self, height: Socket, strength: float, distance: float) -> None:
        """Let the surface look as rough as `height`."""
        inputs = {"Strength": strength, "Distance": distance, "Height": height}
        self.surface_is(normal=self.node("Bump", inputs).outputs["Normal"])


def plain(name: str, color: tuple, **inputs: Any) -> Any:
    """A material of one linear colour; further inputs of the Principled shader by name."""
    graph = Graph(name)
    graph.surface_is(base_color=color, **inputs)
    return graph.material


def glowing(name: str, color: Any, strength: float = 1.0) -> Any:
    """A material that shows `color` (or the vertex value of that name) as it is, without light."""
    graph = Graph(name, empty=True)
    shown = graph.value(color) if isinstance(color, str) else color
    light = graph.node("Emission", {"Color": shown, "Strength": strength})
    graph.node("OutputMaterial", {"Surface": light.outputs[0]})
    return graph.material
