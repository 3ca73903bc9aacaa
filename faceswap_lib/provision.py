"""Lab 1: whether the account can give a class its machines, what they cost, and the lines that make them.

Nothing is created here. Without an account the answers are examples, and said to be.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

from faceswap_lib import UserError
from faceswap_lib.cloud import account, bill, oracle
from faceswap_lib.cloud.bill import Price
from faceswap_lib.cloud.oracle import Fault, Places
from faceswap_lib.progress import Row

SSH_KEY = "~/.ssh/id_ed25519.pub"
STACK = "setup/oci"
MOST = 50  # learners; setup/oci makes no more
YEAR = 8760  # hours
ADDRESS = "Look it up, for example with `curl https://ifconfig.me`, and put it into ssh_from with /32 behind it."


@dataclass(frozen=True)
class Plan:
    """A class to be: shape, learners, hours; the verdicts; the price; recorded: the examples' date, or "".

    domain: an availability domain that has the limits and the hosts for all, or "" if none has; spread: whether only
    all domains together have the limits.
    """

    shape: str
    learners: int
    hours: float
    rows: list[Row]
    price: Price
    billed_when_stopped: bool
    region: str
    domain: str
    spread: bool
    ssh_key: str
    config: str
    recorded: str

    @property
    def ready(self) -> bool:
        """Whether nothing stands against it, in the account's own answers."""
        return not self.recorded and all(row.verdict != "FAIL" for row in self.rows)

    @property
    def costs(self) -> list[bill.Cost]:
        """What it costs for the workshop, and for four other ways to end it, at the plan's price."""
        return bill.cost(self.shape, self.learners, self.hours, self.price, self.billed_when_stopped)


def provision(
    shape: str = "VM.GPU.A10.1",
    learners: int = 1,
    hours: float = 2.0,
    ssh_key: str | Path = SSH_KEY,
    config: str | Path | None = None,
    today: bool | None = None,
    places: Places | None = None,
) -> Plan:
    """Ask the account in `config` (None: ~/.oci/config) what a class of one VM per learner needs; 15 s at most.

    ssh_key: the public key; today: ask Oracle's public price list (None: only with an account); places: addresses to
    ask instead of the real ones. Without a config file the answers are examples. Raises UserError for a shape that
    the workshop does not know, for learners outside 1 to 50, and for hours that are not above 0.
    """
    _check(shape, learners, hours)
    file, places = oracle.config_name(config), places or oracle.PLACES
    said = oracle.look(shape, config, places, today)
    asked, mine = said.get("prices"), "config" in said
    said = said if mine else oracle.example()
    price = asked if isinstance(asked, Price) else bill.recorded(shape)
    stopped, known = account.stopped(shape, said), mine and not isinstance(said["config"], Fault)
    rows = [
        _here(oracle.where(places.metadata)),
        *account.judge(shape, learners, said, file),
        _disk(shape, learners),
        _priced(price, asked),
        _stop(stopped, shape, price),
        _key(Path(ssh_key).expanduser()),
        Row("WARN", "your address", "not looked up", ADDRESS),
    ]
    place = (said["config"]["region"], account.domain(shape, learners, said)) if known else ("", "")
    dealt, date_of = account.spread(shape, learners, said), said.get("recorded", "")
    return Plan(shape, learners, float(hours), rows, price, stopped, *place, dealt, str(ssh_key), file, date_of)


def _check(shape: str, learners: int, hours: float) -> None:
    bill.get(shape)
    if not (isinstance(learners, int) and 1 <= learners <= MOST):
        raise UserError(f"learners is a whole number from 1 to {MOST}, not {learners}.")
    if not (isinstance(hours, (int, float)) and 0 < hours <= YEAR):
        raise UserError(f"hours is a number above 0, at most {YEAR} (a year), not {hours}.")


