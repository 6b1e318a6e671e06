"""AWS::SageMaker::ModelPackageGroup, Pipeline, Model, EndpointConfig and Endpoint.

Their properties are the parameters of the API, so that one class does for all; a pipeline's definition alone
is written in another way.
"""

# ruff: noqa: ARG002  (every type has the same verbs, not every verb needs all it is given)

from __future__ import annotations

from typing import Any

from local.cloudformation.resource import Api, Made, Properties, ReplacementNeededError, refuse_change
from local.cloudformation.types.iam import document


class SageMakerResource:
    def __init__(self, kind: str, *, updatable: bool = False, ref_is_arn: bool = True) -> None:
        self.kind = kind
        self.name_property = f"{kind}Name"
        self.attributes = frozenset({f"{kind}Name", f"{kind}Arn"})
        self._updatable = updatable
        self._ref_is_arn = ref_is_arn

    def create(self, api: Api, name: str, properties: Properties) -> Made:
        request = {**_written(properties), self.name_property: name}
        arn = str(api("sagemaker", f"Create{self.kind}", request)[f"{self.kind}Arn"])
        attributes = {self.name_property: name, f"{self.kind}Arn": arn}
        return Made(arn if self._ref_is_arn else name, attributes)

    def update(self, api: Api, made: Made, old: Properties, new: Properties) -> Made:
        refuse_change(old, new, self.name_property)
        if not self._updatable:
            raise ReplacementNeededError
        request = {name: value for name, value in _written(new).items() if name != "Tags"}
        name = made.attributes[self.name_property]
        api("sagemaker", f"Update{self.kind}", {**request, self.name_property: name})
        return made

    def delete(self, api: Api, made: Made, properties: Properties) -> None:
        request = {self.name_property: made.attributes[self.name_property]}
        if self.kind == "Pipeline":
            request["ClientRequestToken"] = "c" * 32
        api("sagemaker", f"Delete{self.kind}", request)


def _written(properties: Properties) -> dict[str, Any]:
    request = dict(properties)
    definition = request.get("PipelineDefinition")
    if isinstance(definition, dict):
        if "PipelineDefinitionBody" in definition:
            request["PipelineDefinition"] = document(definition["PipelineDefinitionBody"])
        else:
            place = definition["PipelineDefinitionS3Location"]
            del request["PipelineDefinition"]
            location = {"Bucket": place["Bucket"], "ObjectKey": place["Key"]}
            request["PipelineDefinitionS3Location"] = location
    if definition is not None:
        request["ClientRequestToken"] = "c" * 32
    return request
