"""CloudFormation of the stand-in: moto's, with the types, updates and failures that it lacks."""

from local.cloudformation.install import install

__all__ = ["install"]
