from minecover.api import load_model as load_model
from minecover.api import open_site as open_site

__version__: str
