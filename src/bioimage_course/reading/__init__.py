"""One door for images: any file becomes one grey plane with its pixel size, or a clear refusal.

The decoding is left to tifffile, Pillow and bioio. What stands here is what they leave to whoever
calls them: what the numbers mean, whether the file is all there, and which plane is meant.
"""

from bioimage_course.reading.door import read
from bioimage_course.reading.refusal import Unreadable

__all__ = ["Unreadable", "read"]
