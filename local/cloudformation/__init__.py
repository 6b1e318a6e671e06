"""CloudFormation of the stand-in: moto's templates and stacks, with types, updates and failures as on AWS."""

from local.cloudformation.install import install
from local.cloudformation.resource import Api

__all__ = ["Api", "install"]
