"""Paths of the files that the stages write, as named in dvc.yaml."""

from pathlib import Path

LABELS = Path("data/labels.parquet")
SITES = Path("data/sites.parquet")
SCENES = Path("data/scenes")
SCENE_INDEX = SCENES / "index.csv"
MASKS = Path("data/masks")
CONTEXT = Path("data/context")
#: The configuration of the planes that the stage `context` drew.
CONTEXT_PLANES = CONTEXT / "planes.json"
FEATURES = Path("data/features")
#: What the tables were computed with: feature sets, masks, bands, context planes.
TABLE_SETTINGS = FEATURES / "settings.json"
#: How much of the labelled mines, and of other ground, each mask hides.
MASK_COSTS = Path("reports/masks.json")
FOLDS = Path("data/folds.parquet")
LEAKAGE = Path("reports/leakage.json")
OUT_OF_FOLD = Path("data/out_of_fold.parquet")
MODEL = Path("models/model.pkl")
MODEL_CARD = Path("models/model.json")
METRICS = Path("reports/metrics.json")
PLOTS = Path("reports/plots")
FIGURES = Path("reports/figures")
PREDICTIONS = Path("data/predictions")
CANDIDATES = Path("reports/candidates")
REPORT = Path("reports/index.html")
MODEL_PAGE = Path("reports/model_card.md")
RUN = Path("reports/run.json")
FETCH_LEDGER = Path("logs/ledger.csv")
#: Not an output of DVC, which deletes the outputs of a stage before it runs.
SCENE_STORE = Path(".cache/scenes")
#: Digest of the params.yaml that was checked last.
CHECKED = Path(".cache/checked_params")


def table(design: str, site_id: str) -> Path:
    """Return the path of a site's feature table.

    Parameters
    ----------
    design : str
        ``"observation"`` or ``"location"``.
    site_id : str
        The site.

    Returns
    -------
    Path
        ``data/features/<design>s/<site_id>.parquet``.
    """
    return FEATURES / f"{design}s" / f"{site_id}.parquet"


def fewer_dates_table(site_id: str) -> Path:
    """Return the path of a site's location table of fewer dates.

    Parameters
    ----------
    site_id : str
        The site.

    Returns
    -------
    Path
        ``data/features/fewer_dates/<site_id>.parquet``.
    """
    return FEATURES / "fewer_dates" / f"{site_id}.parquet"
