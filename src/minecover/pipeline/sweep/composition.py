"""Compose jobs as Hydra's launchers will, without composing all of conf/ for each of them."""

from __future__ import annotations

import copy
from collections.abc import Iterable

from hydra.core.config_loader import ConfigLoader
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.core.override_parser.types import Override
from hydra.errors import HydraException
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from minecover.core.config import Params, one_line
from minecover.core.errors import ConfigError

Words = tuple[str, ...]
#: What `OmegaConf.select` answers where there is no such key.
NOWHERE = object()


class Composer:
    """Compose every choice of options once, and set values on copies of that.

    Parameters
    ----------
    loader : ConfigLoader
        Hydra's own.
    config : DictConfig
        What Hydra composed for the sweep as a whole.
    """

    def __init__(self, loader: ConfigLoader, config: DictConfig) -> None:
        self.loader = loader
        self.config = config
        self.parser = OverridesParser.create(config_loader=loader)
        self._bases: dict[Words, DictConfig] = {}

    def jobs(self, combinations: Iterable[Words]) -> dict[Words, Params]:
        """Compose jobs; a value is left out of those whose options have no such key.

        So ``model=forest,linear model.max_depth=20,35`` is two forests and one linear model.

        Returns
        -------
        dict of Params
            By the overrides that are left, those of one job once.

        Raises
        ------
        ConfigError
            If a key is in none of the jobs, or something does not compose.
        """
        composed: dict[Words, Params] = {}
        wanted: set[str] = set()
        known: set[str] = set()
        for words in combinations:
            try:
                kept = self._kept(words)
                wanted |= {word.partition("=")[0] for word in words}
                known |= {word.partition("=")[0] for word in kept}
                if kept not in composed:
                    composed[kept] = self._params(kept)
            except (HydraException, OmegaConfBaseException) as error:
                raise ConfigError(
                    f"{' '.join(words)} does not compose: {one_line(error)}"
                ) from error
        if wanted - known:
            raise ConfigError(
                f"conf/ has no key {', '.join(sorted(wanted - known))} with these options. "
                "`minecover params --write` with the same words says more."
            )
        return composed

    def _kept(self, words: Words) -> Words:
        """Keep the words whose keys there are."""
        base = self._base(words)
        return tuple(
            word
            for word in words
            if self._is_option(one := self.parser.parse_override(word))
            or OmegaConf.select(base, one.key_or_group, default=NOWHERE) is not NOWHERE
        )

    def _params(self, words: Words) -> Params:
        """Set the values on a copy of what the options compose to."""
        config = copy.deepcopy(self._base(words))
        for word in words:
            one = self.parser.parse_override(word)
            if not self._is_option(one):
                OmegaConf.update(config, one.key_or_group, one.value())
        return resolved(config)

    def _base(self, words: Words) -> DictConfig:
        """Compose the options alone."""
        options = tuple(w for w in words if self._is_option(self.parser.parse_override(w)))
        if options not in self._bases:
            self._bases[options] = self.loader.load_sweep_config(self.config, list(options))
        return self._bases[options]

    def _is_option(self, override: Override) -> bool:
        """Tell whether a word does more than to change a value that is there."""
        is_plain = override.type is not None and override.type.name == "CHANGE"
        return not is_plain or bool(self.loader.get_group_options(override.key_or_group))


def resolved(config: DictConfig) -> Params:
    """Give a composed configuration with all its references resolved, without Hydra's part."""
    names = [str(key) for key in config if key != "hydra"]
    tree = OmegaConf.to_container(
        OmegaConf.masked_copy(config, names), resolve=True, throw_on_missing=True
    )
    assert isinstance(tree, dict)
    return Params({str(key): value for key, value in tree.items()})
