"""Errors of Earth Engine by meaning: retry, request less, no data, or stop the run."""

from __future__ import annotations

import re

from minecover.core.errors import AccessError, NotCoveredError, SceneError
from minecover.sources.throttle import TransientError


class TooMuchError(Exception):
    """A request exceeds the limits of the service and must be divided."""


class SlowError(TooMuchError):
    """A request took the service too long; it is sent once more before it is divided."""


#: Messages by meaning, tried in this order; each was observed in responses of the service.
_TRANSIENT = r"too many (concurrent|requests)|quota exceeded|rate ?limit ?exceeded"
_SLOW = r"computation timed out"
_TOO_MUCH = (
    r"memory (limit|capacity) exceeded|request (payload )?size|too large"
    r"|pixel grid dimensions|too many (bands|pixels)"
)
_UNKNOWN_COLLECTION = r"collection asset '.*' (not found|does not exist)"
_NOT_COVERED = (
    r"asset '.*' (not found|does not exist)|no bands|available bands: \[\]|empty"
    r"|parameter '\w+' is required"
)
_DENIED = (
    r"has not been used in project|is disabled|permission|not signed up|not registered"
    r"|invalid_grant|api key|unauthenticated|no project found|project .*(not found|deleted)"
)


def service_error(status: int, message: str) -> Exception:
    """Return the error that an error response of the service stands for.

    Parameters
    ----------
    status : int
        HTTP status, 0 if there is none.
    message : str
        Message of the service.

    Returns
    -------
    Exception
        `TransientError`, `SlowError`, `TooMuchError`, or a `MinecoverError`.

    References
    ----------
    developers.google.com/earth-engine/guides/usage (quotas), .../guides/debugging (limits).
    """
    text = message.strip().rstrip(".")

    def matches(pattern: str) -> bool:
        return re.search(pattern, text, re.IGNORECASE) is not None

    if matches(_SLOW):
        return SlowError(text)
    if status == 429 or status >= 500 or matches(_TRANSIENT):
        return TransientError(f"Earth Engine answered {status}: {text}.")
    if matches(_TOO_MUCH):
        return TooMuchError(text)
    if matches(_UNKNOWN_COLLECTION):
        return AccessError(
            f"Earth Engine has no such collection: {text}. Fix source.collections."
        )
    if status not in (401, 403) and matches(_NOT_COVERED):
        return NotCoveredError(f"Earth Engine has no data there: {text}.")
    if status in (401, 403) or matches(_DENIED):
        return AccessError(
            f"Earth Engine refuses access: {text}. Register the project for Earth Engine, "
            "allow your account to use it, and check source.client.project and .credentials."
        )
    return SceneError(f"Earth Engine refused the request ({status}): {text}.")
