"""A folder as /opt/ml, seen by one process and its children only: a private mount namespace, by ctypes.

Used in two ways: by the launcher program, before it becomes the job's command, and by a thread of a server
that runs as root, before it starts the command. Only the standard library, and nothing of this project: the
launcher runs it without site-packages.

unshare(2), mount(2), user_namespaces(7).
"""

from __future__ import annotations

import ctypes
import os
import stat

MOUNT_POINT = "/opt/ml"

_CLONE_NEWNS = 0x00020000
_CLONE_NEWUSER = 0x10000000
_MS_RDONLY = 0x1
_MS_REMOUNT = 0x20
_MS_BIND = 0x1000
_MS_REC = 0x4000
_MS_PRIVATE = 0x40000
# statvfs flags and the mount flags that a remount has to keep (a user namespace may not clear them).
_KEPT_FLAGS = ((0x2, 0x2), (0x4, 0x4), (0x8, 0x8), (0x400, 0x400), (0x800, 0x800), (0x1000, 0x200000))


def enter_user_namespace() -> None:
    """Gives an ordinary user the right to mount, keeping user and group ids as they are.

    The whole process enters, which must have a single thread.
    """
    user, group = os.getuid(), os.getgid()
    _unshare(_CLONE_NEWUSER)
    _write("/proc/self/setgroups", "deny")
    _write("/proc/self/uid_map", f"{user} {user} 1")
    _write("/proc/self/gid_map", f"{group} {group} 1")


def show_folder(folder: str, *, read_only: str | None = None) -> None:
    """Makes `folder` the /opt/ml of the calling thread and its children; OSError where the kernel refuses.

    With `read_only`, that folder cannot be written by them.
    """
    _unshare(_CLONE_NEWNS)
    _mount(None, "/", None, _MS_REC | _MS_PRIVATE)  # nothing of what follows reaches the machine
    source = os.open(folder, os.O_PATH | os.O_DIRECTORY)
    try:
        if not os.path.isdir(MOUNT_POINT):
            _make_mount_point()
        _mount(f"/proc/self/fd/{source}", MOUNT_POINT, None, _MS_BIND | _MS_REC)
    finally:
        os.close(source)
    if read_only is not None:
        _protect(read_only)


def _make_mount_point() -> None:
    """Lays an empty file system over /opt, with everything that was there bound back into it."""
    parent = os.path.dirname(MOUNT_POINT)
    below = os.open(parent, os.O_PATH | os.O_DIRECTORY)
    try:
        entries = sorted(os.listdir(parent))
        _mount("tmpfs", parent, "tmpfs", 0)
        for name in entries:
            _bind_back(f"/proc/self/fd/{below}/{name}", os.path.join(parent, name))
        os.mkdir(MOUNT_POINT)
    finally:
        os.close(below)


def _bind_back(source: str, target: str) -> None:
    mode = os.lstat(source).st_mode
    if stat.S_ISLNK(mode):
        os.symlink(os.readlink(source), target)
        return
    if stat.S_ISDIR(mode):
        os.mkdir(target)
    else:
        os.close(os.open(target, os.O_CREAT | os.O_WRONLY, 0o600))
    _mount(source, target, None, _MS_BIND | _MS_REC)


def _protect(folder: str) -> None:
    _mount(folder, folder, None, _MS_BIND)
    flags = os.statvfs(folder).f_flag
    kept = sum(mount_flag for found, mount_flag in _KEPT_FLAGS if flags & found)
    _mount(None, folder, None, _MS_BIND | _MS_REMOUNT | _MS_RDONLY | kept)


def _unshare(flags: int) -> None:
    _check(_libc().unshare(flags), "unshare")


def _mount(source: str | None, target: str, kind: str | None, flags: int) -> None:
    texts = (os.fsencode(text) if text is not None else None for text in (source, target, kind))
    _check(_libc().mount(*texts, ctypes.c_ulong(flags), None), f"mount on {target}")


def _check(result: int, what: str) -> None:
    if result != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _write(path: str, text: str) -> None:
    with open(path, "w", encoding="ascii") as file:
        file.write(text)
