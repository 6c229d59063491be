"""Limits of a request to a served model, and the error that refuses one."""

from __future__ import annotations

from collections.abc import Sequence

from minecover.core.errors import ServingError

#: The largest request body [bytes] and its rows: 100,000 rows of a hundred features as text.
MAX_BYTES, MAX_ROWS = 128_000_000, 100_000
#: An error message names at most this many wrong columns.
MAX_NAMES = 5


class RequestError(ServingError):
    """A request that cannot be served; `status` is the HTTP status of the response."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


def check_columns(names: Sequence[str], features: Sequence[str]) -> None:
    """Refuse columns that are missing, unknown or repeated.

    Parameters
    ----------
    names : sequence of str
        Column names of the request.
    features : sequence of str
        Column names that the model takes.

    Raises
    ------
    RequestError
        Naming the first `MAX_NAMES` wrong columns of each kind.
    """
    found, wanted = set(names), set(features)
    wrong = [
        f"{word} {', '.join(sorted(which)[:MAX_NAMES])}"
        f"{' ...' if len(which) > MAX_NAMES else ''}"
        for word, which in (("without", wanted - found), ("with unknown", found - wanted))
        if which
    ]
    if len(found) < len(names):
        repeated = sorted({name for name in names if names.count(name) > 1})
        wrong.append(f"with repeated {', '.join(repeated[:MAX_NAMES])}")
    if wrong:
        raise RequestError(
            f"the columns should be the model's {len(features)} features, found {len(names)} "
            f"columns {' and '.join(wrong)}. `features` in model.json lists them."
        )


def check_n_rows(n: int) -> None:
    """Refuse a request without rows, or with more than `MAX_ROWS`."""
    if n == 0:
        raise RequestError("the request body holds no rows. Send at least one.")
    if n > MAX_ROWS:
        raise too_large(f"{n:,} rows")


def too_large(found: str) -> RequestError:
    """Return the error that refuses a request for its size."""
    return RequestError(
        f"a request has at most {MAX_ROWS:,} rows and {MAX_BYTES:,} bytes, found {found}. "
        "Send several requests, or map whole scenes with `minecover predict`.",
        413,
    )
