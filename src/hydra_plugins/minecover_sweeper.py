"""What Hydra imports before it composes: the sweeper of `minecover sweep`, and resolvers."""

from __future__ import annotations

from collections.abc import Mapping

from hydra.core.config_store import ConfigStore
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.plugins import Plugins
from hydra.plugins.sweeper import Sweeper
from hydra.types import HydraContext, TaskFunction
from omegaconf import DictConfig, OmegaConf

from minecover.core.watched import file_or, is_address, sidecars, watched_area_files


class ResumingSweeper(Sweeper):
    """Every combination of the listed values, without those that were run before.

    Parameters
    ----------
    params : mapping of str to str
        What is swept over unless the command line says otherwise, e.g. ``{model.C: "1,10"}``.
    """

    def __init__(self, params: Mapping[str, str] | None = None) -> None:
        self.params = params or {}
        self.hydra_context: HydraContext
        self.config: DictConfig

    def setup(
        self, *, hydra_context: HydraContext, task_function: TaskFunction, config: DictConfig
    ) -> None:
        """Keep what Hydra gives."""
        self.hydra_context, self.config = hydra_context, config
        self.task_function = task_function

    def sweep(self, arguments: list[str]) -> None:
        """Plan the jobs, launch those that are missing, and sum the sweep up."""
        # Hydra imports this file whenever it composes anything.
        from minecover.pipeline.sweep.controller import run

        parser = OverridesParser.create(config_loader=self.hydra_context.config_loader)
        asked = [*(f"{key}={value}" for key, value in self.params.items()), *arguments]
        run(self, parser.parse_overrides(asked))

    def launch(self, jobs: list[list[str]], task: TaskFunction) -> None:
        """Hand jobs to the launcher that `hydra/launcher` names."""
        launcher = Plugins.instance().instantiate_launcher(
            hydra_context=self.hydra_context, task_function=task, config=self.config
        )
        for done in launcher.launch(jobs, initial_job_idx=0):
            # Raises what the job raised: its own failures are noted, and never come so far.
            _ = done.return_value


# No dataclass: Hydra runs this file before the interpreter knows it as a module.
ConfigStore.instance().store(
    group="hydra/sweeper",
    name="resuming",
    node={
        "_target_": f"hydra_plugins.minecover_sweeper.{ResumingSweeper.__name__}",
        "params": {},
    },
    provider="minecover",
)

# Here, and not beside `composed`: DVC composes conf/ too, for `dvc exp run --set-param`.
OmegaConf.register_new_resolver(
    "sidecar", lambda number, path: sidecars(str(path))[number], replace=True
)


def watched_area_file(number: int, layouts: DictConfig) -> str:
    """Return one of the paths that DVC watches for the areas of layouts."""
    nodes = OmegaConf.to_container(layouts, resolve=True)
    assert isinstance(nodes, dict)
    return watched_area_files({str(name): node for name, node in nodes.items()})[number]


OmegaConf.register_new_resolver("area_file", watched_area_file, replace=True)
OmegaConf.register_new_resolver("file_or", file_or, replace=True)
OmegaConf.register_new_resolver("is_address", is_address, replace=True)
