"""One local Earth Engine for all tests of a module, reset before each test."""

from collections import Counter
from collections.abc import Iterator

import ee
import pytest
from servers.earth_engine import EarthEngineServer, serve_assets
from servers.ee_drawing import NETWORK, DrawnScene, LocalService, collections_of
from servers.ee_faults import Faults

from minecover.sources.earth_engine import EarthEngine


@pytest.fixture(scope="module")
def started_service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalService]:
    folder = tmp_path_factory.mktemp("account")
    with serve_assets(collections_of()) as server:
        key = server.write_key(folder / "key.json")
        yield LocalService(server, EarthEngine("my-project", str(key), server.url, NETWORK))
        ee.Reset()


@pytest.fixture
def service(started_service: LocalService) -> LocalService:
    """Return a service with one plain scene and without faults."""
    server: EarthEngineServer = started_service.server
    server.catalogue = collections_of(DrawnScene().plain())
    server.faults, server.responses, server.most_at_once = Faults(), Counter(), 0
    return started_service
