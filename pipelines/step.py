"""A step whose arguments are a request to SageMaker, as they stand.

The SDK's ProcessingStep makes a session of its local mode in its constructor, with clients from the shell's
settings and 0.1 to 0.4 s of work; its registration step wants a ModelBuilder. Any subclass of Step compiles.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from pipelines.sdk import CacheConfig, ConfigurableRetryStep, Properties, PropertyFile, StepTypeEnum


class RequestStep(ConfigurableRetryStep):  # type: ignore[misc]  # the SDK is untyped
    """A step of any type that is described by its request and the shape of its properties."""

    def __init__(
        self,
        name: str,
        step_type: StepTypeEnum,
        request: Mapping[str, Any],
        *,
        response_shape: str,
        property_files: Sequence[PropertyFile] = (),
        cache: CacheConfig | None = None,
        retries: Sequence[Any] = (),
    ) -> None:
        super().__init__(name, step_type, retry_policies=list(retries))
        self._request = dict(request)
        self._properties = Properties(step_name=name, step=self, shape_name=response_shape)
        self._property_files = tuple(property_files)
        self._cache = cache

    @property
    def arguments(self) -> dict[str, Any]:
        """The request."""
        return self._request

    @property
    def properties(self) -> Any:
        """What the service describes of the thing that the step made."""
        return self._properties

    def to_request(self) -> dict[str, Any]:
        """The step as the definition has it."""
        request: dict[str, Any] = super().to_request()
        if self._cache is not None:
            request.update(self._cache.config)
        if self._property_files:
            request["PropertyFiles"] = [file.expr for file in self._property_files]
        return request
