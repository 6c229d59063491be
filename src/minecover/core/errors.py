"""The failures a user can meet, a line each: every message says what, found what, do what."""


class MinecoverError(Exception):
    """Anything wrong that the user can mend; the command line prints it as one sentence."""


class ConfigError(MinecoverError):
    """A key, value or group of the configuration is wrong."""


class LabelError(MinecoverError):
    """A polygon, point or verdict file cannot be used."""


class SceneError(MinecoverError):
    """A scene, product folder or patch cannot be read."""


class NotCoveredError(SceneError):
    """No scene shows any of the ground that was asked for."""


class CloudyError(SceneError):
    """Scenes show the ground that was asked for, and none is clear enough to be fetched."""


class AccessError(MinecoverError):
    """A service refuses all we ask: credentials, project or permission. The run stops."""


class SiteError(MinecoverError):
    """A layout cannot place its sites, or no scene covers one."""


class FoldError(MinecoverError):
    """Sites cannot be dealt into honest folds, or the leakage audit failed."""


class ModelError(MinecoverError):
    """A model cannot be trained, loaded, trusted or fed."""


class ServingError(MinecoverError):
    """A model cannot be served, or a question cannot be answered."""


class RegistryError(MinecoverError):
    """The tracking store or the model registry cannot give what was asked."""


class RegionError(MinecoverError):
    """A map of a region cannot be begun, gone on with, or finished."""


class SweepError(MinecoverError):
    """A sweep asks for what its tables do not hold, or some of its jobs failed."""
