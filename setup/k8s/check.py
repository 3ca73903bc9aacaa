"""What would break a class on Kubernetes, said before helm is asked: `python setup/k8s/check.py own.yaml [more …]`.

Reads values.yaml and then the files given, as helm lays them over one another. Exit status 0: nothing found; 2: each
line is one thing to mend.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path

import yaml

OURS = Path(__file__).with_name("values.yaml")
UNFILLED = re.compile(r"FILL_IN|REGISTRY/")
NO_LOGIN = ("dummy", "jupyterhub.auth.DummyAuthenticator", "tmp", "null", "nullauthenticator.NullAuthenticator")
SECRETS = ("password", "secretToken", "cookieSecret", "apiToken", "api_token", "client_secret", "secret_key")
LEAST = 2e9  # bytes: the profile micro takes up to 2.2 GB where it may, and ran within 1 GiB and swap
UNITS = {"": 1, "m": 1e-3, "K": 1e3, "M": 1e6, "G": 1e9, "T": 1e12, "Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "Ti": 2**40}


def merged(*layers: dict) -> dict:
    """Values laid over one another as helm does: mappings are joined, all else is replaced, null takes away."""
    out = {}
    for layer in layers:
        for key, value in layer.items():
            if value is None:
                out.pop(key, None)
            elif isinstance(value, dict):
                out[key] = merged(out[key] if isinstance(out.get(key), dict) else {}, value)
            else:
                out[key] = value
    return out


def get(values: dict, path: str, default: object = None) -> object:
    """What stands at "hub.config.Authenticator", or the default."""
    for word in path.split("."):
        values = values.get(word) if isinstance(values, dict) else None
    return default if values is None else values


def amount(text: object) -> float:
    """Kubernetes' 500m, 2.5G or 50Gi as a number; 0 for none."""
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([a-zA-Z]{0,2})", str(text))
    return float(found[1]) * UNITS[found[2]] if found and found[2] in UNITS else 0.0


def faults(values: dict) -> list[str]:
    """A sentence for each thing in merged values that would break a class, leak a face or leave a door open."""
    found = [f"{path} still says {text!r}: fill it in." for path, text in leaves(values) if UNFILLED.search(text)]
    for judge in (_image, _login, _secrets, _door, _volumes, _network, _sizes, _idle):
        found += judge(values)
    return found


def leaves(values: object, path: str = "") -> Iterator[tuple[str, str]]:
    """Each text in nested values, with its path."""
    if isinstance(values, dict | list):
        for key, value in values.items() if isinstance(values, dict) else enumerate(values):
            yield from leaves(value, f"{path}.{key}".strip("."))
    elif isinstance(values, str):
        yield path, values


def _image(values: dict) -> Iterator[str]:
    name, tag = (get(values, f"singleuser.image.{word}", "") for word in ("name", "tag"))
    if not name:
        yield "singleuser.image.name is missing: the chart's own sample image would start, without the kit."
    if str(tag) in ("", "latest"):
        yield "singleuser.image.tag is missing or latest: name the commit, or two learners get two kits."
    for path, text in leaves(values):
        if text.endswith(":latest"):
            yield f"{path} is {text!r}: name a version."


def _login(values: dict) -> Iterator[str]:
    kind = get(values, "hub.config.JupyterHub.authenticator_class", "dummy")
    if kind in NO_LOGIN:
        yield f"hub.config.JupyterHub.authenticator_class is {kind}: anybody would come in under any name."
    if kind == "native" and get(values, "hub.config.NativeAuthenticator.open_signup", False):
        yield "hub.config.NativeAuthenticator.open_signup is true: whoever finds the address comes in."
    if kind != "native" and get(values, "hub.config.Authenticator.allow_all", False):
        yield "hub.config.Authenticator.allow_all is true: everybody with an account there comes in; name the learners."
    if not get(values, "hub.config.Authenticator.admin_users"):
        yield "hub.config.Authenticator.admin_users is empty: nobody can let learners in."
    if get(values, "hub.config.JupyterHub.admin_access", True):
        yield "hub.config.JupyterHub.admin_access is true: an instructor could open a learner's faces."


def _secrets(values: dict) -> Iterator[str]:
    """The chart makes its tokens itself; one in a file ends up in git and on the instructor's laptop."""
    for path, text in leaves(values):
        if text and (path.split(".")[-1] in SECRETS or path == "proxy.https.manual.key"):
            yield f"{path} holds a secret: keep it out of these files (the chart makes its own, or an existing Secret)."


