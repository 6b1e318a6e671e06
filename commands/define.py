"""list, validate, schema, definition, graph: what can be said without AWS and without the SDK's seconds."""

from __future__ import annotations

import dataclasses
from argparse import ArgumentParser, Namespace
from collections.abc import Callable, Mapping
from typing import Any

from commands.terminal import Terminal


class List:
    """The pipelines that the repository holds."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """No arguments of its own."""

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints one line per pipeline; in JSON, which is for programs, the files are checked first."""
        if arguments.output == "json":
            terminal.json(_listing(arguments.env))
            return 0
        from config.heads import heads

        found = heads(arguments.env)
        terminal.columns([[head.name, head.kind, head.description] for head in found])
        return 0


def _listing(environment: str) -> dict[str, Any]:
    from config import names
    from config.load import load_project

    project = load_project(environment)
    pipelines = [
        {
            "name": name,
            "kind": getattr(pipeline, "kind", ""),
            "deployed_as": names.pipeline_name(project.environment, name),
            "description": pipeline.description,
            "parameters": {
                parameter: declared.model_dump(mode="json", exclude_none=True)
                for parameter, declared in pipeline.parameters.items()
            },
        }
        for name, pipeline in project.pipelines.items()
    ]
    return {"environment": project.environment.name, "pipelines": pipelines}


class Validate:
    """Everything that is wrong in the YAML, without AWS."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Names of pipelines."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="pipelines to check (default: all)")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Raises ConfigurationError with every problem, or says that there is none."""
        from config.errors import ConfigurationError
        from config.labeling_jobs import load_labeling_jobs
        from config.load import load_project

        try:
            project = load_project(arguments.env, names=arguments.names)
            jobs = () if arguments.names else tuple(load_labeling_jobs(project))
        except ConfigurationError as error:
            if arguments.output != "json":
                raise
            problems = [dataclasses.asdict(problem) for problem in error.problems]
            terminal.json({"environment": arguments.env, "valid": False, "problems": problems})
            return error.exit_code
        names = sorted(set(arguments.names)) or list(project.pipelines)
        if arguments.output == "json":
            terminal.json({"environment": arguments.env, "valid": True, "problems": []})
        else:
            pipelines = "1 pipeline" if len(names) == 1 else f"{len(names)} pipelines"
            labeling = f", labeling jobs ({', '.join(jobs)})" if jobs else ""
            terminal.line(
                f'in order: environment "{arguments.env}", {pipelines} ({", ".join(names)}){labeling}'
            )
        return 0


class Schema:
    """JSON Schema for editors."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """A kind of file, or --write."""
        parser.add_argument(
            "kind",
            nargs="?",
            metavar="KIND",
            help="training, inference, guardrails, labeling, labeling-job or environment",
        )
        parser.add_argument(
            "--write", action="store_true", help="write all of them to config/schema/, where the YAML points"
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints one schema, or writes all."""
        from commands.parser import UsageError
        from config.errors import UnknownNameError
        from config.json_schema import schemas, write_schemas
        from config.places import repository_root
        from config.suggest import did_you_mean

        if arguments.write:
            for path in write_schemas(repository_root()):
                terminal.line(str(path))
            return 0
        known = schemas()
        if arguments.kind is None:
            kinds = ", ".join(sorted(known))
            raise UsageError(
                f"a kind of file or --write is missing; there are: {kinds}",
                hint="run_pipeline.py schema training",
            )
        if arguments.kind not in known:
            hint = did_you_mean(arguments.kind, known) or "run_pipeline.py schema training"
            raise UnknownNameError("kind of file", arguments.kind, sorted(known), hint)
        terminal.json(known[arguments.kind])
        return 0


class Definition:
    """The canonical definition JSON."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One pipeline."""
        parser.add_argument("name", metavar="NAME", help="the pipeline")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Compiles, checks and prints; a definition that AWS would refuse raises DefinitionError."""
        from config.load import load_project
        from definition.compile import compile_pipeline

        project = load_project(arguments.env, names=[arguments.name])
        terminal.line(compile_pipeline(project, arguments.name).text.rstrip("\n"))
        return 0


class Graph:
    """The steps of a pipeline, drawn."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """One pipeline and a format."""
        parser.add_argument("name", metavar="NAME", help="the pipeline")
        parser.add_argument(
            "--format",
            choices=("text", "mermaid", "svg"),
            default="text",
            help="how it is drawn (default: text)",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Compiles and prints the picture."""
        from config.load import load_project
        from definition.compile import compile_pipeline
        from definition.graph import as_mermaid, as_svg, as_text

        project = load_project(arguments.env, names=[arguments.name])
        definition = compile_pipeline(project, arguments.name).definition
        title = f"Steps of {arguments.name}"
        draw: dict[str, Callable[[Mapping[str, Any]], str]] = {
            "text": as_text,
            "mermaid": as_mermaid,
            "svg": lambda each: as_svg(each, title),
        }
        terminal.line(draw[arguments.format](definition).rstrip("\n"))
        return 0
