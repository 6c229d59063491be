"""Log in to Earth Engine with the credentials of the user."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import ee
import google.auth
from google.auth.credentials import Credentials
from google.auth.exceptions import GoogleAuthError
from google.oauth2.credentials import Credentials as UserCredentials
from google.oauth2.service_account import Credentials as ServiceAccount

from minecover.core.errors import AccessError, SceneError
from minecover.sources.transport import Transport

PERSISTENT, APPLICATION_DEFAULT = "persistent", "application_default"
#: google-auth looks for the account of the machine, which only exists in Google's cloud. By
#: default it tries three times, for 3 s each, with longer pauses in between.
METADATA_LIMITS = {"GCE_METADATA_TIMEOUT": "1", "GCE_METADATA_DETECT_RETRIES": "1"}

#: The class is not typed.
_user: Callable[..., Credentials] = UserCredentials


@dataclass(frozen=True, slots=True)
class Account:
    """Account of an Earth Engine service; for the fields see `EarthEngine`.

    Parameters
    ----------
    project, credentials, url
        See `minecover.sources.earth_engine.EarthEngine`.
    """

    project: str | None
    credentials: str
    url: str | None

    def log_in(self, transport: Transport) -> None:
        """Initialise the Earth Engine client of this process for this account.

        Parameters
        ----------
        transport : Transport
            HTTP transport to use.

        Raises
        ------
        AccessError
            If there are no credentials, or no project. Errors of the client are not translated.
        """
        # Requests are retried by our own throttle, which counts those of all threads.
        ee.data.setMaxRetries(0)
        # Otherwise the client fetches a list of deprecated collections from another host,
        # without time limit, to warn about them.
        ee.deprecation.deprecated_assets.setdefault(
            "", ee.deprecation.DeprecatedAsset("", None, None, None)
        )
        credentials = self._find_credentials()
        project = self.project or getattr(credentials, "quota_project_id", None)
        if project is None and not isinstance(credentials, ServiceAccount):
            raise AccessError(
                "Earth Engine needs a Cloud project that is registered for it, found none. "
                "Set source.client.project, or type `earthengine set_project`."
            )
        ee.Initialize(credentials, url=self.url, project=project, http_transport=transport)

    def _find_credentials(self) -> Credentials:
        """Return the credentials, without using them."""
        try:
            if self.credentials == PERSISTENT:
                return _user(None, **ee.oauth.get_credentials_arguments())
            if self.credentials == APPLICATION_DEFAULT:
                with _environment(METADATA_LIMITS):
                    return google.auth.default(scopes=ee.oauth.SCOPES)[0]
            path = Path(self.credentials).expanduser()
            return ee.ServiceAccountCredentials(key_file=str(path))
        except (OSError, ValueError, GoogleAuthError) as error:
            raise AccessError(
                "Earth Engine needs credentials and found none with source.client.credentials="
                f"{self.credentials} ({str(error).splitlines()[0]}). "
                f"Type `earthengine authenticate` for {PERSISTENT}, or set it to "
                f"{APPLICATION_DEFAULT} or to the path of a service account's key file."
            ) from error


class Login:
    """Login state of this process: the Earth Engine client supports one account."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._account: Account | None = None
        self._failures: list[AccessError] = []

    def ensure(self, account: Account, log_in: Callable[[], None]) -> None:
        """Log in unless that has been done; concurrent callers wait for the first one.

        Parameters
        ----------
        account : Account
            The account.
        log_in : callable
            Logs in.

        Raises
        ------
        AccessError
            If the login fails, also for callers who waited, or if another account is in use.
        """
        failed_before = len(self._failures)
        with self._lock:
            if len(self._failures) > failed_before:
                raise self._failures[-1]
            if self._account is None or not ee.data.is_initialized():
                self._log_in(log_in)
                self._account = account
            elif self._account != account:
                raise AccessError(
                    "a process can have one login to Earth Engine, found a second one for "
                    f"project {account.project} at {account.url}. Use one client for all, "
                    "e.g. client: ${source.client}."
                )

    def _log_in(self, log_in: Callable[[], None]) -> None:
        try:
            log_in()
        except SceneError as error:
            # Without login, all sites would fail.
            self._failures.append(AccessError(f"cannot log in to Earth Engine: {error}"))
            raise self._failures[-1] from error
        except AccessError as error:
            self._failures.append(error)
            raise


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set environment variables within a context, except those that are set already."""
    added = {key: value for key, value in values.items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            del os.environ[key]
