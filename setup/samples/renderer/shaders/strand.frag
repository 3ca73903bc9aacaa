#version 330
//light
in vec3 at, along;
in float shade;
out vec4 color;
uniform vec3 hair_color, middle;

void main() { // Kajiya & Kay 1989
    vec3 t = normalize(along), v = normalize(camera - at), n = normalize(at - middle);
    vec3 c = hair_color * (.6 + .8 * shade), sum = c * ambient * .8 * (.6 + .4 * n.y);
    for (int i = 0; i < 3; i++) {
        vec3 l = normalize(lamp_position[i] - at), h = normalize(l + v);
        float tl = dot(t, l), th = dot(t, h);
        float open = clamp(dot(n, l) * .8 + .35, 0., 1.), shine = pow(sqrt(max(0., 1. - th * th)), 60.);
        sum += lamp_color[i] * open * (c * sqrt(1. - tl * tl) * .8 + (.25 * sqrt(c) + .02) * shine * .35);
    }
    color = vec4(screen(sum), 1);
}
