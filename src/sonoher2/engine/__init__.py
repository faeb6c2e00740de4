"""What is worth keeping is computed once: steps, their entries on disk, and the processes that work on them.

A step is declared once, beside its function, which stands at the top level of a module::

    def _area(file: MaskFile, reading: ImageReading) -> NDArray[np.int64]:
        mask = read_mask(file.path, several=reading.several_masks)  # an InputError names what is wrong
        return np.array([mask.sum()])

    AREAS = Step("areas", _area, ARRAY, "Measuring areas", packed=True)

and used wherever its values are needed::

    def areas(files: Sequence[MaskFile], reading: ImageReading, context: ExecutionContext) -> list[NDArray[np.int64]]:
        return context.map(AREAS, [file.keyed() for file in files], reading)

A value's key holds the code of `_area` and of all that it imports (`fingerprint`), and whatever `_area` is given: here
the settings `reading` with their values. So a function is given the slice of the settings that it needs, and nothing
can be forgotten. What a file holds cannot be seen from its path; the file says what stands for it::

    class MaskFile:
        def keyed(self) -> Keyed[MaskFile]:
            return Keyed(self, self.sha256, verify=self.require_unchanged)

`verify` is called when the file was read and before the value is kept. Further ways to use a step:

- `context.run(STEP, value, ...)`: one value, in this process.
- `context.attempt(STEP, items, ...)`: goes on after an InputError; values and problems come back by position.
- `Step(..., chunk=32)`: the function gets a list of items and returns a list of values, such as when it sets up a
  network first. Each value has its own entry.
- `Step(..., scratch=True)`: the function may keep unfinished work in a folder.
- `cost=[...]` starts the longest items first.
- Estimators, networks and the like: `Keyed(network, [network.sha256, network.pooling])`.
- A few fields of a large model of settings: `settings_key(study, "seed", "validation")`, as part of a `Keyed`.
"""

from __future__ import annotations

from sonoher2.engine.codecs import ARRAY, BYTES, FRAME, JSON, Codec, record_codec
from sonoher2.engine.context import Attempt, ExecutionContext, local_context
from sonoher2.engine.executors import Executor, JoblibExecutor, SerialExecutor, Workers, default_workers, local_executor
from sonoher2.engine.fingerprint import code_fingerprint
from sonoher2.engine.keys import Keyed, NeutralAt, key_of, settings_key, table_key
from sonoher2.engine.progress import Event, Listener, TerminalBar, silent
from sonoher2.engine.step import Step
from sonoher2.engine.store import ArtifactStore

__all__ = [
    "ARRAY",
    "BYTES",
    "FRAME",
    "JSON",
    "ArtifactStore",
    "Attempt",
    "Codec",
    "Event",
    "ExecutionContext",
    "Executor",
    "JoblibExecutor",
    "Keyed",
    "Listener",
    "NeutralAt",
    "SerialExecutor",
    "Step",
    "TerminalBar",
    "Workers",
    "code_fingerprint",
    "default_workers",
    "key_of",
    "local_context",
    "local_executor",
    "record_codec",
    "settings_key",
    "silent",
    "table_key",
]
