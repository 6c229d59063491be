"""Faults of the local Earth Engine, planned or random."""

import random
from collections import deque
from dataclasses import dataclass, field

#: Error responses: status and message.
REFUSALS = {
    "429": (
        429,
        "Too Many Requests: Request was rejected because the request rate is too high.",
    ),
    "quota": (429, "Quota exceeded for quota metric 'Number of read requests' and limit"),
    "aggregations": (429, "Too many concurrent aggregations."),
    "500": (500, "An internal error has occurred (a1b2)."),
    "503": (503, "Backend unavailable."),
    "timed out": (400, "Computation timed out."),
    "memory": (400, "User memory limit exceeded."),
    "payload": (400, "Request payload size exceeds the limit: 41943304 bytes."),
    "too large": (400, "Object too large (12345678 bytes)."),
    "not found": (
        400,
        "Image.load: Image asset 'LANDSAT/X' not found (does not exist or caller does not have "
        "access).",
    ),
    "no bands": (400, "Image.toBands: Image with no bands."),
    "value": (400, "Image.unmask: Parameter 'value' is required and may not be null."),
    "odd": (400, "Number.parse: Invalid number."),
    "permission": (403, "Caller does not have required permission to use project my-project."),
    "unregistered": (
        403,
        "Not signed up for Earth Engine or project is not registered. Visit "
        "https://developers.google.com/earth-engine/guides/access",
    ),
    "disabled": (
        403,
        "Google Earth Engine API has not been used in project 123 before or it is disabled.",
    ),
    "rate": (403, "rateLimitExceeded"),
}
#: Transient faults, for --fail-first.
TRANSIENT = ("429", "500", "503", "cut", "truncated", "garbled", "shape", "dtype", "hang")
DISCOVERY, ALGORITHMS, TOKEN, LISTING, PIXELS = (
    "discovery",
    "algorithms",
    "token",
    "listing",
    "pixels",
)


@dataclass
class Faults:
    """Faults: planned ones first, then random ones in the first response for each site."""

    first: float = 0.0
    seed: int = 0
    hang_s: float = 5.0
    planned: dict[str, deque[str]] = field(default_factory=dict)
    #: Largest number of planes per response.
    most_planes: int = 10**9
    seen: set[tuple[str, str]] = field(default_factory=set)

    def plan(self, endpoint: str, *kinds: str) -> None:
        """Plan faults for the next responses of an endpoint."""
        self.planned.setdefault(endpoint, deque()).extend(kinds)

    def draw(self, endpoint: str, site: str) -> str:
        """Return the fault of a response, "" for none."""
        if self.planned.get(endpoint):
            return self.planned[endpoint].popleft()
        key = (endpoint, site)
        if not self.first or endpoint not in (LISTING, PIXELS) or key in self.seen:
            return ""
        self.seen.add(key)
        rng = random.Random(f"{self.seed}/{endpoint}/{site}")
        return rng.choice(TRANSIENT) if rng.random() < self.first else ""
