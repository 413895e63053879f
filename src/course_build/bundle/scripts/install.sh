#!/bin/sh
# Makes the course's Python environment from this folder, without a network.
#
#   sh install.sh            into the folder `environment` beside this file
#   sh install.sh FOLDER     into another one, where this folder cannot be written to
#
# It may be run again: the environment is then made anew.
set -eu

case ${1:-} in
  "") target="" ;;
  /*) target=$1 ;;
  *) target=$PWD/$1 ;;
esac
cd "$(dirname "$0")"
here=$PWD
target=${target:-$here/environment}

stop() { echo "$*" >&2; exit 1; }

fits='import platform, sys, sysconfig
import ensurepip, venv
sys.exit(sys.version_info[:2] != ({PYTHON_TUPLE})
         or (platform.system(), platform.machine()) != ("{SYSTEM}", "{MACHINE}"))'
python=""
for candidate in python{PYTHON} python3 python; do
  if "$candidate" -c "$fits" 2>/dev/null; then python=$candidate; break; fi
done
[ "$python" ] || stop "This bundle is for {SYSTEM} on {MACHINE} with Python {PYTHON}, and no such Python
with its venv module was found. Install Python {PYTHON} (on Debian and Ubuntu also python{PYTHON}-venv),
or take a bundle that was made for your computer."

if [ -e "$target" ] && [ ! -e "$target/pyvenv.cfg" ] && [ "$(ls -A "$target")" ]; then
  stop "$target exists and is no environment: name a folder that does not exist yet."
fi

echo "· comparing the packages with SHA256SUMS"
"$python" -B verify.py wheels || stop "Nothing was installed."
echo "· installing into $target (a few minutes; {ENVIRONMENT} free disk space is needed)"
"$python" -m venv --clear "$target" || stop "The environment cannot be made there."
# Settings of this computer could ask for a network: they are left out.
PIP_CONFIG_FILE=/dev/null "$target/bin/python" -m pip --isolated install --quiet \
  --disable-pip-version-check --no-index --find-links wheels --no-cache-dir bioimage-course ||
  stop "The installation did not finish; the words above say why. If the disk is full, make room. Then
run this again. If a package does not fit this computer, make the bundle on a computer like this one."

echo "Done. Read the course: open $here/site/index.html
Run the notebooks:   cd \"$here\" && \"$target/bin/python\" -m jupyter lab notebooks/student
Begin with 00_check_your_setup."
