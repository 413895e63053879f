"""The doctor's command line: python -m bioimage_course.doctor."""

import argparse
import sys

from bioimage_course import doctor
from bioimage_course.doctor import output


def main(arguments=None):
    """Run from the command line; 0 if nothing has to be mended, else 1."""
    parser = argparse.ArgumentParser(
        prog="python -m bioimage_course.doctor",
        description="Say what is wrong with this computer for the course, and how to mend it. "
        "Nothing is changed, nothing is sent.",
    )
    outputs = parser.add_mutually_exclusive_group()
    outputs.add_argument("--report", action="store_true", help="a text to paste for support")
    outputs.add_argument("--json", action="store_true", help="the same for programs")
    parser.add_argument("--network", action="store_true", help="also ask the sites for downloads")
    options = parser.parse_args(arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows console may not know ✗
            stream.reconfigure(errors="replace")

    def say(words):
        print(f"· {words}", file=sys.stderr, flush=True)

    shown = {} if options.json or options.report else {"show": output.print_facts}
    try:
        examination = doctor.examine(ask_sites=options.network, notebook=False, say=say, **shown)
    except KeyboardInterrupt:
        say("Stopped.")
        return 130
    if options.json:
        print(output.as_json(examination))
    elif options.report:
        print(output.support_text(examination))
    else:
        print(flush=True)
        output.report(examination.findings, notebook=False)
    return int(any(finding.stops for finding in examination.findings))


if __name__ == "__main__":
    sys.exit(main())