def _door(values: dict) -> Iterator[str]:
    https = get(values, "proxy.https", {})
    if not https.get("enabled"):
        yield "proxy.https.enabled is not true: passwords would travel in the clear."
    if https.get("type", "letsencrypt") == "letsencrypt":
        if not https.get("hosts"):
            yield "proxy.https.hosts is empty: there is no certificate without a name."
        if not get(https, "letsencrypt.contactEmail"):
            yield "proxy.https.letsencrypt.contactEmail is missing: there is no certificate without one."


def _volumes(values: dict) -> Iterator[str]:
    storage = get(values, "singleuser.storage", {})
    if storage.get("type", "dynamic") not in ("dynamic", "static"):
        yield "singleuser.storage.type is none: a learner's work would end with the pod."
    if amount(storage.get("capacity")) < amount("1Gi"):
        yield "singleuser.storage.capacity is under 1Gi: facesets, models and videos of a few clips need it."
    mount = get(storage, "extraVolumeMounts.class", {})
    if "{username}" not in mount.get("subPath", ""):
        yield "singleuser.storage.extraVolumeMounts.class.subPath lacks {username}: learners would see one another's."
    if mount.get("mountPath") != get(values, "singleuser.extraEnv.FACESWAP_CLASS"):
        yield "singleuser.extraEnv.FACESWAP_CLASS is not where the class folder is mounted: sharing would fail."


def _network(values: dict) -> Iterator[str]:
    policy = get(values, "singleuser.networkPolicy", {})
    if not policy.get("enabled", True):
        yield "singleuser.networkPolicy.enabled is false: a learner's pod could reach the others'."
    for word in ("privateIPs", "cloudMetadataServer"):
        if get(policy, f"egressAllowRules.{word}", False):
            yield f"singleuser.networkPolicy.egressAllowRules.{word} is true: a pod could reach the cluster's own."


def _sizes(values: dict) -> Iterator[str]:
    whole = {"cpu": get(values, "singleuser.cpu", {}), "mem": get(values, "singleuser.memory", {})}
    base = {f"{kind}_{word}": size.get(word) for kind, size in whole.items() for word in ("guarantee", "limit")}
    profiles = get(values, "singleuser.profileList", [])
    for name, size in [("singleuser", base)] + [
        (f"profile {each.get('slug')}", base | each.get("kubespawner_override", {})) for each in profiles
    ]:
        for kind in ("cpu", "mem"):
            least, most = amount(size[f"{kind}_guarantee"]), amount(size[f"{kind}_limit"])
            if not most:
                yield f"{name} has no limit for {kind}: one learner could take a whole node."
            elif not 0 < least <= most:
                yield f"{name} guarantees {least:g} of {kind}, limit {most:g}: it has to be some, at most the limit."
        if 0 < amount(size["mem_limit"]) < LEAST:
            yield f"{name} limits memory to {size['mem_limit']}: the smallest lesson takes {LEAST / 1e9:.0f}G."
    if not any(each.get("default") for each in profiles):
        yield "singleuser.profileList has no default: learners would have to know what to choose."


def _idle(values: dict) -> Iterator[str]:
    if not get(values, "cull.enabled", True) or not 600 <= get(values, "cull.timeout", 3600) <= 7200:
        yield "cull has to be on, with a timeout of 600 to 7200 s: forgotten pods keep nodes alive, and billed."
    if not get(values, "cull.maxAge", 0):
        yield "cull.maxAge is not set: a cell that never ends would keep its node."
    if not get(values, "prePuller.hook.enabled", True):
        yield "prePuller.hook.enabled is false: the first learners would wait for gigabytes."


def main(paths: list[str]) -> int:
    """Print what is found in values.yaml and these files over it."""
    if not paths:
        print("Give your own values: python setup/k8s/check.py own.yaml", file=sys.stderr)
        return 2
    try:
        layers = [yaml.safe_load(Path(path).read_text("utf-8")) or {} for path in (OURS, *paths)]
    except (OSError, yaml.YAMLError) as error:
        print(f"Cannot be read: {error}", file=sys.stderr)
        return 2
    found = faults(merged(*layers))
    print("\n".join(found) or "Nothing found that would break a class.")
    return 2 if found else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
