"""What Earth Engine's refusals mean: ask again, ask for less, nothing there, stop the run."""

from __future__ import annotations

import re

from minecover.core.errors import AccessError, NotCoveredError, SceneError
from minecover.sources.throttle import PassingError


class TooMuchError(Exception):
    """A request asks for more than the service gives at once: ask for less."""


class SlowError(TooMuchError):
    """A request took the service too long, which once may have been its own fault."""


#: Messages by meaning, tried in this order; each was seen in the service's own answers.
_PASSING = r"too many (concurrent|requests)|quota exceeded|rate ?limit ?exceeded"
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


def refusal(status: int, message: str) -> Exception:
    """Translate an answer that is no result into the failure it stands for.

    Parameters
    ----------
    status : int
        HTTP status, 0 if there was none.
    message : str
        What the service said.

    References
    ----------
    developers.google.com/earth-engine/guides/usage (quotas), .../guides/debugging (limits).
    """
    said = message.strip().rstrip(".")

    def says(pattern: str) -> bool:
        return re.search(pattern, said, re.IGNORECASE) is not None

    if says(_SLOW):
        return SlowError(said)
    if status == 429 or status >= 500 or says(_PASSING):
        return PassingError(f"Earth Engine answered {status}: {said}.")
    if says(_TOO_MUCH):
        return TooMuchError(said)
    if says(_UNKNOWN_COLLECTION):
        return AccessError(
            f"Earth Engine gives no such collection: {said}. Fix source.collections."
        )
    if status not in (401, 403) and says(_NOT_COVERED):
        return NotCoveredError(f"Earth Engine has nothing there: {said}.")
    if status in (401, 403) or says(_DENIED):
        return AccessError(
            f"Earth Engine refuses access: {said}. Register the project for Earth Engine, "
            "grant your account its use, and check source.client.project and .credentials."
        )
    return SceneError(f"Earth Engine refused the request ({status}): {said}.")
