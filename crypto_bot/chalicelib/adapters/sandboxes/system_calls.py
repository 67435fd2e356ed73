"""Linux: from now on the process can compute, read and write what is open, and nothing else.

A seccomp filter needs no rights, and cannot be taken off again. What it does not know fails as not
permitted: to open, to connect, to fork, to signal.
"""

import ctypes
import os
from typing import Final

_NO_NEW_RIGHTS: Final = 38
_SECCOMP: Final = 22
_FILTER: Final = 2
_LOAD: Final = 0x20  # BPF_LD | BPF_W | BPF_ABS
_IF_EQUAL: Final = 0x15  # BPF_JMP | BPF_JEQ | BPF_K
_RETURN: Final = 0x06
_NUMBER_AT: Final = 0
_ARCHITECTURE_AT: Final = 4
_ALLOW: Final = 0x7FFF0000
_NOT_PERMITTED: Final = 0x00050000 | 1  # SECCOMP_RET_ERRNO with EPERM
_KILL: Final = 0x80000000

# What the machine is called, how the kernel numbers it, and its calls: read write close fstat
# lseek mmap mprotect munmap brk rt_sigaction rt_sigprocmask rt_sigreturn sched_yield mremap madvise
# nanosleep getpid exit gettimeofday sigaltstack gettid futex clock_gettime clock_getres
# clock_nanosleep exit_group getrandom restart_syscall rseq
_KNOWN: Final = {
    "x86_64": (
        0xC000003E,
        *(0, 1, 3, 5, 8, 9, 10, 11, 12, 13, 14, 15, 24, 25, 28, 35, 39, 60, 96, 131, 186, 202),
        *(228, 229, 230, 231, 318, 219, 334),
    ),
    "aarch64": (
        0xC00000B7,
        *(63, 64, 57, 80, 62, 222, 226, 215, 214, 134, 135, 139, 124, 216, 233, 101, 172, 93),
        *(169, 132, 178, 98, 113, 114, 115, 94, 278, 128, 293),
    ),
}


class NotPossible(Exception):
    """The system does not let us; the text says what of it."""


class _Instruction(ctypes.Structure):
    _fields_ = (
        ("code", ctypes.c_uint16),
        ("if_true", ctypes.c_uint8),
        ("if_false", ctypes.c_uint8),
        ("value", ctypes.c_uint32),
    )


class _Program(ctypes.Structure):
    _fields_ = (("length", ctypes.c_uint16), ("instructions", ctypes.POINTER(_Instruction)))


def only_compute() -> None:
    """For the calling thread, which must be the only one, and for all that comes of it."""
    machine = os.uname().machine
    if machine not in _KNOWN:
        raise NotPossible(f"the system calls of {machine} are not known here")
    architecture, *calls = _KNOWN[machine]
    written = [(_LOAD, 0, 0, _ARCHITECTURE_AT), (_IF_EQUAL, 1, 0, architecture)]
    written += [(_RETURN, 0, 0, _KILL), (_LOAD, 0, 0, _NUMBER_AT)]
    for number in calls:
        written += [(_IF_EQUAL, 0, 1, number), (_RETURN, 0, 0, _ALLOW)]
    written.append((_RETURN, 0, 0, _NOT_PERMITTED))
    instructions = (_Instruction * len(written))(*(_Instruction(*line) for line in written))
    program = _Program(len(written), instructions)
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((_NO_NEW_RIGHTS, 1, 0, 0, 0), (_SECCOMP, _FILTER, ctypes.byref(program), 0, 0)):
        if libc.prctl(*words):
            raise NotPossible(f"prctl: {os.strerror(ctypes.get_errno())}")
