from minecover.explore import load_model as load_model
from minecover.explore import open_site as open_site

__version__: str
