"""One local Earth Engine for all tests of a module, wiped before each."""

from collections import Counter
from collections.abc import Iterator

import ee
import pytest
from servers.earth_engine import EarthEngineServer, served
from servers.ee_drawing import NETWORK, Desk, Shown, held
from servers.ee_faults import Faults

from minecover.sources.earth_engine import EarthEngine


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("account")
    with served(held()) as server:
        key = server.write_key(folder / "key.json")
        yield Desk(server, EarthEngine("my-project", str(key), server.url, NETWORK))
        ee.Reset()


@pytest.fixture
def desk(service: Desk) -> Desk:
    """A service that holds one plain scene and answers everything."""
    server: EarthEngineServer = service.server
    server.catalogue = held(Shown().plain())
    server.faults, server.answers, server.most_at_once = Faults(), Counter(), 0
    return service
