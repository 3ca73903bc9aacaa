// What all shaders share: three lamps, noise, and the curve from light to screen (Narkowicz 2015, ACES fit).
uniform vec3 lamp_position[3];
uniform vec3 lamp_color[3];
uniform vec3 ambient;
uniform vec3 camera;

float hash(vec3 p) {
    p = fract(p * .3183 + .1) * 17.;
    return fract(p.x * p.y * p.z * (p.x + p.y + p.z));
}

float noise(vec3 x) {
    vec3 i = floor(x), f = fract(x);
    f = f * f * (3. - 2. * f);
    float near_low = mix(hash(i), hash(i + vec3(1, 0, 0)), f.x);
    float near_high = mix(hash(i + vec3(0, 1, 0)), hash(i + vec3(1, 1, 0)), f.x);
    float far_low = mix(hash(i + vec3(0, 0, 1)), hash(i + vec3(1, 0, 1)), f.x);
    float far_high = mix(hash(i + vec3(0, 1, 1)), hash(i + vec3(1)), f.x);
    return mix(mix(near_low, near_high, f.y), mix(far_low, far_high, f.y), f.z);
}

float fractal(vec3 p) {
    return .5 * noise(p) + .3 * noise(p * 2.1) + .2 * noise(p * 4.3);
}

vec3 screen(vec3 c) {
    c = max(c, 0.);
    c = c * (2.51 * c + .03) / (c * (2.43 * c + .59) + .14);
    return pow(c, vec3(1 / 2.2));
}
