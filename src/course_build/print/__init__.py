"""Slides and worksheets, as HTML and as PDF."""

from course_build import ROOT

#: What is made here lies as on the site: build/print/teach/slides/evaluate.html.
OUT = ROOT / "build" / "print"
