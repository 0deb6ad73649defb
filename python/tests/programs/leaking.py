"""Reads memory that was freed, and loses some: what the memory checker must find, through a module that is not ours."""

import ctypes

libc = ctypes.CDLL(None)
libc.malloc.restype = ctypes.c_void_p
libc.free.argtypes = [ctypes.c_void_p]

freed = libc.malloc(64)
libc.free(freed)
ctypes.string_at(freed, 8)
for _ in range(3):
    libc.malloc(1000)
