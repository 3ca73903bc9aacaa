#version 330
//light
in vec2 at;
out vec4 color;
uniform vec3 low, high;

void main() {
    float share = clamp(noise(vec3(at * 3., .3)) * 1.6 - .3, 0., 1.);
    color = vec4(screen(mix(low, high, share) * .7), 1);
}
