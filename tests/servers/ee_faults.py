"""What can go wrong with the local Earth Engine, when it is told so or by luck."""

import random
from collections import deque
from dataclasses import dataclass, field

#: Answers that the service gives instead of a result: status and message.
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
#: Faults that pass, for --fail-first.
PASSING = ("429", "500", "503", "cut", "truncated", "garbled", "shape", "dtype", "hang")
DISCOVERY, ALGORITHMS, TOKEN, LISTING, PIXELS = (
    "discovery",
    "algorithms",
    "token",
    "listing",
    "pixels",
)


@dataclass
class Faults:
    """What goes wrong: planned answers first, then luck on the first answer to each site."""

    first: float = 0.0
    seed: int = 0
    hang_s: float = 5.0
    planned: dict[str, deque[str]] = field(default_factory=dict)
    #: Planes that the service has memory for.
    most_planes: int = 10**9
    seen: set[tuple[str, str]] = field(default_factory=set)

    def plan(self, endpoint: str, *kinds: str) -> None:
        """Let the next answers of an endpoint be these faults."""
        self.planned.setdefault(endpoint, deque()).extend(kinds)

    def draw(self, endpoint: str, site: str) -> str:
        """Choose the fault of an answer, "" for none."""
        if self.planned.get(endpoint):
            return self.planned[endpoint].popleft()
        key = (endpoint, site)
        if not self.first or endpoint not in (LISTING, PIXELS) or key in self.seen:
            return ""
        self.seen.add(key)
        luck = random.Random(f"{self.seed}/{endpoint}/{site}")
        return luck.choice(PASSING) if luck.random() < self.first else ""
