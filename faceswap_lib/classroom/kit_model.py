"""The built-in pair's trained model, as the kit brings it: for who missed lab 4.

Of each number only the difference to what a training starts from is kept (the base, the mean textures), in 6 bits: a
few MB instead of 60. The optimizer's memory is left out, so a training that goes on from it warms up anew.
"""

import json
from pathlib import Path

import numpy as np

from faceswap_lib import UserError, files, profiles, strangers
from faceswap_lib.face import faceset
from faceswap_lib.network import pretrained, saved

PREFIX = "pair_"  # of the files' names, beside the bases
RECORD, WEIGHTS = "model.json", "weights.npz"
PARTS = ("encoder", "decoder_a", "decoder_b", "discriminator")
SAYS = "This model came with the kit and was not trained here: {how}."
STEPS = 31  # on either side of zero: zipped, 6 bits a number
MOST = 1 << 22  # bytes of the record


def pack(model: Path, folder: Path = pretrained.FOLDER) -> None:
    """Take a trained model into the kit; for maintainers, once after each change of the network."""
    from faceswap_lib.compose import model_swap
    from faceswap_lib.network import record

    about = record.read_about(model)
    net, start = model_swap.network(model, about, pull=0), _start(model, about)
    packed = {}
    for name, before in start.items():
        for number, (mine, value) in enumerate(zip(getattr(net, name).variables, before, strict=True)):
            apart = np.array(mine) - value
            scale = float(np.abs(apart).max()) / STEPS or 1.0
            packed[f"{name}.{number:02d}"] = np.round(apart / scale).astype("i1")
            packed[f"{name}.{number:02d}.scale"] = np.float32(scale)
    folder.mkdir(parents=True, exist_ok=True)
    with files.whole(folder / f"{PREFIX}{WEIGHTS}") as part:
        np.savez_compressed(part, **packed)
    for name in saved.MEANS.values():
        with files.whole(folder / f"{PREFIX}{name}") as part:
            part.write_bytes((model / name).read_bytes())
    how = f"{about['seconds']:.0f} seconds of training with {about['profile']}, {about['iteration']} iterations"
    about = {key: value for key, value in about.items() if key not in ("sha256", "machine")}
    with files.whole(folder / f"{PREFIX}{RECORD}") as part:
        part.write_text(json.dumps(files.sealed(about | {"kit": SAYS.format(how=how)})), encoding="utf-8")


def people() -> dict[str, str]:
    """Whose model it is: side -> SHA-256 of that person's video."""
    return {side: data["sha256"] for side, data in _record()["data"].items()}


def unpack(folder: Path) -> str:
    """Write the kit's model into a folder that holds none; returns what it is. UserError where that cannot be."""
    from faceswap_lib.network import checkpoint

    about = _record()
    if (folder / f"{saved.NEWEST}.json").exists():
        raise UserError(f"{folder} holds a model already, and it stays.")
    with files.alone(folder, "training"):
        folder.mkdir(parents=True, exist_ok=True)
        for name in saved.MEANS.values():
            with files.whole(folder / name) as part:
                part.write_bytes(_file(name).read_bytes())
        start, net = _start(folder, about), checkpoint.build(profiles.get(about["profile"]), about["seed"])
        with np.load(_file(WEIGHTS), allow_pickle=False) as found:
            for name, before in start.items():
                for number, (mine, value) in enumerate(zip(getattr(net, name).variables, before, strict=True)):
                    key = f"{name}.{number:02d}"
                    mine.assign(value + found[key].astype("f4") * found[f"{key}.scale"])
        net.optimizer.iterations.assign(about["iteration"])
        history = about.pop("history")
        checkpoint.save(net, folder, about, history)
    return about["kit"]


def _file(name: str) -> Path:
    return pretrained.FOLDER / f"{PREFIX}{name}"


def _start(model: Path, about: dict) -> dict[str, list[np.ndarray]]:
    """What a training starts from: part -> its numbers. The same everywhere, so it need not be kept."""
    from faceswap_lib.network import checkpoint

    size = profiles.get(about["profile"])
    net = checkpoint.build(size, about["seed"])
    pretrained.fill(net, pretrained.find(size, about["alignment"]))
    for side in "ab":
        mean = faceset.read_image(model / saved.MEANS[f"mean_{side}"])
        pretrained.set_mean(net, side, mean.astype("f4") / 255)
    start = {name: [np.array(each) for each in getattr(net, name).variables] for name in PARTS}
    start["discriminator"] = [np.zeros_like(each) for each in start["discriminator"]]  # begins by chance
    return start


def _record() -> dict:
    try:
        return files.unsealed(strangers.parsed(_file(RECORD), MOST))
    except (OSError, ValueError) as error:
        raise UserError(
            f"The kit's own model is damaged ({strangers.why(error)}); get {_file(RECORD)} again."
        ) from error
