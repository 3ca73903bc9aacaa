#version 330
uniform mat4 view;
in vec3 position, normal, rest;
in vec4 blush;   // cheek, nose, ears, socket; of an eye, all four are the angle from its axis
in vec4 regions; // lips, scalp, mouth, jaw
in float brow;
out vec3 at, facing, resting;
out vec4 blush_at, regions_at;
out float brow_at;

void main() {
    at = position;
    facing = normal;
    resting = rest;
    blush_at = blush;
    regions_at = regions;
    brow_at = brow;
    gl_Position = view * vec4(position, 1);
}
