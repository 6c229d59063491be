"""Errors shown to the user; every message says what is wrong, what was found and what to do."""


class MinecoverError(Exception):
    """Base class of errors that the user can fix; the command line prints the message only."""


class ConfigError(MinecoverError):
    """A key, value or group of the configuration is invalid."""


class LabelError(MinecoverError):
    """A polygon, point or verdict file cannot be used."""


class SceneError(MinecoverError):
    """A scene, product folder or patch cannot be read."""


class NotCoveredError(SceneError):
    """No scene covers the requested ground."""


class CloudyError(SceneError):
    """Scenes cover the requested ground, but none is clear enough to be fetched."""


class AccessError(MinecoverError):
    """A service refuses all requests: credentials, project or permission. The run stops."""


class SiteError(MinecoverError):
    """A layout cannot place its sites, or no scene covers one."""


class FoldError(MinecoverError):
    """Sites cannot be divided into folds, or the leakage audit failed."""


class ModelError(MinecoverError):
    """A model cannot be trained, loaded or applied."""


class ServingError(MinecoverError):
    """A model cannot be served, or a request is invalid."""


class RegistryError(MinecoverError):
    """The tracking store or the model registry lacks what was requested."""


class RegionError(MinecoverError):
    """A map of a region cannot be started, resumed or finished."""


class SweepError(MinecoverError):
    """A sweep needs columns that its tables lack, or some of its jobs failed."""
