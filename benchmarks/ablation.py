"""What is each feature set worth? Every set left out once, every set alone once.

    make run && python benchmarks/ablation.py --experiment champion

Site-grouped, out of fold, against the label; differences are to the whole set of features,
paired on the same draws of the sites. Data: whatever is built in the working folder (by default
simulated).
"""

from __future__ import annotations

import argparse

from sampled import Sampled, Scores

from minecover.core.config import composed
from minecover.pipeline.stages.train import columns_by_set


def main() -> None:
    """Fit the family on every choice of feature sets, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--experiment", default="champion")
    parser.add_argument("--sites", type=int, help="use so many sites")
    parser.add_argument(
        "--also", nargs="*", default=["context"], help="feature sets to try to add"
    )
    asked = parser.parse_args()
    plain = [f"experiment={asked.experiment}"]
    params = composed(plain)
    used = list(params.value("features"))
    names = {feature_set: _names(plain, feature_set) for feature_set in [*used, *asked.also]}
    every = [name for feature_set in names.values() for name in feature_set]
    data = Sampled(params, every, n_sites=asked.sites)
    family = params.build("model")

    def score_of(feature_sets: list[str]) -> Scores:
        features = [name for feature_set in feature_sets for name in names[feature_set]]
        return data.score(data.out_of_fold(family, features))

    whole = score_of(used)
    print("features | average precision | best F1")
    print(f"all of {', '.join(used)} | {whole.line(data.bootstrap)}", flush=True)
    for feature_set in used:
        rest = score_of([name for name in used if name != feature_set])
        print(f"without {feature_set} | {rest.line(data.bootstrap, whole)}", flush=True)
    for feature_set in asked.also:
        more = score_of([*used, feature_set])
        print(f"with {feature_set} too | {more.line(data.bootstrap, whole)}", flush=True)
    for feature_set in used:
        print(
            f"{feature_set} alone | {score_of([feature_set]).line(data.bootstrap, whole)}",
            flush=True,
        )


def _names(plain: list[str], feature_set: str) -> tuple[str, ...]:
    """Name the columns of one feature set."""
    return columns_by_set(composed([*plain, f"features=[{feature_set}]"]))[feature_set]


if __name__ == "__main__":
    main()
