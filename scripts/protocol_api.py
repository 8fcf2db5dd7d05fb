"""What sockd.api answers, for the scripts that write from it: asked of the program
protocol/sockd_gen_api of a build, so that no daemon need run."""
import json
import pathlib
import subprocess
import sys

SOURCE = pathlib.Path(__file__).resolve().parents[1]


def of_build(build):
    """The answer as the tree of that build folder has it."""
    program = pathlib.Path(build) / "protocol" / "sockd_gen_api"
    if not program.exists():
        sys.exit(f"{program} is not there: build the tree, then name the build folder")
    return json.loads(subprocess.run([program], capture_output=True, check=True).stdout)
