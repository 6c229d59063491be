"""Faults of Earth Engine: busy, slow, broken, or request too large."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import ee
import numpy as np
import pytest
from servers.ee_drawing import (
    FOOTPRINT,
    NETWORK,
    SITE,
    DrawnScene,
    LocalService,
    collections_of,
)
from servers.ee_faults import (
    ALGORITHMS,
    DISCOVERY,
    LISTING,
    PIXELS,
    TOKEN,
)

from minecover.core.errors import AccessError, ConfigError, NotCoveredError, SceneError
from minecover.sources.throttle import Network

#: A ramp, by which pixels are identified.
RAMP = np.arange(FOOTPRINT.shape[0] * FOOTPRINT.shape[1]).reshape(FOOTPRINT.shape) / 1000
EIGHT = [date(2016, 11, 1) + timedelta(16 * k) for k in range(8)]


@pytest.fixture
def series(service: LocalService) -> LocalService:
    """Serve eight dates, each with another ramp."""
    service.server.catalogue = collections_of(
        *(
            DrawnScene(day=day.isoformat()).asset(
                B4=RAMP + k, QA_PIXEL=21824.0, QA_RADSAT=float(k)
            )
            for k, day in enumerate(EIGHT)
        )
    )
    return service


ANY_ENDPOINT = [
    "429",
    "500",
    "503",
    "aggregations",
    "cut",
    "garbled",
    "quota",
    "rate",
    "truncated",
]


@pytest.mark.parametrize(
    ("endpoint", "fault"),
    [
        *((endpoint, fault) for endpoint in (LISTING, PIXELS) for fault in ANY_ENDPOINT),
        (PIXELS, "shape"),
        (PIXELS, "dtype"),
    ],
)
def test_transient_faults_are_retried(series: LocalService, endpoint: str, fault: str) -> None:
    series.server.faults.plan(endpoint, fault)

    cube = series.source().scenes(SITE)

    assert series.server.count(endpoint) == 2
    np.testing.assert_array_equal(cube.dn[5, 0], (RAMP[2:8, 2:8] + 5).astype(np.float32))
    assert cube.dates == tuple(EIGHT)


def test_a_hanging_request_is_retried(series: LocalService) -> None:
    ee.Reset()
    series.server.faults.hang_s = 30
    series.server.faults.plan(PIXELS, "hang")
    hurried = replace(
        series.source(), client=replace(series.client, network=replace(NETWORK, timeout_s=1.0))
    )

    cube = hurried.scenes(SITE)
    ee.Reset()

    assert cube.dates == tuple(EIGHT)
    assert series.server.responses[PIXELS, "hang"] == 1


@pytest.mark.parametrize("endpoint", [DISCOVERY, ALGORITHMS, TOKEN])
@pytest.mark.parametrize("fault", ["429", "503", "cut", "truncated", "garbled"])
def test_logging_in_is_retried(service: LocalService, endpoint: str, fault: str) -> None:
    ee.Reset()
    service.server.faults.plan(endpoint, fault)

    cube = service.source().scenes(SITE)

    assert np.unique(cube.dn).tolist() == [0.25]
    assert service.server.responses[endpoint, fault] == 1


def test_retries_are_limited(service: LocalService) -> None:
    service.server.faults.plan(PIXELS, *["503"] * 9)

    with pytest.raises(SceneError, match=r"failed 5 times in \d+ s.*503: Backend unavailable"):
        service.source().scenes(SITE)
    assert service.server.count(PIXELS) == 5


@pytest.mark.parametrize("fault", ["shape", "dtype"])
def test_pixels_that_stay_wrong_are_an_error(service: LocalService, fault: str) -> None:
    service.server.faults.plan(PIXELS, *[fault] * 5)

    with pytest.raises(SceneError, match=r"must be 3 planes of \(6, 6\).*found 3 of \([56], 6"):
        service.source().scenes(SITE)


def test_the_deadline_limits_retries(service: LocalService) -> None:
    service.server.faults.plan(PIXELS, *["503"] * 9)
    hurried = Network(8, 9, 0.2, 0.2, 0.3, 10)

    with pytest.raises(SceneError, match=r"failed [23] times in 0 s"):
        service.source(network=hurried).scenes(SITE)


def test_a_slow_request_is_retried_once(series: LocalService) -> None:
    series.server.faults.plan(PIXELS, "timed out")

    cube = series.source().scenes(SITE)

    assert series.server.count(PIXELS) == 2
    assert len(cube.dates) == 8


def test_a_request_that_is_slow_twice_is_halved(series: LocalService) -> None:
    whole = series.source().scenes(SITE)
    series.server.faults.plan(PIXELS, "timed out", "timed out")

    cube = series.source().scenes(SITE)

    assert series.server.responses[PIXELS, "ok"] == 1 + 2
    np.testing.assert_array_equal(cube.dn, whole.dn)


@pytest.mark.parametrize("fault", ["memory", "payload", "too large"])
def test_a_request_that_is_too_large_is_halved(series: LocalService, fault: str) -> None:
    whole = series.source().scenes(SITE)
    # All dates are too much, then four, two and one, whose rows are halved.
    series.server.faults.plan(PIXELS, *[fault] * 4)

    cube = series.source().scenes(SITE)

    assert series.server.responses[PIXELS, "ok"] == 1 + 5
    np.testing.assert_array_equal(cube.dn, whole.dn)
    np.testing.assert_array_equal(cube.qa, whole.qa)
    np.testing.assert_array_equal(cube.saturated, whole.saturated)


def test_the_names_of_many_planes_fit_into_a_response(service: LocalService) -> None:
    days = [date(2016, 10, 15) + timedelta(k) for k in range(200)]
    service.server.catalogue = collections_of(
        *(DrawnScene(day.isoformat()).plain() for day in days)
    )

    cube = service.source().scenes(SITE)

    assert service.server.responses == {(LISTING, "ok"): 1, (PIXELS, "ok"): 1}
    assert cube.dates == tuple(days)


def test_a_row_that_is_too_large_is_an_error(service: LocalService) -> None:
    service.server.faults.most_planes = 2

    with pytest.raises(SceneError, match="even one row of one scene is too much: User memory"):
        service.source().scenes(SITE)


@pytest.mark.parametrize(
    ("fault", "error", "said"),
    [
        pytest.param("not found", NotCoveredError, "no data there", id="no such image"),
        pytest.param("no bands", NotCoveredError, "no bands", id="no bands"),
        pytest.param("value", NotCoveredError, "'value' is required", id="nothing to unmask"),
        pytest.param("permission", AccessError, "source.client.project", id="permission"),
        pytest.param("unregistered", AccessError, "Not signed up", id="unregistered"),
        pytest.param("disabled", AccessError, "has not been used", id="API disabled"),
        pytest.param("odd", SceneError, r"\(400\): Number.parse: Invalid", id="anything else"),
    ],
)
def test_permanent_faults_are_not_retried(
    service: LocalService, fault: str, error: type[Exception], said: str
) -> None:
    service.server.faults.plan(PIXELS, fault)

    with pytest.raises(error, match=said) as caught:
        service.source().scenes(SITE)

    assert type(caught.value) is error
    assert service.server.count(PIXELS) == 1


def test_a_collection_that_does_not_exist_stops_the_run(service: LocalService) -> None:
    names = dict.fromkeys(("landsat-8", "landsat-9"), "LANDSAT/LC88/C02/T1_TOA")
    wrong = replace(service.source(), collections=names)

    with pytest.raises(AccessError, match=r"'LANDSAT/LC88/C02/T1_TOA' not found.*collections"):
        wrong.scenes(SITE)


def test_revoked_credentials_stop_the_run(service: LocalService) -> None:
    ee.Reset()
    service.server.faults.plan(TOKEN, "invalid_grant")

    with pytest.raises(AccessError, match=r"invalid_grant.*source\.client\.project and \.cred"):
        service.source().scenes(SITE)


def test_a_burst_of_errors_is_retried_within_the_limit(series: LocalService) -> None:
    series.server.faults.plan(PIXELS, *["429"] * 12)
    network = replace(NETWORK, at_once=3, tries=13)
    source = series.source(network=network)

    with ThreadPoolExecutor(10) as pool:
        cubes = list(pool.map(source.scenes, [SITE] * 10))

    assert {cube.dn.tobytes() for cube in cubes} == {cubes[0].dn.tobytes()}
    assert series.server.responses[PIXELS, "ok"] == 10
    assert series.server.most_at_once <= 3


def test_many_threads_log_in_once(service: LocalService) -> None:
    ee.Reset()

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(service.source().scenes, [SITE] * 8))

    assert service.server.count(ALGORITHMS) == 1


def test_a_second_account_in_one_process_is_refused(service: LocalService) -> None:
    service.source().scenes(SITE)
    other = replace(service.source(), client=replace(service.client, project="another-project"))

    with pytest.raises(AccessError, match="one login to Earth Engine, found a second one for"):
        other.scenes(SITE)


def test_nothing_is_sent_before_the_first_site(service: LocalService) -> None:
    service.source()

    assert not service.server.responses


def test_more_at_once_than_the_quota_is_refused(service: LocalService) -> None:
    with pytest.raises(
        ConfigError, match=r"40 requests to Earth Engine at once, found 41.*network\.at_once"
    ):
        replace(service.client, network=replace(NETWORK, at_once=41))
