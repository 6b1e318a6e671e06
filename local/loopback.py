"""Keeps a process on this machine: connections and look-ups that lead elsewhere are refused, whoever asks.

Standard library only: the server imports it, and the runner of functions, which sees nothing of the platform.
"""

import ipaddress
import socket
import sys
from typing import Any


def keep_on_this_machine() -> None:
    """From now on, for the rest of the process: an audit hook cannot be taken away."""
    sys.addaudithook(_refuse_others)


def _refuse_others(event: str, arguments: tuple[Any, ...]) -> None:
    if event in ("socket.connect", "socket.sendto"):
        if arguments[0].family in (socket.AF_INET, socket.AF_INET6):
            _check(arguments[1][0])
    elif event == "socket.getaddrinfo" and arguments[0] is not None:
        host = arguments[0]
        _check(host.decode() if isinstance(host, bytes) else host)


def _check(host: str) -> None:
    if host == "localhost":
        return
    try:
        if ipaddress.ip_address(host).is_loopback:
            return
    except ValueError:
        pass
    raise PermissionError(f"a process of the stand-in speaks to this machine only, not to {host}")
