"""Errors shown to the user; every message says what is wrong, what was found and what to do."""

import errno
import os
import re
import traceback
from collections.abc import Sequence


class MinecoverError(Exception):
    """Base class of errors that the user can fix; the command line prints the message only."""


class ConfigError(MinecoverError):
    """A key, value or group of the configuration is invalid."""


class LabelError(MinecoverError):
    """A polygon, point or verdict file cannot be used."""


class SceneError(MinecoverError):
    """A scene, product folder or patch cannot be read."""


class NotCoveredError(SceneError):
    """No scene covers the requested ground."""


class CloudyError(SceneError):
    """Scenes cover the requested ground, but none is clear enough to be fetched."""


class AccessError(MinecoverError):
    """A service refuses all requests: credentials, project or permission. The run stops."""


class SiteError(MinecoverError):
    """A layout cannot place its sites, or no scene covers one."""


class FoldError(MinecoverError):
    """Sites cannot be divided into folds, or the leakage audit failed."""


class ModelError(MinecoverError):
    """A model cannot be trained, loaded or applied."""


class ServingError(MinecoverError):
    """A model cannot be served, or a request is invalid."""


class RegistryError(MinecoverError):
    """The tracking store or the model registry lacks what was requested."""


class DamagedError(MinecoverError):
    """A file that a stage wrote cannot be read."""


class RegionError(MinecoverError):
    """A map of a region cannot be started, resumed or finished."""


class SweepError(MinecoverError):
    """A sweep needs columns that its tables lack, or some of its jobs failed."""


#: Number of names that an error lists.
N_NAMED = 5
#: Set to show the traceback of every error, as `minecover --debug` does.
DEBUG = "MINECOVER_DEBUG"
#: Characters shown of the message of an error that is not our own.
MAX_MESSAGE = 400
#: What to do about errors of the system, by their number.
SYSTEM_ADVICE = {
    errno.ENOSPC: "The disk is full: free some space, and run the same command again",
    errno.EDQUOT: "Your share of the disk is used up: free some space, and run it again",
    errno.EFBIG: "The file is larger than this system allows (`ulimit -f`): raise the limit",
    errno.EACCES: "Allow this user to read and write there, or name another place",
    errno.EPERM: "Allow this user to read and write there, or name another place",
    errno.EROFS: "Nothing can be written there: name another place",
    errno.ENOENT: "Check the path, and build what is missing: dvc repro",
    errno.EMFILE: "Too many files are open: allow more with `ulimit -n 4096`",
}


def first_names(names: Sequence[str], most: int = N_NAMED) -> str:
    """Return the first names of a list, and how many there are beyond."""
    more = f" and {len(names) - most} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def error_line(error: BaseException, doing: str) -> str:
    """Return the sentence that a user is shown for an error of any kind.

    Parameters
    ----------
    error : BaseException
        What was raised.
    doing : str
        What failed, e.g. ``"minecover map"`` or ``"the stage masks"``.

    Returns
    -------
    str
        The message of a `MinecoverError` as it is; otherwise one line with what failed, the
        type and the message of the error, and what to do.
    """
    if isinstance(error, MinecoverError):
        return str(error)
    if isinstance(error, KeyboardInterrupt):
        return f"{doing} was interrupted. The same command starts it again."
    advice = _advice(error)
    while "previous exception" in str(error) and error.__cause__ is not None:
        error = error.__cause__  # rasterio's own message says no more than that
    message = " ".join(_without_traceback(str(error)).split())
    if len(message) > MAX_MESSAGE:
        message = f"{message[:MAX_MESSAGE]} ..."
    kind = type(error).__name__
    found = message if kind.endswith("RemoteTraceback") else f"{kind}: {message}"
    found = found if message else kind
    return (
        f"{doing} failed ({found}). {advice}; run again with --debug (or "
        f"{DEBUG}=1) for the traceback."
    )


def _without_traceback(text: str) -> str:
    """Return a message without the traceback of a worker process: its first error alone."""
    if "Traceback (most recent call last)" not in text:
        return text
    errors = re.findall(r"^[\w.]+(?:Error|Exception|Interrupt)(?:: .*)?$", text, re.M)
    return errors[0] if errors else text.partition("Traceback (most recent call last)")[0]


def _advice(error: BaseException) -> str:
    """Return what to do about an error that is not our own."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, MemoryError):
            return "The memory is used up: close other programs, or ask for less at once"
        if isinstance(cause, OSError) and cause.errno in SYSTEM_ADVICE:
            return SYSTEM_ADVICE[cause.errno]
        if isinstance(cause, FileNotFoundError):  # raised by a library, without its number
            return SYSTEM_ADVICE[errno.ENOENT]
        if "write error" in str(cause).lower():  # GDAL prints the reason beside it
            return "Check that the disk has space and that the folder can be written"
        cause = cause.__cause__ or cause.__context__
    return "Check the file or the value that the message names"


def is_debugging() -> bool:
    """Return whether tracebacks were asked for, by `MINECOVER_DEBUG` or ``--debug``."""
    return os.environ.get(DEBUG, "") not in ("", "0")


def report_error(error: BaseException, doing: str) -> str:
    """Return the sentence of an error, after its traceback was printed if that was asked for.

    Parameters
    ----------
    error : BaseException
        What was raised.
    doing : str
        See `error_line`.
    """
    if is_debugging():
        traceback.print_exception(error)
    return error_line(error, doing)
