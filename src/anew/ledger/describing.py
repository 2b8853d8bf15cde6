"""StoreDescriber: rows of the index from the requests, records and verdicts in a store."""

import shlex
from collections.abc import Iterator

from anew.ledger.rows import FileList, FileRow, MetricRow, ParameterRow, RunRow
from anew.model import canonical
from anew.model.digest import Digest
from anew.model.inputs import CodeFile, Input
from anew.model.metric import Metric
from anew.model.recipe import Request
from anew.model.record import Output, Record, Status
from anew.model.tree import Listing
from anew.model.verdict import Verdict
from anew.store.listings import read_listing
from anew.store.protocol import Store


class StoreDescriber:
    """Reads what the index needs from `store`."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def opened(self, run: str, request: Digest) -> RunRow:
        """Return the row of a run that has no record yet."""
        value = canonical.decode(self._store.read(request), Request)
        options = value.options
        return RunRow(
            id=run,
            project=value.project,
            status=Status.RUNNING,
            command=shlex.join(value.command),
            started_at=value.started_at,
            track=options.track.value,
            replay_of=value.replay_of,
            counterfactual=", ".join(options.counterfactual),
            request=request,
            name=options.name,
            tags=options.tags,
            notes=(options.note,) if options.note else (),
        )

    def sealed(self, run: str, record: Digest) -> RunRow:
        """Return the row of a run that has its record."""
        value = canonical.decode(self._store.read(record), Record)
        recipe, outcome = value.recipe, value.outcome
        metrics = read_listing(self._store, outcome.metrics, Metric)
        return RunRow(
            id=run,
            project=value.project,
            status=outcome.status,
            command=shlex.join(value.command),
            started_at=value.circumstances.started_at,
            track=value.track.value,
            duration=outcome.duration,
            exit_code=outcome.exit_code,
            signal=outcome.signal,
            replay_of=value.replay_of,
            commit=recipe.code.commit,
            recipe=recipe.digest,
            exact=recipe.exact_digest,
            input_size=recipe.inputs.size,
            output_size=outcome.outputs.size,
            counterfactual=", ".join(value.counterfactual),
            record=record,
            metrics=tuple(
                MetricRow(each.name, each.count, each.last, each.min, each.max) for each in metrics
            ),
            parameters=tuple(
                ParameterRow(each.name, each.value) for each in recipe.configuration.parameters
            ),
            files=(
                self._files("code", recipe.code.used, CodeFile),
                self._files("input", recipe.inputs, Input),
                self._files("output", outcome.outputs, Output),
            ),
        )

    def verdict(self, body: Digest) -> str:
        """Return the answer of a verdict."""
        return canonical.decode(self._store.read(body), Verdict).answer.value

    def _files(
        self, name: str, listing: Listing, kind: type[CodeFile] | type[Input] | type[Output]
    ) -> FileList:
        def read() -> Iterator[FileRow]:
            for each in read_listing(self._store, listing, kind):
                if each.digest is not None:
                    yield FileRow(each.path, each.digest)

        return FileList(name, listing.digest, read)