def commands(plan: Plan) -> list[str]:
    """The lines that make the plan's machines with setup/oci, open a tunnel, and take everything down again."""
    root = f"$(sed -n 's/^tenancy *= *//p' {plan.config} | head -n 1)"
    values = {
        "tenancy_ocid": root,
        "compartment_ocid": root,
        "region": plan.region or "YOUR-REGION-1",
        "availability_domain": plan.domain,
        "shape": plan.shape,
        "until": (date.today() + timedelta(days=1)).isoformat(),
        "ssh_from": "YOUR.ADDRESS/32",
        "ssh_public_key": f"$(cat {plan.ssh_key})",
        "repository": "$(git config --get remote.origin.url)",
    }
    failed = [row.what for row in plan.rows if row.verdict == "FAIL"]
    return [
        *([f"# Not yet: {', '.join(failed)}."] if failed else []),
        f"cat > {STACK}/terraform.tfvars <<END",
        *(f'{name} = "{value}"' for name, value in values.items()),
        f"learners = {plan.learners}",
        *(["spread = true"] if plan.spread else []),
        "END",
        f"terraform -chdir={STACK} init",
        f"terraform -chdir={STACK} apply  # shows what it will make, and asks; the bill starts here",
        f"terraform -chdir={STACK} output tunnels  # a line for each learner: the way in",
        f"terraform -chdir={STACK} destroy  # the last step of the day",
    ]


def _here(here: dict) -> Row:
    if not here:
        return Row("OK", "here", "not a machine of Oracle Cloud; plan from your own computer")
    place, ad = here.get("canonicalRegionName") or here.get("region", "?"), here.get("availabilityDomain", "?")
    return Row(
        "OK",
        "here",
        f"a VM of Oracle Cloud: {here['shape']} in {place}, {ad.rsplit(':', 1)[-1]}, "
        f"image …{here.get('image', '')[-6:]}",
    )


def _disk(shape: str, learners: int) -> Row:
    gb, free = bill.disk_gb(shape), bill.cloud()["free"]["storage_gb"]
    fits = not bill.get(shape)["always_free"] or gb * learners <= free
    found = f"{gb} GB each, {gb * learners:,} GB in all"
    return Row("OK", "boot volume", found) if fits else Row("WARN", "boot volume", found, f"Only {free} GB are free.")


def _priced(price: Price, asked: Price | Fault | None) -> Row:
    found = f"$ {price.vm:,.3f} an hour each, " + ("today" if price.live else f"recorded {price.dated}")
    if isinstance(asked, Fault):
        return Row("WARN", "price", f"{found}; the price list: {asked.found}", asked.remedy)
    if price.doubt:
        return Row("WARN", "price", found, f"Look it up before you pay: {price.doubt}.")
    return Row("OK", "price", found)


def _stop(stopped: bool, shape: str, price: Price) -> Row:
    month = bill.disk_gb(shape) * price.disk
    if stopped:
        return Row("WARN", "Stop", "pauses nothing: it is billed while stopped", "Terminate it: `terraform destroy`.")
    return Row(
        "OK",
        "Stop",
        f"in the console pauses the VM's price, not the boot volume's ($ {month:.2f} a month); "
        "`sudo shutdown` pauses nothing",
    )


def _key(path: Path) -> Row:
    make = "Make one: `ssh-keygen -t ed25519`, with a passphrase; the private half never leaves this computer."
    if not path.is_file():
        return Row("FAIL", "SSH key", f"there is no {path.name}", make)
    text, private = path.read_text(encoding="utf-8", errors="replace").strip(), path.with_suffix("")
    if "PRIVATE KEY" in text:
        return Row("FAIL", "SSH key", f"{path.name} is the private half", "Name the file that ends in .pub.")
    if not text.startswith(("ssh-ed25519 ", "ssh-rsa ", "ecdsa-sha2-")):
        return Row("FAIL", "SSH key", f"{path.name} is no public key", make)
    if private.is_file() and private.stat().st_mode & 0o077:
        return Row("FAIL", "SSH key", "others may read the private half: ssh refuses it", f"`chmod 600 {private}`")
    if not text.startswith("ssh-ed25519 "):
        return Row("WARN", "SSH key", f"{path.name}, {text.split(' ', 1)[0]}", f"It works; ed25519 is shorter. {make}")
    return Row("OK", "SSH key", f"{path.name}, ssh-ed25519")
