"""Meaning of error messages that were observed in responses of Earth Engine."""

import pytest

from minecover.core.errors import AccessError, NotCoveredError, SceneError
from minecover.sources.earth_engine.service_errors import SlowError, TooMuchError, service_error
from minecover.sources.throttle import TransientError

LIMIT = "must be less than or equal to 50331648 bytes."
NOT_FOUND = "not found (does not exist or caller does not have access)."


@pytest.mark.parametrize(
    ("status", "message", "meaning"),
    [
        (429, "Too Many Requests", TransientError),
        (400, "Too many concurrent aggregations.", TransientError),
        (403, "Quota exceeded for quota metric 'Number of read requests'", TransientError),
        (403, "rateLimitExceeded", TransientError),
        (500, "An internal error has occurred", TransientError),
        (502, "Bad gateway", TransientError),
        (400, "Computation timed out.", SlowError),
        (500, "Computation timed out.", SlowError),
        (400, "User memory limit exceeded.", TooMuchError),
        (400, f"Total request size (61505136 bytes) {LIMIT}", TooMuchError),
        (400, "Request payload size exceeds the limit: 41943304 bytes.", TooMuchError),
        (400, "Object too large.", TooMuchError),
        (
            400,
            "Pixel grid dimensions (40000x1) must be at most 32768.",
            TooMuchError,
        ),
        (400, f"Image.load: Image asset 'LANDSAT/X' {NOT_FOUND}", NotCoveredError),
        (404, f"Image.load: Image asset 'LANDSAT/X' {NOT_FOUND}", NotCoveredError),
        (400, "Collection.first: the collection is empty.", NotCoveredError),
        (400, "Image.unmask: Parameter 'value' is required.", NotCoveredError),
        (400, "Image.select: Band pattern 'B4' ... Available bands: []", NotCoveredError),
        (400, "Image.select: Band pattern 'B44' ... Available bands: [B4]", SceneError),
        (400, f"ImageCollection.load: ImageCollection asset 'L8' {NOT_FOUND}", AccessError),
        (403, "Google Earth Engine API has not been used in project 12 before", AccessError),
        (403, "Caller does not have required permission to use project x", AccessError),
        (403, "Not signed up for Earth Engine or project is not registered.", AccessError),
        (404, "Project 'projects/x' not found or deleted.", AccessError),
        (401, "Request had invalid authentication credentials.", AccessError),
        (0, "ee.Initialize: no project found. Call with project=", AccessError),
        (0, "invalid_grant: Token has been expired or revoked.", AccessError),
        (400, "Number.parse: Invalid number.", SceneError),
    ],
)
def test_a_message_has_one_meaning(status: int, message: str, meaning: type) -> None:
    found = service_error(status, message)

    assert type(found) is meaning
    assert message.rstrip(".") in str(found)
