"""DVC stages, sweeps, releases and review: the steps that read and write files."""

#: The stages of dvc.yaml, in the order of the data flow.
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
