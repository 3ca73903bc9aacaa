"""Verdicts on what an Oracle Cloud account says (see oracle.py): can it give a class its machines, and where."""

from dataclasses import replace

from faceswap_lib.cloud import bill
from faceswap_lib.cloud.oracle import CONSOLE, Fault
from faceswap_lib.progress import Row, row

OS = ("Canonical Ubuntu", "24.04")  # what setup/oci takes when it is told nothing else
STATUS = {"AVAILABLE": "free", "OUT_OF_HOST_CAPACITY": "all taken", "HARDWARE_NOT_SUPPORTED": "no such hardware"}
RAISE = "Ask days ahead, it can be refused: Console > Help > Request a limit increase > Compute > "


def judge(shape: str, learners: int, said: dict, config: str) -> list[Row]:
    """A row for account, region, shape, each limit, hosts and image; config: the file's name, for the remedy."""
    facts = bill.get(shape)
    limits = [_limit(limit, each * learners, said) for limit, each in facts["limits"].items()]
    rows = [
        _account(said, config),
        _region(said, bool(facts["always_free"])),
        _offered(shape, said),
        *limits,
        _hosts(shape, said, bool(domain(shape, learners, said))),
        _image(shape, said),
    ]
    given = [row.remedy for row in rows]
    return [
        replace(row, remedy="as above") if row.remedy and row.remedy in given[:i] else row for i, row in enumerate(rows)
    ]


def domain(shape: str, learners: int, said: dict) -> str:
    """The first availability domain that has the limits for all and free hosts; "" if none has, or none is known."""
    reports = said["capacity"] if isinstance(said["capacity"], dict) else {}
    for ad, left in _left(shape, learners, said).items():
        if left and min(left) >= 1 and isinstance(reports.get(ad), list) and _status(shape, reports[ad]) == "AVAILABLE":
            return ad
    return ""


def spread(shape: str, learners: int, said: dict) -> bool:
    """Whether no availability domain has the limits for all, but all of them together have."""
    shares = list(zip(*_left(shape, learners, said).values(), strict=True))
    return any(max(share) < 1 <= sum(share) for share in shares) and all(sum(share) >= 1 for share in shares)


def _left(shape: str, learners: int, said: dict) -> dict[str, list[float]]:
    """By domain, how much of each limit is left, 1 is what all learners need; what is not known counts as nothing."""
    take = {limit: each * learners for limit, each in bill.get(shape)["limits"].items()}
    limits = said["limits"] if isinstance(said["limits"], dict) else {}
    return {ad: [_available(each.get(limit)) / count for limit, count in take.items()] for ad, each in limits.items()}


def _available(answer: object) -> int:
    return answer.get("available") or 0 if isinstance(answer, dict) else 0


def stopped(shape: str, said: dict) -> bool:
    """Whether a stopped VM is billed: the account's own answer, or else that of prices.json."""
    answers = said["shapes"].values() if isinstance(said["shapes"], dict) else ()
    told = [_entry(shape, each).get("is_billed_for_stopped_instance") for each in answers]
    return next((each for each in told if each is not None), bill.get(shape)["billed_when_stopped"])


def _unknown(what: str, fault: Fault, verdict: str = "WARN") -> Row:
    return Row(verdict, what, f"not known: {fault.found}", fault.remedy)


def _short(domain: str) -> str:
    return f"AD-{domain.rsplit('-', 1)[-1]}"


def _account(said: dict, file: str) -> Row:
    config, tenancy, user = (said[name] for name in ("config", "tenancy", "user"))
    if "recorded" in said:
        return Row(
            "WARN",
            "account",
            f"example answers, recorded {said['recorded']}: not your account",
            f"There is no {file}. Sign up at https://signup.oraclecloud.com; then {CONSOLE}.",
        )
    if isinstance(config, Fault):
        return Row("FAIL", "account", f"the config: {config.found}", config.remedy)
    if isinstance(tenancy, Fault):
        return Row("FAIL", "account", tenancy.found, tenancy.remedy)
    if isinstance(user, Fault):
        return Row("WARN", "account", f"{tenancy['name']}; the user is not known: {user.found}", user.remedy)
    return Row("OK", "account", f"{tenancy['name']}, as {user['name']}")


