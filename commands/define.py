"""list, validate, schema, definition, graph: what can be said without AWS and without the SDK's seconds."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path

from commands.terminal import Terminal


class List:
    """The pipelines that the repository holds."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """No arguments of its own."""

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints one line per pipeline."""
        from commands.tables import table
        from config import names
        from config.load import load_project

        project = load_project(arguments.env)
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
        if arguments.output == "json":
            terminal.json({"environment": project.environment.name, "pipelines": pipelines})
        else:
            columns = ("name", "kind", "description")
            terminal.show(table(columns, [[str(each[column]) for column in columns] for each in pipelines]))
        return 0


class Validate:
    """Everything that is wrong in the YAML, without AWS."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Names of pipelines."""
        parser.add_argument("names", nargs="*", metavar="NAME", help="pipelines to check (default: all)")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Raises ConfigurationError with every problem, or says that there is none."""
        from config.load import load_project

        project = load_project(arguments.env)
        names = arguments.names or list(project.pipelines)
        for name in names:
            project.pipeline(name)
        if arguments.output == "json":
            terminal.json({"environment": project.environment.name, "valid": names, "problems": []})
        else:
            pipelines = "1 pipeline" if len(names) == 1 else f"{len(names)} pipelines"
            terminal.line(f'{pipelines} and environment "{project.environment.name}" are in order')
        return 0


class Schema:
    """JSON Schema for editors."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """A kind of file, or --write."""
        parser.add_argument("kind", nargs="?", metavar="KIND", help="training, inference or environment")
        parser.add_argument(
            "--write",
            action="store_true",
            help="write all of them to config/schema/, where the YAML files point",
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Prints one schema, or writes all."""
        raise NotImplementedError


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

        project = load_project(arguments.env)
        project.pipeline(arguments.name)
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
        from definition import graph
        from definition.compile import compile_pipeline

        project = load_project(arguments.env)
        project.pipeline(arguments.name)
        draw = {"text": graph.as_text, "mermaid": graph.as_mermaid, "svg": graph.as_svg}[arguments.format]
        terminal.line(draw(compile_pipeline(project, arguments.name).definition).rstrip("\n"))
        return 0


def _folder() -> Path:
    return Path("config") / "schema"
