#version 330
//light
in vec3 at, facing, resting;
in vec4 blush_at, regions_at;
in float brow_at;
out vec4 color;
uniform int kind; // 0 skin, 1 eye, 2 tooth, 3 tongue, 4 shirt
uniform vec3 base, dark, red, socket, lips, brow_color, scalp, beard, shirt, inner, middle, outer;
uniform vec4 strength; // blush, beard, lips, brow

vec3 skin() {
    vec3 c = mix(base, dark, clamp(fractal(resting * 4.) * 1.6 - .45, 0., 1.));
    c = mix(c, red, .35 * clamp(fractal(resting * 22.) * 2.2 - .95, 0., 1.));
    c = mix(c, red, strength.x * max(blush_at.x, max(blush_at.y * .9, blush_at.z * .8)));
    c = mix(c, socket, .4 * blush_at.w);
    c = mix(c, beard, strength.y * regions_at.w * clamp(noise(resting * 70.) + .45, 0., 1.));
    c = mix(c, brow_color, brow_at * strength.w);
    c = mix(c, lips, regions_at.x * strength.z);
    c = mix(c, scalp, regions_at.y * .85);
    return mix(c, vec3(.06, .01, .01), regions_at.z);
}

vec3 eye() {
    float angle = blush_at.x, fibres = noise(vec3(atan(resting.y, resting.x) * 6., angle * 5., 1.));
    vec3 c = vec3(.6, .55, .52);
    if (angle < .17) c = vec3(.004);
    else if (angle < .29) c = mix(inner, middle, (angle - .17) / .12);
    else if (angle < .46) c = mix(middle, outer, (angle - .29) / .17);
    if (angle > .17 && angle < .45) c *= .5 + .8 * fibres;
    c = mix(c, vec3(.01), smoothstep(.40, .455, angle) * (1. - smoothstep(.455, .5, angle)));
    return mix(c, c * vec3(.8, .6, .55), smoothstep(.7, 1.2, angle));
}

vec3 lit(vec3 c, vec3 n, vec3 v, vec3 wrap, float rough, float gloss, float open) {
    vec3 sum = c * ambient * open * (.65 + .35 * n.y);
    float rough4 = rough * rough * rough * rough;
    float edge = 1. + 4. * pow(1. - max(dot(n, v), 0.), 4.);
    for (int i = 0; i < 3; i++) {
        vec3 l = normalize(lamp_position[i] - at), h = normalize(l + v);
        float d = dot(n, l);
        vec3 diffuse = clamp((vec3(d) + wrap) / (1. + wrap), 0., 1.);
        float shine = pow(max(dot(n, h), 0.), 2. / (rough4 + .0005) + 1.) * (1. / (rough * rough * 3.));
        sum += open * lamp_color[i] * (c * diffuse + gloss * .04 * shine * step(0., d) * edge);
    }
    return sum;
}

void main() {
    vec3 n = normalize(facing), v = normalize(camera - at), wrap = vec3(0.), c;
    float rough = .45, gloss = .35, open = 1.;
    if (dot(n, v) < 0. && kind != 0) n = -n;
    if (kind == 0) {
        c = skin();
        vec3 pores = vec3(noise(resting * 50.), noise(resting * 50. + 7.), noise(resting * 50. + 13.)) - .5;
        n = normalize(n + .10 * pores);
        wrap = vec3(.45, .22, .16); // light wanders below the skin, red the farthest
        rough = .42 - .12 * regions_at.x;
        open = 1. - .9 * regions_at.z;
        gloss *= 1. - .8 * regions_at.y;
    } else if (kind == 1) {
        c = eye(); rough = .06; gloss = 1.; open = .75;
    } else if (kind == 2) {
        c = vec3(.56, .5, .42); rough = .25; open = .55;
    } else if (kind == 3) {
        c = vec3(.35, .09, .08); rough = .3; open = .5;
    } else {
        c = shirt * (.8 + .4 * noise(resting * 60.)); rough = .9; gloss = .05;
    }
    color = vec4(screen(lit(c, n, v, wrap, rough, gloss, open)), 1);
}
