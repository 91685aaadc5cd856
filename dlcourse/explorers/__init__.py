"""Pictures with knobs: turn one, and see what it does to a method.

Each explorer takes the student's own function. Where widgets cannot be shown, a picture of a few
settings side by side stands in their place.
"""

from dlcourse.explorers.batchnorm import explore_batchnorm
from dlcourse.explorers.bowl import explore_bowl
from dlcourse.explorers.depth import explore_depth
from dlcourse.explorers.keep import explore_keep

__all__ = ["explore_batchnorm", "explore_bowl", "explore_depth", "explore_keep"]
