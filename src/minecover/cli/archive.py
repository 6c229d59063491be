"""`minecover archive`: back to the disk format of the 2017 proof of concept."""

from pathlib import Path

import click


@click.group(short_help="Work with an archive of the 2017 proof of concept.")
def archive() -> None:
    """Work with an archive of the 2017 proof of concept.

    \b
    minecover archive export --help
    """


@archive.command()
@click.option(
    "--archive",
    "folder",
    required=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="The archive that the sites are from: it says where they lie.",
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
    help="Where to write; the archive itself, to add the predictions to it.",
)
def export(folder: Path, scores: Path, out: Path) -> None:
    """Write predictions as an archive's sources, one array a location.

    landsat8_inference holds the probability of a mine (date, row, col), and
    landsat8_inference_timeagg all dates together (row, col), by the configured aggregation.
    Both are float32, NaN where nothing was observed.

    \b
    minecover archive export --archive ../shared/data/poc_archive --out exported/
    """
    from minecover.core.config import load_params
    from minecover.evaluation.aggregation import Aggregation
    from minecover.evaluation.out_of_fold import read_out_of_fold
    from minecover.sources.poc_archive import LANDSAT8, Archive, predicted, write_back

    aggregation: Aggregation = load_params().build("aggregation")
    known, images = Archive(str(folder)), []
    for site in read_out_of_fold(scores):
        n_dates, *shape = site.probability.shape
        together = aggregation(site.probability.reshape(n_dates, -1)).reshape(shape)
        scenes = known.one(site.site_id, LANDSAT8)
        images += predicted(scenes, site.dates, site.probability, together)
    write_back(out, images)
    click.echo(str(out / "metadata.json"))
