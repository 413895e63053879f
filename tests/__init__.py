"""The tests: they mirror the tree. A figure's own tests lie in its folder."""
