"""Log in to Earth Engine: credentials from where the user keeps them, within seconds."""

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
#: google-auth asks for the machine's own account, which only machines of Google's have. By
#: default it asks thrice, waits 3 s each time, and longer in between.
METADATA_LIMITS = {"GCE_METADATA_TIMEOUT": "1", "GCE_METADATA_DETECT_RETRIES": "1"}

#: The class has no types of its own.
_user: Callable[..., Credentials] = UserCredentials


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks which service: see `minecover.sources.earth_engine.EarthEngine`."""

    project: str | None
    credentials: str
    url: str | None

    def log_in(self, transport: Transport) -> None:
        """Make the process's one client of Earth Engine work for this account.

        Raises
        ------
        AccessError
            If there are no credentials, or no project. What the client raises comes through.
        """
        # Our own throttle waits and asks again: it knows how many others do.
        ee.data.setMaxRetries(0)
        # Otherwise the client fetches a list of retired collections from another host, without
        # any time limit, in order to warn of them.
        ee.deprecation.deprecated_assets.setdefault(
            "", ee.deprecation.DeprecatedAsset("", None, None, None)
        )
        credentials = self._found()
        project = self.project or getattr(credentials, "quota_project_id", None)
        if project is None and not isinstance(credentials, ServiceAccount):
            raise AccessError(
                "Earth Engine needs a Cloud project that is registered for it, found none. "
                "Set source.client.project, or type `earthengine set_project`."
            )
        ee.Initialize(credentials, url=self.url, project=project, http_transport=transport)

    def _found(self) -> Credentials:
        """Find the credentials; nothing is sent with them yet."""
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
    """The one login that the vendor's client holds in a process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._holder: Account | None = None
        self._failures: list[AccessError] = []

    def ensure(self, account: Account, log_in: Callable[[], None]) -> None:
        """Log in, unless that was done: the first asker does it, the others wait.

        Raises
        ------
        AccessError
            If it fails, also for those who waited; or if another account has logged in.
        """
        failed_before = len(self._failures)
        with self._lock:
            if len(self._failures) > failed_before:
                raise self._failures[-1]
            if self._holder is None or not ee.data.is_initialized():
                self._first(log_in)
                self._holder = account
            elif self._holder != account:
                raise AccessError(
                    "a process holds one login to Earth Engine, found a second one for project "
                    f"{account.project} at {account.url}. Give the source and all layers the "
                    "same client, e.g. client: ${source.client}."
                )

    def _first(self, log_in: Callable[[], None]) -> None:
        try:
            log_in()
        except SceneError as error:
            # A service that nobody can log in to is the same for all sites.
            self._failures.append(AccessError(f"cannot log in to Earth Engine: {error}"))
            raise self._failures[-1] from error
        except AccessError as error:
            self._failures.append(error)
            raise


@contextmanager
def _environment(values: Mapping[str, str]) -> Iterator[None]:
    """Set variables for a while, unless they are set."""
    added = {key: value for key, value in values.items() if key not in os.environ}
    os.environ.update(added)
    try:
        yield
    finally:
        for key in added:
            del os.environ[key]
