#!python
# Starts the tool of this script's name, which lies in the package. A wheel's installer writes the first line anew.
import os
import sys
from importlib.util import find_spec

package = find_spec("dlc")  # without importing it
if package is None or not package.submodule_search_locations:
    sys.exit(f"error: {sys.argv[0]}: the package dlc is not installed for {sys.executable}")
tool = os.path.join(package.submodule_search_locations[0], "bin", os.path.basename(sys.argv[0]))
os.execv(tool, [tool, *sys.argv[1:]])
