"""What is each feature block worth? Every block left out once, every block alone once.

    make run && python benchmarks/ablation.py --experiment champion

Site-grouped, out of fold, against the label; differences are to the whole set of features,
paired on the same draws of the sites. Data: whatever is built in the working folder (by default
simulated).
"""

from __future__ import annotations

import argparse

from sampled import Judged, Sampled

from minecover.config import composed
from minecover.features.planes import names_of


def main() -> None:
    """Fit the family on every set of blocks, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiment", default="champion")
    parser.add_argument("--sites", type=int, help="use so many sites")
    parser.add_argument("--also", nargs="*", default=["context"], help="blocks to try to add")
    asked = parser.parse_args()
    plain = [f"experiment={asked.experiment}"]
    params = composed(plain)
    used = _blocks(params.value("features"))
    names = {block: _names(plain, block) for block in [*used, *asked.also]}
    every = [name for block in names.values() for name in block]
    data = Sampled(params, every, n_sites=asked.sites)
    family = params.build("model")

    def judged(blocks: list[str]) -> Judged:
        features = [name for block in blocks for name in names[block]]
        return data.judge(data.out_of_fold(family, features))

    whole = judged(used)
    print("features | average precision | best F1")
    print(f"all of {', '.join(used)} | {whole.line(data.bootstrap)}", flush=True)
    for block in used:
        rest = judged([name for name in used if name != block])
        print(f"without {block} | {rest.line(data.bootstrap, whole)}", flush=True)
    for block in asked.also:
        more = judged([*used, block])
        print(f"with {block} too | {more.line(data.bootstrap, whole)}", flush=True)
    for block in used:
        print(f"{block} alone | {judged([block]).line(data.bootstrap, whole)}", flush=True)


def _blocks(features: dict[str, object]) -> list[str]:
    """Name the options of conf/features that make up a configuration's features."""
    options = ["bands", "spectral", "season", "normalised", "normalised_rest", "warmth"]
    options += ["warmth_b11", "temporal", "neighbourhood", "context"]
    return [
        option
        for option in options
        if set(composed([f"features=[{option}]"]).value("features")) <= set(features)
    ]


def _names(plain: list[str], block: str) -> tuple[str, ...]:
    """Name the columns of one block."""
    return tuple(names_of(composed([*plain, f"features=[{block}]"]).build("features")))


if __name__ == "__main__":
    main()
