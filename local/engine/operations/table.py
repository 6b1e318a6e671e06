"""Operation name -> function. A new operation is one function and a row."""

from __future__ import annotations

from collections.abc import Mapping

from local.engine.operations import definitions, executions, search, steps, tags, versions
from local.engine.operations.desk import Operation

OPERATIONS: Mapping[str, Operation] = {
    "CreatePipeline": definitions.create,
    "UpdatePipeline": definitions.update,
    "DescribePipeline": definitions.describe,
    "ListPipelines": definitions.list_all,
    "DeletePipeline": definitions.delete,
    "ListPipelineVersions": versions.list_all,
    "UpdatePipelineVersion": versions.update,
    "StartPipelineExecution": executions.start,
    "DescribePipelineExecution": executions.describe,
    "ListPipelineExecutions": executions.list_all,
    "StopPipelineExecution": executions.stop,
    "RetryPipelineExecution": executions.retry,
    "UpdatePipelineExecution": executions.update,
    "DescribePipelineDefinitionForExecution": executions.definition,
    "ListPipelineParametersForExecution": executions.parameters,
    "ListPipelineExecutionSteps": steps.list_all,
    "SendPipelineExecutionStepSuccess": steps.succeed,
    "SendPipelineExecutionStepFailure": steps.fail,
    "Search": search.search,
    "AddTags": tags.add,
    "ListTags": tags.list_all,
    "DeleteTags": tags.delete,
}
