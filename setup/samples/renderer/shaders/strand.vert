#version 330
uniform mat4 view;
in vec3 position, tangent;
in float random;
out vec3 at, along;
out float shade;

void main() {
    at = position;
    along = tangent;
    shade = random;
    gl_Position = view * vec4(position, 1);
}
