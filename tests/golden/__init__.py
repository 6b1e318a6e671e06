"""Golden definitions: what SageMaker will see, kept in the repository and compared on every change."""
