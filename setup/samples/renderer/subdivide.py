"""One step of Catmull-Clark subdivision as a matrix, so that a posed mesh is smoothed by one product.

E. Catmull, J. Clark: Recursively generated B-spline surfaces on arbitrary topological meshes (1978).
"""

from collections import defaultdict

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix

Edge = tuple[int, int]


class Mesh:
    """Who touches whom: faces by edge, and faces and neighbours by vertex."""

    def __init__(self, count: int, faces: list):
        self.count, self.faces = count, faces
        self.number: dict[Edge, int] = {}
        self.edge_faces, self.vertex_faces = defaultdict(list), defaultdict(list)
        for index, face in enumerate(faces):
            for a, b in zip(face, [*face[1:], face[0]], strict=True):
                edge = (min(a, b), max(a, b))
                self.number.setdefault(edge, len(self.number))
                self.edge_faces[edge].append(index)
                self.vertex_faces[a].append(index)

    def face_point(self, face: int) -> int:
        """The new vertex in the middle of a face."""
        return self.count + face

    def edge_point(self, a: int, b: int) -> int:
        """The new vertex on an edge."""
        return self.count + len(self.faces) + self.number[(min(a, b), max(a, b))]


def weights(mesh: Mesh) -> dict[tuple[int, int], float]:
    """(new vertex, old vertex) -> weight."""
    out: dict[tuple[int, int], float] = defaultdict(float)
    for index, face in enumerate(mesh.faces):
        for corner in face:
            out[mesh.face_point(index), corner] += 1 / len(face)
    neighbours = defaultdict(list)
    for (a, b), around in mesh.edge_faces.items():
        neighbours[a].append((b, len(around) == 1))
        neighbours[b].append((a, len(around) == 1))
        add_edge(out, mesh, (a, b), around)
    for vertex in range(mesh.count):
        add_vertex(out, mesh, vertex, neighbours[vertex])
    return out


def add_edge(out: dict, mesh: Mesh, edge: Edge, around: list[int]) -> None:
    """An inner edge's point: its ends and both face points; a border's: its middle."""
    row = mesh.edge_point(*edge)
    inner = len(around) == 2
    for end in edge:
        out[row, end] += 0.25 if inner else 0.5
    for face in around if inner else ():
        for corner in mesh.faces[face]:
            out[row, corner] += 0.25 / len(mesh.faces[face])


def add_vertex(out: dict, mesh: Mesh, vertex: int, neighbours: list[tuple[int, bool]]) -> None:
    """Where an old vertex goes: on a border between its border neighbours, else among all that touch it."""
    border = [other for other, on_border in neighbours if on_border]
    count = len(neighbours)
    if border or not count:
        out[vertex, vertex] += 0.75 if border else 1
        for other in border:
            out[vertex, other] += 0.25 / len(border)
        return
    out[vertex, vertex] += (count - 3) / count + 1 / count
    for other, _ in neighbours:
        out[vertex, other] += 1 / count**2
    for face in mesh.vertex_faces[vertex]:
        for corner in mesh.faces[face]:
            out[vertex, corner] += 1 / count**2 / len(mesh.faces[face])


def subdivide(count: int, faces: list) -> tuple[csr_matrix, list]:
    """(matrix from `count` old to the new vertices, new faces): one quad for every corner of every face."""
    mesh = Mesh(count, faces)
    entries = weights(mesh)
    rows, columns = np.array(list(entries)).T
    shape = (count + len(faces) + len(mesh.number), count)
    matrix = coo_matrix((list(entries.values()), (rows, columns)), shape=shape).tocsr()
    quads = [
        [
            corner,
            mesh.edge_point(corner, face[(i + 1) % len(face)]),
            mesh.face_point(index),
            mesh.edge_point(corner, face[i - 1]),
        ]
        for index, face in enumerate(faces)
        for i, corner in enumerate(face)
    ]
    return matrix, quads
