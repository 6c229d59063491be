"""A local STAC service: scenes as COGs, a static catalogue of them, and an API."""

from __future__ import annotations

import json
import threading
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import rasterio
from numpy.typing import NDArray

from minecover.core.grid import Grid
from minecover.core.sites import square

COLLECTION = "landsat-c2-l2"
ASSETS = ("coastal", "blue", "green", "red", "nir08", "swir16", "swir22", "lwir11")
CLEAR = 21824
CONFORMS = [
    "https://api.stacspec.org/v1.0.0/core",
    "https://api.stacspec.org/v1.0.0/item-search",
]
#: Items on a page of a search.
PAGE = 2
TOKEN = "sig=secret"


@dataclass(frozen=True)
class DrawnScene:
    """A scene to be written, with one value for all pixels of a file or an array of pixels."""

    grid: Grid
    name: str = "LC08_1"
    day: str = "2017-01-15"
    clouds: float | None = 10.0
    platform: str = "landsat-8"
    files: Mapping[str, int | NDArray[np.uint16]] = field(default_factory=dict)
    lacks: Sequence[str] = ()
    time: str = "08:10:00"

    @property
    def collection(self) -> str:
        """Id of the collection."""
        return COLLECTION

    @property
    def planes(self) -> dict[str, int | NDArray[np.uint16]]:
        """Pixels of each file."""
        return {**dict.fromkeys(ASSETS, 10_000), "qa_pixel": CLEAR, "qa_radsat": 0}

    def file_grid(self, asset: str) -> Grid:
        """Return the grid of a file."""
        return self.grid

    @property
    def properties(self) -> dict[str, object]:
        """Properties of the item, beside its time."""
        return {
            "platform": self.platform,
            "eo:cloud_cover": self.clouds,
            "proj:epsg": int(self.grid.crs.removeprefix("EPSG:")),
            "proj:shape": list(self.grid.shape),
            "proj:transform": list(self.grid.transform)[:6],
        }

    def put(self, folder: Path, address: str) -> dict[str, object]:
        """Write the COGs; return the item, whose files have the given base address."""
        planes = self.planes | dict(self.files)
        for name, plane in planes.items():
            grid = self.file_grid(name)
            write_cog(folder / f"{self.name}_{name}.tif", plane, grid, name)
        west, south, east, north = square(self.grid).bounds
        corners = [[west, south], [east, south], [east, north], [west, north], [west, south]]
        return {
            "type": "Feature",
            "stac_version": "1.0.0",
            "stac_extensions": [
                "https://stac-extensions.github.io/projection/v1.1.0/schema.json"
            ],
            "id": self.name,
            "collection": self.collection,
            "geometry": {"type": "Polygon", "coordinates": [corners]},
            "bbox": [west, south, east, north],
            "properties": {"datetime": f"{self.day}T{self.time}Z", **self.properties},
            "links": [],
            "assets": {
                name: {
                    "href": f"{address}/{self.name}_{name}.tif",
                    "type": "image/tiff; application=geotiff; profile=cloud-optimized",
                    "roles": ["data"],
                }
                for name in planes
                if name not in self.lacks
            },
        }


def write_cog(path: Path, plane: int | NDArray[np.uint16], grid: Grid, name: str) -> None:
    """Write a COG like USGS, with fill 0 in bands and 1 in QA_PIXEL."""
    pixels = np.broadcast_to(np.asarray(plane, np.uint16), grid.shape)
    with rasterio.open(
        path, "w", driver="COG", count=1, height=grid.shape[0], width=grid.shape[1],
        dtype="uint16", crs=grid.crs, transform=grid.transform,
        nodata=1 if name == "qa_pixel" else 0,
    ) as sink:  # fmt: skip
        sink.write(pixels, 1)


def static_catalogue(folder: Path, *scenes: DrawnScene) -> str:
    """Write scenes and a catalogue of one collection; return its path."""
    files = folder / "files"
    files.mkdir(parents=True)
    items = [scene.put(files, str(files)) for scene in scenes]
    for item in items:
        (folder / f"{item['id']}.json").write_text(json.dumps(item))
    root = {
        "type": "Catalog",
        "id": "root",
        "description": "root",
        "stac_version": "1.0.0",
        "links": [{"rel": "child", "href": "./collection.json"}],
    }
    collection = {
        **root,
        "type": "Collection",
        "id": scenes[0].collection,
        "license": "proprietary",
        "extent": {
            "spatial": {"bbox": [[-180, -90, 180, 90]]},
            "temporal": {"interval": [[None, None]]},
        },
        "links": [{"rel": "item", "href": f"./{item['id']}.json"} for item in items],
    }
    (folder / "collection.json").write_text(json.dumps(collection))
    (folder / "catalog.json").write_text(json.dumps(root))
    return str(folder / "catalog.json")


