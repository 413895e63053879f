"""Python imports this at its start where this folder is on its path: the notebooks' kernels.

`nb_exec_env` in pyproject.toml puts it there, also for the processes that a notebook starts.
"""

import sockets

sockets.refuse_other_machines()
