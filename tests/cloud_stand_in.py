"""A small cloud on 127.0.0.1: it answers what the real SDK asks, if the request is signed, and notes every question."""

import base64
import json
import re
import socket
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa

ADS = ("Test:EU-FRANKFURT-1-AD-1", "Test:EU-FRANKFURT-1-AD-2")
TENANCY, USER = "ocid1.tenancy.oc1..testtenancy", "ocid1.user.oc1..testuser"
FINGERPRINT = ":".join(["ab"] * 16)
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
PRICES = {"B95909": 3.25, "B91961": 0.05, "B91962": 0.002}


@dataclass
class Cloud:
    """What the stand-in says; broken: part of a path -> (status, code) answered instead; asked: the questions.

    limits: by domain, one number for every limit, or limit -> number.
    """

    limits: dict = field(default_factory=lambda: {ADS[0]: 20, ADS[1]: 0})
    capacity: dict = field(default_factory=lambda: {ADS[0]: "AVAILABLE", ADS[1]: "OUT_OF_HOST_CAPACITY"})
    shapes: dict = field(default_factory=lambda: {ADS[0]: ["VM.GPU.A10.1"], ADS[1]: ["VM.GPU.A10.1"]})
    images: tuple = ("Canonical-Ubuntu-24.04-2026.10.31-0", "Canonical-Ubuntu-24.04-aarch64-2026.10.31-0")
    regions: dict = field(default_factory=lambda: {"eu-frankfurt-1": True, "eu-amsterdam-1": False})
    status: str = "READY"
    billed_when_stopped: bool = False
    metadata: dict | None = None
    prices: dict = field(default_factory=lambda: dict(PRICES))
    broken: dict = field(default_factory=dict)
    asked: list = field(default_factory=list)
    address: str = ""

    def answer(self, path: str, query: dict, body: dict) -> object | None:
        """The JSON of an API path without its date, or None where the real one says 404."""
        ad = query.get("availabilityDomain") or body.get("availabilityDomain")
        if path == f"/tenancies/{TENANCY}":
            return {"id": TENANCY, "name": "test-school", "homeRegionKey": "FRA"}
        if path == f"/users/{USER}":
            return {"id": USER, "name": "teacher@test.example"}
        if path == f"/tenancies/{TENANCY}/regionSubscriptions":
            return [
                {"regionKey": name[3:6].upper(), "regionName": name, "status": self.status, "isHomeRegion": home}
                for name, home in self.regions.items()
            ]
        if path == "/availabilityDomains":
            return [{"name": name, "compartmentId": TENANCY} for name in ADS]
        if path == "/shapes":
            return [
                {"shape": name, "isBilledForStoppedInstance": self.billed_when_stopped, "gpus": 1}
                for name in self.shapes[ad]
                if name == query["shape"]
            ]
        if path == "/images":
            return [
                {"displayName": name, "operatingSystem": "Canonical Ubuntu", "operatingSystemVersion": "24.04"}
                for name in self.images
            ]
        if path == "/computeCapacityReports":
            wanted = body["shapeAvailabilities"][0]
            if wanted["instanceShape"].endswith(".Flex") and not wanted.get("instanceShapeConfig", {}).get("ocpus"):
                return None  # the real one refuses a flexible shape without a size
            return {
                "compartmentId": TENANCY,
                "availabilityDomain": ad,
                "shapeAvailabilities": [wanted | {"availabilityStatus": self.capacity[ad]}],
            }
        if limit := re.fullmatch(r"/services/compute/limits/([a-z0-9-]+)/resourceAvailability", path):
            left = self.limits[ad]
            return {"used": 0, "available": left[limit[1]] if isinstance(left, dict) else left}
        return None

    def open(self, path: str, query: dict) -> object | None:
        """The JSON of what needs no signature: the metadata of a VM, and the price list."""
        if path == "/opc/v2/instance/":
            return self.metadata
        part = query["partNumber"]
        return {
            "lastUpdated": "2026-11-24T00:00:00Z",
            "items": [
                {
                    "partNumber": part,
                    "metricName": "GPU Per Hour",
                    "currencyCodeLocalizations": [
                        {
                            "currencyCode": "USD",
                            "prices": [
                                {"model": "PAY_AS_YOU_GO", "value": 0.0, "rangeMax": 10},
                                {"model": "PAY_AS_YOU_GO", "value": self.prices[part]},
                            ],
                        }
                    ],
                }
            ]
            if part in self.prices
            else [],
        }


def signed(method: str, path: str, headers: dict) -> bool:
    """Whether a request carries a signature of version 1 that the test's key made over its own headers."""
    found = dict(re.findall(r'(\w+)="([^"]*)"', headers.get("authorization", "")))
    if not headers.get("authorization", "").startswith("Signature ") or found.get("version") != "1":
        return False
    if found.get("keyId") != f"{TENANCY}/{USER}/{FINGERPRINT}":
        return False
    lines = [
        f"{name}: {method.lower()} {path}" if name == "(request-target)" else f"{name}: {headers[name]}"
        for name in found["headers"].split()
    ]
    try:
        KEY.public_key().verify(
            base64.b64decode(found["signature"]), "\n".join(lines).encode(), padding.PKCS1v15(), hashes.SHA256()
        )
    except InvalidSignature:
        return False
    return True


@contextmanager
def running(cloud: Cloud):
    """The cloud, served while the block lasts; its address is in `cloud.address`."""

    class Handler(BaseHTTPRequestHandler):
        def _reply(self, status: int, content: object) -> None:
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def _serve(self) -> None:
            url = urlsplit(self.path)
            query = {name: values[0] for name, values in parse_qs(url.query).items()}
            body = self.rfile.read(int(self.headers.get("content-length") or 0))
            headers = {name.lower(): value for name, value in self.headers.items()}
            cloud.asked.append((self.command, unquote(url.path), query, headers))
            for part, (status, code) in cloud.broken.items():
                if part in url.path:
                    return self._reply(status, {"code": code, "message": "broken on purpose"})
            if url.path in ("/opc/v2/instance/", "/prices"):
                content = cloud.open(url.path, query)
                if url.path == "/opc/v2/instance/" and headers.get("authorization") != "Bearer Oracle":
                    content = None
            elif not signed(self.command, self.path, headers):
                return self._reply(401, {"code": "NotAuthenticated", "message": "no valid signature"})
            else:
                content = cloud.answer(re.sub(r"^/\d{8}", "", unquote(url.path)), query, json.loads(body or "{}"))
            missing = {"code": "NotAuthorizedOrNotFound", "message": "not found"}
            return self._reply(200, content) if content is not None else self._reply(404, missing)

        do_GET = do_POST = _serve

        def log_message(self, *words: object) -> None:
            """Keep the test's output quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    cloud.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield cloud
    finally:
        server.shutdown()
        server.server_close()


def write_config(folder: Path, region: str = "eu-frankfurt-1", **changes: str) -> Path:
    """A config file and its key in a folder, as the console offers them; changes: other lines than the good ones."""
    key = folder / "key.pem"
    key.write_bytes(
        KEY.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    key.chmod(0o600)
    lines = {"user": USER, "fingerprint": FINGERPRINT, "tenancy": TENANCY, "region": region, "key_file": str(key)}
    text = "".join(f"{name}={value}\n" for name, value in (lines | changes).items() if value)
    (folder / "config").write_text(f"[DEFAULT]\n{text}")
    return folder / "config"


def closed_port() -> str:
    """An address on this machine where nobody listens."""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return f"http://127.0.0.1:{s.getsockname()[1]}"