@dataclass
class Api:
    """A STAC API on a local port, with counts of its requests."""

    url: str
    folder: Path
    items: list[dict[str, object]] = field(default_factory=list)
    #: Statuses of the next responses by first part of the path; "cut" is half a response.
    faults: dict[str, list[int | str]] = field(default_factory=dict)
    requests: Counter[str] = field(default_factory=Counter)
    #: Whether files are served only with the token.
    is_signed: bool = False

    def add(self, *scenes: DrawnScene) -> None:
        """Add scenes to the catalogue."""
        self.items += [scene.put(self.folder, f"{self.url}/files") for scene in scenes]

    def search(self, body: Mapping[str, object]) -> dict[str, object]:
        """Return one page of a search by box and day."""
        bbox, period = body["bbox"], str(body["datetime"])
        assert isinstance(bbox, list)
        first, last = (moment[:10] for moment in period.split("/"))
        found = [
            item for item in self.items if first <= _day(item) <= last and _overlaps(item, bbox)
        ]
        begin = int(str(body.get("token", 0)))
        links = []
        if begin + PAGE < len(found):
            body = {**body, "token": begin + PAGE}
            links = [
                {"rel": "next", "href": f"{self.url}/search", "method": "POST", "body": body}
            ]
        page = found[begin : begin + PAGE]
        return {"type": "FeatureCollection", "features": page, "links": links}

    def root(self) -> dict[str, object]:
        """Return the landing page."""
        return {
            "type": "Catalog",
            "id": "api",
            "description": "api",
            "stac_version": "1.0.0",
            "conformsTo": CONFORMS,
            "links": [
                {"rel": "self", "href": self.url},
                {"rel": "root", "href": self.url},
                {"rel": "search", "href": f"{self.url}/search", "method": "POST",
                 "type": "application/geo+json"},
            ],
        }  # fmt: skip


@contextmanager
def serve_api(folder: Path) -> Iterator[Api]:
    """Serve an empty API with the files of a folder."""
    with _Server(("127.0.0.1", 0), _Handler) as server:
        server.api = Api(f"http://127.0.0.1:{server.server_port}", folder)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server.api
        finally:
            server.shutdown()
            thread.join()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64
    api: Api


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def do_GET(self) -> None:
        """Send the landing page, a token, or a part of a file."""
        path, _, query = self.path.partition("?")
        kind = path.split("/")[1] or "root"
        if self._fails(kind):
            return
        if kind == "root":
            self._send(200, json.dumps(self._api.root()).encode())
        elif kind == "token":
            token = {"msft:expiry": "2999-01-01T00:00:00Z", "token": TOKEN}
            self._send(200, json.dumps(token).encode())
        elif self._api.is_signed and query != TOKEN:
            self._send(403, b"")
        else:
            self._send_file(self._api.folder / Path(path).name)

    do_HEAD = do_GET

    def do_POST(self) -> None:
        """Send the result of a search."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if not self._fails("search"):
            self._send(200, json.dumps(self._api.search(body)).encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""

    @property
    def _api(self) -> Api:
        return self.server.api

    def _fails(self, kind: str) -> bool:
        self._api.requests[kind] += 1
        faults = self._api.faults.get(kind, [])
        if not faults:
            return False
        fault = faults.pop(0)
        if isinstance(fault, int):
            self._send(fault, b"{}")
        else:
            self._send(200, b'{"type": "Catal')
        return True

    def _send_file(self, path: Path) -> None:
        if not path.is_file():
            self._send(404, b"")
            return
        content, requested = path.read_bytes(), self.headers.get("Range")
        if requested is None:
            self._send(200, content)
            return
        first, last = requested.removeprefix("bytes=").split("-")
        begin, end = int(first), min(int(last) + 1, len(content))
        self._send(206, content[begin:end], f"bytes {begin}-{end - 1}/{len(content)}")

    def _send(self, status: int, body: bytes, span: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Accept-Ranges", "bytes")
        if span:
            self.send_header("Content-Range", span)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)


def _day(item: Mapping[str, object]) -> str:
    properties = item["properties"]
    assert isinstance(properties, dict)
    return str(properties["datetime"])[:10]


def _overlaps(item: Mapping[str, object], box: Sequence[float]) -> bool:
    bbox = item["bbox"]
    assert isinstance(bbox, list)
    west, south, east, north = bbox
    return bool(west < box[2] and box[0] < east and south < box[3] and box[1] < north)
