"""What a class learned: its answers before and after become a small report with intervals.

    python -m course_build.learning answers.csv             build/learning/report.md and a picture
    python -m course_build.learning answers.csv --halves    also: still against moving figures

docs/teach/measure-learning.md says how a class is asked, and what twelve people can show.
"""
