"""What a process of ours may inherit of the user's shell."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence

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
# What pip needs to install a step's requirements as the user would.
_OF_THE_INSTALLER = frozenset({"HOME", "USER", "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE"})
_OF_THE_INSTALLER_PREFIXES = ("PIP_", "UV_", "XDG_")
# Proxies are for pip alone: the server carries them under other names, so that nothing in it uses them.
_PROXIES = frozenset({"HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"})
_CARRIED = "STAND_IN_CARRIES_"
# The id of a process with which the server ends: for test runs, which may be killed before they clean up.
LIVES_WITH = "STAND_IN_LIVES_WITH"


def for_children(environment: Mapping[str, str]) -> dict[str, str]:
    """The part that says nothing about accounts, networks or tokens."""
    return {name: value for name, value in environment.items() if name in _OF_THE_MACHINE}


def for_the_server(environment: Mapping[str, str]) -> dict[str, str]:
    """As for children, and what installs step environments; AWS settings are set to nothing."""
    installer = {
        name: value
        for name, value in environment.items()
        if name in {*_OF_THE_INSTALLER, LIVES_WITH} or name.startswith(_OF_THE_INSTALLER_PREFIXES)
    }
    proxies = {f"{_CARRIED}{n}": value for n, value in environment.items() if n.upper() in _PROXIES}
    return {
        **for_children(environment),
        **installer,
        **proxies,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "AWS_EC2_METADATA_DISABLED": "true",
    }


def with_proxies(command: Sequence[str], environment: Mapping[str, str]) -> list[str]:
    """The command, given the proxies that the server carries: for what installs packages, nothing else."""
    carried = [
        f"{name.removeprefix(_CARRIED)}={value}"
        for name, value in sorted(environment.items())
        if name.startswith(_CARRIED)
    ]
    return ["env", *carried, *command] if carried else list(command)