def _region(said: dict, free: bool) -> Row:
    if isinstance(said["regions"], Fault):
        return _unknown("region", said["regions"])
    name = said["config"]["region"]
    names = {region["region_name"]: region for region in said["regions"]}
    if name not in names:
        return Row(
            "FAIL",
            "region",
            f"{name} is not one of the account's: {', '.join(sorted(names))}",
            "Put one of them into the config, or subscribe: Console > regions > Manage regions.",
        )
    if names[name]["status"] != "READY":
        return Row("WARN", "region", f"{name} is being made ready", "Wait some minutes and look again.")
    if names[name]["is_home_region"]:
        return Row("OK", "region", f"{name}, the home region")
    return row(not free, "region", f"{name}, not the home region", "Free machines exist in the home region only.")


def _offered(shape: str, said: dict) -> Row:
    if isinstance(said["shapes"], Fault):
        return _unknown("shape", said["shapes"])
    faults = [each for each in said["shapes"].values() if isinstance(each, Fault)]
    there = [_short(ad) for ad, each in said["shapes"].items() if _entry(shape, each)]
    if faults and not there:
        return _unknown("shape", faults[0])
    found = f"{shape} in {', '.join(there)}" if there else f"{shape} in no availability domain of this region"
    return row(bool(there), "shape", found, "Take another shape, or a region that has it.")


def _limit(limit: str, count: int, said: dict) -> Row:
    what = f"limit {limit}"
    if isinstance(said["limits"], Fault):
        return _unknown(what, said["limits"])
    answers = {ad: each.get(limit, {}) for ad, each in said["limits"].items()}
    left = {ad: _available(each) for ad, each in answers.items() if isinstance(each, dict)}
    if not left:
        return _unknown(what, next(iter(answers.values())))
    found = f"{count} needed; left: " + ", ".join(f"{n} in {_short(ad)}" for ad, n in left.items())
    if max(left.values()) < count <= sum(left.values()):
        return Row("WARN", what, found, "Deal the machines out over the domains: `spread = true` in terraform.tfvars.")
    return row(max(left.values()) >= count, what, found, f"{RAISE}{limit}.")


def _hosts(shape: str, said: dict, both: bool) -> Row:
    if isinstance(said["capacity"], Fault):
        return _unknown("hosts", said["capacity"])
    best = {ad: _status(shape, each) for ad, each in said["capacity"].items() if isinstance(each, list)}
    if not best:
        return _unknown("hosts", next(iter(said["capacity"].values())))
    found = ", ".join(f"{STATUS.get(status, status)} in {_short(ad)}" for ad, status in best.items())
    if "AVAILABLE" not in best.values():
        return Row("FAIL", "hosts", found, "Try at another hour or in another region; for a class, reserve capacity.")
    return row(both, "hosts", found, "No domain has both the limits for all and free hosts.", "WARN")


def _status(shape: str, report: list[dict]) -> str:
    states = {each["availability_status"] for each in report if each["instance_shape"] == shape}
    return next((status for status in STATUS if status in states), "HARDWARE_NOT_SUPPORTED")


def _entry(shape: str, answer: object) -> dict:
    return next((s for s in answer if s["shape"] == shape), {}) if isinstance(answer, list) else {}


def _image(shape: str, said: dict) -> Row:
    if isinstance(said["images"], Fault):
        return _unknown("image", said["images"])
    arm = bill.get(shape)["arch"] == "aarch64"
    names = [
        image["display_name"]
        for image in said["images"]
        if ("aarch64" in image["display_name"]) == arm
        and (image["operating_system"], image["operating_system_version"][:5]) == OS
    ]
    return row(
        bool(names),
        "image",
        names[0] if names else f"no {' '.join(OS)} for {shape}",
        "Choose another os in terraform.tfvars, or another shape.",
    )
