"""Says what llama.cpp's converter would miss in this Python. Any Python can run it, Python 2 too.

Exit code 3 with a line "missing: NAME..." on standard error: modules that are not installed, by pip's names. Exit code 4
with a line "version: X.Y.Z": it is too old.
"""

import sys

OLDEST = (3, 10)

# What the converter imports, and the names under which pip knows it. Its own gguf module lies beside it.
MODULES = {
    "numpy": "numpy",
    "torch": "torch",
    "transformers": "transformers",
    "safetensors": "safetensors",
    "sentencepiece": "sentencepiece",
    "google.protobuf": "protobuf",
    "yaml": "pyyaml",
    "tqdm": "tqdm",
    "requests": "requests",
}
MISSING_MODULES = 3
TOO_OLD = 4


def main():
    if sys.version_info[:2] < OLDEST:
        sys.stderr.write("version: %d.%d.%d\n" % sys.version_info[:3])
        sys.exit(TOO_OLD)
    missing = [package for module, package in MODULES.items() if not installed(module)]
    if missing:
        sys.stderr.write("missing: %s\n" % " ".join(missing))
        sys.exit(MISSING_MODULES)


def installed(module):
    # Not at the top: Python 2 has no importlib.util.
    from importlib.util import find_spec

    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False


if __name__ == "__main__":
    main()
