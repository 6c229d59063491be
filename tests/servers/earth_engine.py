"""A local Earth Engine service with the protocol of Google's client, and faults on demand.

As a program it serves the simulated world, writes a key file and labels for a client, and
logs every request::

    python tests/servers/earth_engine.py --port 8800 --fail-first 0.3 --seed 7 --folder /tmp/ee
"""

from __future__ import annotations

import argparse
import io
import json
import socket
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
from affine import Affine
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[1]))
from minecover.core.config import composed
from minecover.core.grid import Grid, project
from minecover.core.sites import square
from minecover.sources.simulated import SimulatedLabels
from minecover.sources.simulation.world import World
from servers.ee_assets import SimulatedAssets
from servers.ee_faults import ALGORITHMS, DISCOVERY, LISTING, PIXELS, REFUSALS, TOKEN, Faults
from servers.ee_graph import Catalogue, ServiceRefusal, evaluate, pixels


class EarthEngineServer(ThreadingHTTPServer):
    """The service, on a local port."""

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, catalogue: Catalogue, port: int, log: Path | None = None) -> None:
        super().__init__(("127.0.0.1", port), Handler)
        self.catalogue, self.log, self.faults = catalogue, log, Faults()
        #: Returns the name of the site of a request, by longitude and latitude.
        self.place: Callable[[float, float], str] = _rounded
        self.lock, self.closing = threading.Lock(), threading.Event()
        self.responses: Counter[tuple[str, str]] = Counter()
        self.under_way = self.most_at_once = 0

    @property
    def url(self) -> str:
        """Address of the service."""
        return f"http://127.0.0.1:{self.server_port}"

    def count(self, endpoint: str) -> int:
        """Return the number of requests to an endpoint."""
        return sum(n for (name, _), n in self.responses.items() if name == endpoint)

    def record(self, endpoint: str, site: str, result: str) -> None:
        """Count a response and log it."""
        with self.lock:
            self.responses[endpoint, result] += 1
            if self.log is not None and site:
                with self.log.open("a") as sink:
                    sink.write(f"{site},{endpoint},{result}\n")

    def write_key(self, path: Path) -> Path:
        """Write the key file of a service account that this service accepts."""
        account = {
            "type": "service_account",
            "project_id": "my-project",
            "private_key_id": "1",
            "private_key": _private_key(),
            "client_email": "nobody@my-project.iam.gserviceaccount.com",
            "token_uri": f"{self.url}/token",
        }
        path.write_text(json.dumps(account))
        return path


