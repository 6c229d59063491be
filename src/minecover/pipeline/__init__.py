"""What runs in which order: DVC stages, sweeps, releases and the review round."""

#: The stages of dvc.yaml, in the order in which data flows through them.
STAGES = (
    "labels",
    "sites",
    "imagery",
    "masks",
    "context",
    "features",
    "folds",
    "train",
    "evaluate",
    "predict",
    "report",
)
