"""What an Oracle Cloud account says of itself, asked through Oracle's SDK; nothing is created. And where this runs."""

import configparser
import json
import os
import threading
import time
import urllib.request
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass
from pathlib import Path

from faceswap_lib.cloud import bill

CONFIG = "~/.oci/config"  # where `oci setup config` writes; OCI_CONFIG_FILE names another, as for Oracle's own tools
TIMEOUT = (3.0, 5.0)  # seconds to connect and to wait for an answer; the SDK's own are 10 and 60, and it tries 8 times
PATIENCE = 6.5  # seconds for one round of questions, of which there are two
ON_A_VM = 0.5  # seconds; the address of the metadata answers at once or never
CONSOLE = "Console > your user > API keys > Add: it shows the config to save there"
NOT_ASKED = "the availability domains did not answer"
RIGHTS = {
    "tenancy": "inspect tenancies",
    "regions": "inspect tenancies",
    "domains": "inspect tenancies",
    "user": "inspect users",
    "shapes": "read instance-family",
    "images": "read instance-images",
    "limits": "read resource-availability",
    "capacity": "manage compute-capacity-reports",
}


@dataclass(frozen=True)
class Places:
    """Addresses that are asked; oracle: "" for those of the config's region."""

    oracle: str = ""
    metadata: str = "http://169.254.169.254/opc/v2/instance/"
    prices: str = bill.PRICE_LIST


PLACES = Places()


@dataclass(frozen=True)
class Fault:
    """An answer that did not come: what happened, and what to do about it."""

    found: str
    remedy: str


def config_name(config: str | Path | None = None) -> str:
    """The config file that counts: the given one, OCI_CONFIG_FILE's, or ~/.oci/config; it need not exist."""
    return str(config or os.environ.get("OCI_CONFIG_FILE") or CONFIG)


def look(shape: str, config: str | Path | None = None, places: Places | None = None, today: bool | None = None) -> dict:
    """What the account says of a shape: name -> the SDK's answer as a dict, or a Fault; nothing without a config file.

    Names: config, tenancy, user, regions, domains, images; by availability domain also shapes, limits, capacity; and
    prices, a bill.Price, if `today` (None: only with an account).
    """
    path, places = Path(config_name(config)).expanduser(), places or PLACES
    mine = path.is_file()
    prices = {"prices": lambda: bill.today(shape, places.prices)} if (mine if today is None else today) else {}
    if not mine:
        return together(prices)
    try:
        account = _Account(shape, path, places)
    except Exception as error:  # whatever is wrong with the file is said in its row, and the other rows follow
        silent = dict.fromkeys(RIGHTS, Fault("the config cannot be used", "First mend the config."))
        return silent | {"config": fault("config", error)} | together(prices)
    first = {name: getattr(account, name) for name in ("tenancy", "user", "regions", "domains", "images")}
    facts = {"config": account.about} | together(first | prices)
    if isinstance(facts["domains"], Fault):
        return facts | dict.fromkeys(("shapes", "limits", "capacity"), Fault(NOT_ASKED, facts["domains"].remedy))
    return facts | account.by_domain([domain["name"] for domain in facts["domains"]])


def example() -> dict:
    """Example answers with the same names as `look`, of an account that does not exist, and "recorded": their date."""
    return json.loads(Path(__file__).with_name("recorded.json").read_text(encoding="utf-8"))


def where(address: str = PLACES.metadata) -> dict:
    """What the instance metadata service says of the machine this runs on; {} on any machine but an OCI VM."""
    request = urllib.request.Request(address, headers={"Authorization": "Bearer Oracle"})
    try:
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=ON_A_VM) as answer:
            found = json.load(answer)
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) and "shape" in found else {}


def together(calls: Mapping[Hashable, Callable[[], object]], seconds: float = 0.0) -> dict:
    """Call all at once: key -> answer, or the Fault that came instead; seconds: when to stop waiting (PATIENCE)."""
    seconds = seconds or PATIENCE
    late = Fault(f"no answer in {seconds:.0f} s", "Check the network, or a proxy on the way to Oracle, and try again.")
    answers: dict = dict.fromkeys(calls, late)

    def ask(key: Hashable) -> None:
        try:
            answers[key] = calls[key]()
        except Exception as error:  # one failing question must not hide the other answers
            answers[key] = fault(key[0] if isinstance(key, tuple) else str(key), error)

    # daemons, because a name that is looked up in vain cannot be interrupted, and must not hold up the end
    threads = [threading.Thread(target=ask, args=(key,), daemon=True) for key in calls]
    for thread in threads:
        thread.start()
    end = time.monotonic() + seconds
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    return dict(answers)


def fault(what: str, error: Exception) -> Fault:
    """An error of the SDK, or of the price list, in words; what: the name of the question."""
    if hasattr(error, "operation_name"):  # oci.exceptions.ServiceError, told apart without importing the SDK
        return Fault(f"{error.code} ({error.status})", _refused(what, error.status))
    if what == "config":
        return _bad_config(error)
    if what == "prices":
        known = isinstance(error, ValueError) and not isinstance(error, json.JSONDecodeError)
        return Fault(str(error) if known else "cannot be reached", "Look at https://www.oracle.com/cloud/price-list/.")
    return Fault("cannot be reached", "Check the network, a proxy, and that the region's name in the config is right.")