class Handler(BaseHTTPRequestHandler):
    """Handler of one connection."""

    protocol_version = "HTTP/1.1"
    server: EarthEngineServer

    def do_GET(self) -> None:
        """Send the description of the interface, which the client requests at login."""
        is_discovery = self.path.startswith("/$discovery")
        name = "cloud_api_discovery_document.json" if is_discovery else "algorithms.json"
        try:
            fault = self._fault(DISCOVERY if is_discovery else ALGORITHMS, "")
            self._send(200, _fixture(name), "application/json", fault)
        except ServiceRefusal as refused:
            self._refuse(refused.status, str(refused))

    def do_POST(self) -> None:
        """Send a token, a value or pixels."""
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with self.server.lock:
            self.server.under_way += 1
            self.server.most_at_once = max(self.server.most_at_once, self.server.under_way)
        try:
            self._respond(body)
        except ServiceRefusal as refused:
            self._refuse(refused.status, str(refused))

    def _respond(self, body: bytes) -> None:
        if self.path == "/token":
            return self._token()
        if self.headers.get("Authorization") != "Bearer open-sesame":
            raise ServiceRefusal(401, "Request is missing required authentication credential.")
        request = json.loads(body)
        if self.path.partition("?")[0].endswith("value:compute"):
            fault = self._fault(LISTING, self.server.place(*_centre(request)))
            result = {"result": evaluate(request["expression"], self.server.catalogue)}
            return self._send(200, json.dumps(result).encode(), "application/json", fault)
        grid = _grid(request["grid"])
        centre = square(grid).centroid
        fault = self._fault(PIXELS, self.server.place(centre.x, centre.y))
        image = evaluate(request["expression"], self.server.catalogue)
        if len(image) > self.server.faults.most_planes:
            raise ServiceRefusal(*REFUSALS["memory"])
        table = pixels(image, grid)
        if fault == "shape":
            table = table[1:]
        if fault == "dtype":
            table = table.astype([(name, "?") for name in table.dtype.names or ()])
        sink = io.BytesIO()
        np.save(sink, table)
        return self._send(200, sink.getvalue(), "application/octet-stream", fault)

    def _token(self) -> None:
        fault = self._fault(TOKEN, "")
        if fault == "invalid_grant":
            content = {"error": "invalid_grant", "error_description": "Token has been revoked."}
            return self._send(400, json.dumps(content).encode(), "application/json", "")
        token = {"access_token": "open-sesame", "expires_in": 3600, "token_type": "Bearer"}
        return self._send(200, json.dumps(token).encode(), "application/json", fault)

    def _fault(self, endpoint: str, site: str) -> str:
        """Return the fault of this response, or raise it if it is an error response."""
        with self.server.lock:
            fault = self.server.faults.draw(endpoint, site)
        self.server.record(endpoint, site, fault or "ok")
        if fault in REFUSALS:
            raise ServiceRefusal(*REFUSALS[fault])
        return fault

    def _refuse(self, status: int, message: str) -> None:
        content = {"error": {"code": status, "message": message, "status": "ERROR"}}
        self._send(status, json.dumps(content).encode(), "application/json", "")

    def _send(self, status: int, content: bytes, kind: str, fault: str) -> None:
        if self.command == "POST":
            # Counted as finished before the last byte is sent, since the client may send the
            # next request as soon as it has read that or has given up waiting.
            with self.server.lock:
                self.server.under_way -= 1
        if fault == "hang":
            self.server.closing.wait(self.server.faults.hang_s)
        if fault in ("hang", "cut"):
            self.close_connection = True
            return
        whole = len(content)
        if fault in ("truncated", "garbled"):
            content = content[: whole // 2]
        with suppress(BrokenPipeError, ConnectionResetError):
            self.send_response(status)
            self.send_header("Content-Type", kind)
            length = whole if fault == "truncated" else len(content)
            self.send_header("Content-Length", str(length))
            self.end_headers()
            self.wfile.write(content)
        if fault == "truncated":
            self.close_connection = True

    def log_message(self, format: str, *args: Any) -> None:
        """Log nothing."""

    def handle(self) -> None:
        """Serve a connection until it is closed."""
        with suppress(ConnectionError, socket.timeout):
            super().handle()


@contextmanager
def serve_assets(
    catalogue: Catalogue, port: int = 0, log: Path | None = None
) -> Iterator[EarthEngineServer]:
    """Serve assets within a context."""
    with EarthEngineServer(catalogue, port, log) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.closing.set()
            server.shutdown()
            thread.join()


def _grid(requested: dict[str, Any]) -> Grid:
    t, size = requested["affineTransform"], requested["dimensions"]
    corner = Affine(t["scaleX"], 0, t["translateX"], 0, t["scaleY"], t["translateY"])
    return Grid(requested["crsCode"], corner, (size["height"], size["width"]))


def _centre(request: dict[str, Any]) -> tuple[float, float]:
    """Return longitude and latitude of the centre of the rectangle of a listing."""
    _, _, rest = json.dumps(request).partition('"coordinates": {"constantValue": ')
    west, south, east, north = json.loads(rest.partition("}")[0])
    return (west + east) / 2, (south + north) / 2


def _rounded(lon: float, lat: float) -> str:
    return f"{lon:.3f} {lat:.3f}"


@cache
def _fixture(name: str) -> bytes:
    return files("ee").joinpath("tests", name).read_bytes()


@cache
def _private_key() -> str:
    return (
        rsa.generate_private_key(public_exponent=65537, key_size=2048)
        .private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.TraditionalOpenSSL,
            serialization.NoEncryption(),
        )
        .decode()
    )


def write_labels(world: World, folder: Path) -> None:
    """Write points and mine outlines of the world as label files."""
    table = SimulatedLabels(world)()
    for kind, name in (("mine", "mines.geojson"), ("point", "points.geojson")):
        rows = table[table["kind"] == kind]
        rows[["label_id", "name", "geometry"]].to_file(folder / name, driver="GeoJSON")


def _nearest_site(world: World) -> Callable[[float, float], str]:
    names = list(world.sites())
    centres = np.array([grid.xy(50, 50) for grid in world.sites().values()])
    crs = next(iter(world.sites().values())).crs

    def nearest(lon: float, lat: float) -> str:
        away = np.hypot(*(centres - project(lon, lat, crs)).T)
        return names[int(away.argmin())]

    return nearest


def main() -> None:
    """Serve the simulated world until interrupted."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument(
        "--fail-first", type=float, default=0.0, help="share of first responses"
    )
    parser.add_argument("--hang", type=float, default=5.0, help="seconds that a hang lasts")
    parser.add_argument("--seed", type=int, default=7, help="of the faults")
    parser.add_argument("--folder", type=Path, required=True, help="for key, labels and log")
    parser.add_argument("--override", action="append", default=[], help="world.n_sites=8")
    chosen = parser.parse_args()
    chosen.folder.mkdir(parents=True, exist_ok=True)
    world: World = composed(["source=simulated", *chosen.override]).build("world")
    write_labels(world, chosen.folder)
    server = EarthEngineServer(
        SimulatedAssets(world), chosen.port, chosen.folder / "requests.csv"
    )
    server.faults = Faults(chosen.fail_first, chosen.seed, chosen.hang)
    server.place = _nearest_site(world)
    server.write_key(chosen.folder / "key.json")
    sys.stderr.write(f"{server.url}\n")
    with server, suppress(KeyboardInterrupt):
        server.serve_forever()


if __name__ == "__main__":
    main()
