"""fmeval's SageMakerModelRunner with limits of ours: one attempt a call, a time limit, enough connections.

The runner's own client retries up to ten times with a limiter that all threads share: 74 s for a record
under throttling. Attempts, pauses and deadlines are those of asking.py.
"""

from __future__ import annotations

import boto3
import sagemaker
from botocore.exceptions import BotoCoreError, ClientError
from fmeval.exceptions import EvalAlgorithmClientError
from fmeval.model_runners.sm_model_runner import SageMakerModelRunner

from steps.evaluate.clients import client
from steps.evaluate.request import as_ask_error, content_template, well_formed
from steps.evaluate.settings import Asking


class BoundedRunner(SageMakerModelRunner):  # type: ignore[misc]
    """Asks an endpoint, safe for many threads; raises AskError and nothing else."""

    def __init__(self, endpoint: str, region: str, asking: Asking) -> None:
        template = content_template(asking.request, asking.parameters)
        super().__init__(endpoint_name=endpoint, content_template=template, output=asking.response_path)
        session = sagemaker.session.Session(
            boto_session=boto3.Session(region_name=region),
            sagemaker_client=client("sagemaker", region, asking),
            sagemaker_runtime_client=client("sagemaker-runtime", region, asking),
        )
        self._predictor = sagemaker.predictor.Predictor(
            endpoint_name=endpoint,
            sagemaker_session=session,
            serializer=sagemaker.serializers.JSONSerializer(),
            deserializer=sagemaker.deserializers.JSONDeserializer(),
        )

    def ask(self, prompt: str) -> str:
        """The text that the model generated."""
        try:
            output, _ = self.predict(prompt)
        except (ClientError, BotoCoreError, EvalAlgorithmClientError, ValueError, RecursionError) as error:
            raise as_ask_error(error) from error
        return well_formed(str(output))
