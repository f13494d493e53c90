"""Try whether an .xls, given on standard input, can be loaded; run as a program of its own by `reading`.

A damaged .xls can make the reader ask for hundreds of gigabytes, which ends its process without an exception.
The exit status is 0 where the file loads or is refused in the ordinary way.
"""

import contextlib
import io
import resource
import sys

import python_calamine

MEMORY = 2 << 30

if __name__ == "__main__":
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    with contextlib.suppress(python_calamine.CalamineError):
        workbook = python_calamine.load_workbook(io.BytesIO(sys.stdin.buffer.read()))
        for meta in workbook.sheets_metadata:
            with contextlib.suppress(python_calamine.CalamineError):
                workbook.get_sheet_by_name(meta.name)
