"""A small U-Net beside the families of trees, for experiments: needs the extra ``unet``."""

from minecover.learning.unet.patches import Patches, Scaling
from minecover.learning.unet.segmentation import FittedUNet, UNet

__all__ = ["FittedUNet", "Patches", "Scaling", "UNet"]
