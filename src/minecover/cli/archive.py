"""`minecover archive`: write predictions in the archive format of the 2017 proof of concept."""

from pathlib import Path

import click


@click.group(short_help="Export predictions to an archive of the 2017 PoC.")
def archive() -> None:
    """Export predictions to an archive of the 2017 proof of concept.

    \b
    minecover archive export --help
    """


@archive.command()
@click.option(
    "--archive",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The archive that the sites come from; their positions are read from it.",
)
@click.option(
    "--scores",
    default=Path("data/out_of_fold.parquet"),
    show_default=True,
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    help="Out-of-fold probabilities, as `dvc repro train` writes them.",
)
@click.option(
    "--out",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder to write to. The archive itself gets the predictions added.",
)
def export(folder: Path, scores: Path, out: Path) -> None:
    """Write predictions as sources of an archive, one array for each site.

    landsat8_inference holds the probability of a mine on each date (date, row, col),
    landsat8_inference_timeagg the probability aggregated over dates as configured (row, col).
    Both are float32, NaN where not observed.

    \b
    minecover archive export --archive ../shared/data/poc_archive --out exported/
    """
    from minecover.core.config import load_params
    from minecover.evaluation.aggregation import Aggregation
    from minecover.evaluation.out_of_fold import read_out_of_fold
    from minecover.sources.poc_archive import LANDSAT8, Archive
    from minecover.sources.poc_archive_writer import prediction_arrays, write_arrays

    aggregation: Aggregation = load_params().build("aggregation")
    known, images = Archive(str(folder)), []
    for site in read_out_of_fold(scores):
        n_dates, *shape = site.probability.shape
        together = aggregation(site.probability.reshape(n_dates, -1)).reshape(shape)
        scenes = known.array(site.site_id, LANDSAT8)
        images += prediction_arrays(scenes, site.dates, site.probability, together)
    write_arrays(out, images)
    click.echo(str(out / "metadata.json"))
