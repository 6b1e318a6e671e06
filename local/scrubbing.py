"""What a process of ours may inherit of the user's shell."""

from __future__ import annotations

import os
from collections.abc import Mapping

# What a child may know of the machine; everything else (AWS_*, *_PROXY, HF_TOKEN, PYTHONPATH...) stays out.
_OF_THE_MACHINE = frozenset(
    {
        "PATH",
        "LANG",
        "LC_ALL",
        "LC_CTYPE",
        "TZ",
        "TMPDIR",
        "LD_LIBRARY_PATH",
        "DYLD_LIBRARY_PATH",
        "SYSTEMROOT",
        "OMP_NUM_THREADS",
        "MKL_NUM_THREADS",
    }
)
# What pip needs to install a step's requirements as the user would; the server hands it to pip alone.
_OF_THE_INSTALLER = frozenset(
    {
        "HOME",
        "USER",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "NO_PROXY",
        "ALL_PROXY",
        "SSL_CERT_FILE",
        "SSL_CERT_DIR",
        "REQUESTS_CA_BUNDLE",
    }
)
_OF_THE_INSTALLER_PREFIXES = ("PIP_", "UV_", "XDG_")


def for_children(environment: Mapping[str, str]) -> dict[str, str]:
    """The part that says nothing about accounts, networks or tokens."""
    return {name: value for name, value in environment.items() if name in _OF_THE_MACHINE}


def for_the_server(environment: Mapping[str, str]) -> dict[str, str]:
    """As for children, and what installs step environments; AWS settings are set to nothing."""
    installer = {
        name: value
        for name, value in environment.items()
        if name.upper() in _OF_THE_INSTALLER or name.startswith(_OF_THE_INSTALLER_PREFIXES)
    }
    return {
        **for_children(environment),
        **installer,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