def _refused(what: str, status: int) -> str:
    if status == 401:
        return (
            "Oracle does not take this key: it was deleted, this computer's clock is wrong, or the region is not "
            f"subscribed. {CONSOLE}."
        )
    if status in (403, 404):
        other = ", if the region has this limit at all" * (what == "limits")  # a limit it lacks is a 404 too
        return f"Ask the account's administrator for: Allow group … to {RIGHTS[what]} in tenancy{other}."
    if status == 429:
        return "Too many questions in a short time: wait a minute and try again."
    return "Oracle's side does not answer as it should: try again, or see its status page, https://ocistatus.oraclecloud.com."


def _bad_config(error: Exception) -> Fault:
    remedy = f"Write it again: {CONSOLE}."
    kinds = {
        "InvalidKeyFilePath": "the key_file that it names is not there",
        "ProfileNotFound": "no [DEFAULT] in it",
        "InvalidPrivateKey": "its key is no PEM key",
        "MissingPrivateKeyPassphrase": "its key needs a pass_phrase",
    }
    name = type(error).__name__
    if name == "InvalidConfig":
        return Fault(", ".join(f"{key} {state}" for key, state in sorted(error.errors.items())), remedy)
    if isinstance(error, (configparser.Error, UnicodeDecodeError)):
        return Fault("not a config file", remedy)
    return Fault(kinds.get(name, f"it cannot be used ({name})"), remedy)


class _Account:
    """The questions. Every answer is a dict, or a list of them, with the names of the SDK's fields."""

    def __init__(self, shape: str, path: Path, places: Places):
        import oci  # 0.3 s, and not needed without an account

        self.oci, self.shape, self.facts = oci, shape, bill.get(shape)
        self.settings = oci.config.from_file(str(path))
        oci.config.validate_config(self.settings)
        self.root = self.settings["tenancy"]
        self.about = {"file": str(path), "region": self.settings["region"]}
        signer = oci.signer.Signer.from_config(self.settings)  # one for all: each reads and checks the key, 0.1 s
        calm = {
            "signer": signer,
            "timeout": TIMEOUT,
            "retry_strategy": oci.retry.NoneRetryStrategy(),
            "circuit_breaker_strategy": oci.circuit_breaker.NoCircuitBreakerStrategy(),
        }
        if places.oracle:
            calm["service_endpoint"] = places.oracle
        self.identity = oci.identity.IdentityClient(self.settings, **calm)
        self.limiter = oci.limits.LimitsClient(self.settings, **calm)
        self.compute = oci.core.ComputeClient(self.settings, **calm)

    def _plain(self, response: object) -> object:
        return self.oci.util.to_dict(response.data)

    def tenancy(self) -> dict:
        return self._plain(self.identity.get_tenancy(self.root))

    def user(self) -> dict:
        return self._plain(self.identity.get_user(self.settings["user"]))

    def regions(self) -> list[dict]:
        return self._plain(self.identity.list_region_subscriptions(self.root))

    def domains(self) -> list[dict]:
        return self._plain(self.identity.list_availability_domains(self.root))

    def images(self) -> list[dict]:
        return self._plain(
            self.compute.list_images(
                self.root, shape=self.shape, sort_by="TIMECREATED", lifecycle_state="AVAILABLE", limit=100
            )
        )

    def by_domain(self, domains: list[str]) -> dict:
        """shapes, limits and capacity, each domain -> answer; of limits, domain -> limit -> answer."""
        calls = {}
        for ad in domains:
            calls["shapes", ad] = lambda ad=ad: self._shapes(ad)
            calls["capacity", ad] = lambda ad=ad: self._capacity(ad)
            for limit in self.facts["limits"]:
                calls["limits", ad, limit] = lambda ad=ad, limit=limit: self._limit(ad, limit)
        answers = together(calls)
        return {name: {ad: answers[name, ad] for ad in domains} for name in ("shapes", "capacity")} | {
            "limits": {ad: {limit: answers["limits", ad, limit] for limit in self.facts["limits"]} for ad in domains}
        }

    def _shapes(self, ad: str) -> list[dict]:
        return self._plain(self.compute.list_shapes(self.root, availability_domain=ad, shape=self.shape))

    def _limit(self, ad: str, limit: str) -> dict:
        return self._plain(self.limiter.get_resource_availability("compute", limit, self.root, availability_domain=ad))

    def _capacity(self, ad: str) -> list[dict]:
        models = self.oci.core.models
        wanted = models.CreateCapacityReportShapeAvailabilityDetails(instance_shape=self.shape)
        if self.shape.endswith(".Flex"):
            wanted.instance_shape_config = models.CapacityReportInstanceShapeConfig(
                ocpus=self.facts["ocpus"], memory_in_gbs=self.facts["memory_gb"]
            )
        report = self.compute.create_compute_capacity_report(
            models.CreateComputeCapacityReportDetails(
                compartment_id=self.root, availability_domain=ad, shape_availabilities=[wanted]
            )
        )
        return self._plain(report)["shape_availabilities"]
