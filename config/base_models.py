"""The base models that Autopilot fine-tunes for text generation, and the limits of each.

Sources: Developer Guide pages ``autopilot-llms-finetuning-models``, ``-data-format`` (rows, context) and
``-deploy-models`` (containers). The service model does not list the names: this table does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

Container = Literal["djl", "tgi"]
Request = Literal["text_inputs", "inputs"]


@dataclass(frozen=True)
class BaseModel:
    """One model: its limits, and how the container that serves it is asked."""

    name: str
    family: str
    max_rows: int  # training and validation together
    context_tokens: int
    needs_eula: bool = False

    @property
    def container(self) -> Container:
        """Falcon is served by text-generation-inference, everything else by djl-inference."""
        return "tgi" if self.family == "falcon" else "djl"

    @property
    def request(self) -> Request:
        """The key of the prompt in a request's body."""
        return "inputs" if self.container == "tgi" else "text_inputs"


_MODELS: Final = (
    BaseModel("Dolly3B", "dolly", 10_000, 1024),
    BaseModel("Dolly7B", "dolly", 10_000, 1024),
    BaseModel("Dolly12B", "dolly", 10_000, 1024),
    BaseModel("Falcon7B", "falcon", 1_000, 1024),
    BaseModel("Falcon7BInstruct", "falcon", 1_000, 1024),
    BaseModel("Falcon40B", "falcon", 10_000, 1024),
    BaseModel("Falcon40BInstruct", "falcon", 10_000, 1024),
    BaseModel("FlanT5L", "flan-t5", 10_000, 1024),
    BaseModel("FlanT5XL", "flan-t5", 10_000, 1024),
    BaseModel("FlanT5XXL", "flan-t5", 10_000, 1024),
    BaseModel("Llama2-7B", "llama-2", 10_000, 2048, needs_eula=True),
    BaseModel("Llama2-7BChat", "llama-2", 10_000, 2048, needs_eula=True),
    BaseModel("Llama2-13B", "llama-2", 7_000, 2048, needs_eula=True),
    BaseModel("Llama2-13BChat", "llama-2", 7_000, 2048, needs_eula=True),
    BaseModel("Mistral7B", "mistral", 10_000, 2048),
    BaseModel("Mistral7BInstruct", "mistral", 10_000, 2048),
    BaseModel("MPT7B", "mpt", 10_000, 1024),
    BaseModel("MPT7BInstruct", "mpt", 10_000, 1024),
)

BASE_MODELS: Final[Mapping[str, BaseModel]] = {model.name: model for model in _MODELS}
