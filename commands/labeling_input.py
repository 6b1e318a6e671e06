"""labeling manifest, create, team: what a labeling job is made of, and the job itself."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from commands.terminal import Terminal

if TYPE_CHECKING:
    from config.models import Project
    from config.models.labeling_job import LabelingJobConfig
    from deploy.labeling.build import Built
    from deploy.labeling.teams import Team
    from deploy.session import Aws


class Manifest:
    """An input manifest out of a folder or a table."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """Where objects come from, what they are called, where the manifest goes."""
        parser.add_argument(
            "place",
            metavar="FOLDER_OR_TABLE",
            help="s3://bucket/prefix, a folder, or a CSV or JSON Lines file",
        )
        parser.add_argument(
            "--to", type=Path, required=True, metavar="FILE", help="the manifest that is written"
        )
        parser.add_argument(
            "--source", metavar="COLUMN", help="of a table: the recording (default: source-ref, source)"
        )
        parser.add_argument(
            "--media", metavar="S3URI", help="of a table: folder that names of files are below"
        )
        parser.add_argument(
            "--text", action="append", default=[], metavar="COLUMN",
            help="put this column's texts into S3 and refer to them; may be repeated "
            "(texts of more than 20,000 characters always go there)",
        )  # fmt: skip
        parser.add_argument(
            "--number", action="append", default=[], metavar="COLUMN",
            help="of a CSV: a column of numbers; may be repeated",
        )  # fmt: skip

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Builds it, uploads what has to lie in S3, writes it."""
        from config.load import load_project
        from deploy import whole_file
        from deploy.labeling.build import Wanted, of_folder, of_table
        from deploy.labeling.errors import LabelingError
        from deploy.labeling.manifest import written
        from deploy.session import connect

        if arguments.to.resolve() == Path(arguments.place).resolve():
            raise LabelingError(f'"{arguments.to}" would be written over itself', hint="--to another file")
        project = load_project(arguments.env)
        texts, numbers = tuple(arguments.text), tuple(arguments.number)
        wanted = Wanted(arguments.source, arguments.media, texts, numbers)
        place, aws = Path(arguments.place), None
        if place.is_file():
            built = of_table(place, wanted, project.environment)
        else:
            aws = connect(project) if arguments.place.startswith("s3://") else None
            built = of_folder(arguments.place, aws, project.environment, wanted)
        if built.uploads:
            _upload(project, aws or connect(project), built, terminal)
        target: Path = arguments.to
        whole_file.write(target, written(built.lines), what="the manifest", option="--to FILE")
        if arguments.output == "json":
            terminal.json(
                {"manifest": str(target), "objects": len(built.lines), "uploads": len(built.uploads)}
            )
        else:
            terminal.line(f"{target}: {_objects(len(built.lines))}")
        return 0


class Create:
    """A labeling job of a file in config/labeling."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """The job, and whether it is really made."""
        _add_file(parser)
        parser.add_argument("--check", action="store_true", help="check everything, create nothing")
        parser.add_argument(
            "--preview", type=Path, metavar="FILE", help="write the page of the first object, as HTML"
        )
        parser.add_argument("--again", action="store_true", help="also while a job of this file is running")

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Checks; creates. The job's name is the first line of stdout."""
        from commands.progress import working
        from commands.tables import now
        from deploy import whole_file
        from deploy.hints import typed
        from deploy.labeling.create import carry_out, plan

        project, aws = _connected(arguments)
        config = _config(project, arguments.job)
        with working(terminal, "checks"):
            planned = plan(project, aws, config, now=now(), again=arguments.again)
        for note in planned.notes:
            terminal.note(f"note: {note}")
        if arguments.preview:
            whole_file.write(
                arguments.preview, planned.page.encode(), what="the page", option="--preview FILE"
            )
        if not arguments.check:
            carry_out(planned, aws, report=lambda action: terminal.note(f"  {action.text}"))
        if arguments.output == "json":
            document = {"job": planned.name, "objects": planned.objects, "workers": config.workers}
            terminal.json({**document, "created": not arguments.check, "notes": list(planned.notes)})
            return 0
        if arguments.check:
            terminal.line(
                f"{config.name}: in order, {_objects(planned.objects)} for {config.workers} workers each"
            )
            return 0
        terminal.line(planned.name)
        terminal.note(f"{_objects(planned.objects)}, {config.workers} workers each")
        terminal.note(f"look at it:  {typed(f'labeling status {config.name}', arguments.env)}")
        convert = " --convert" if config.pipeline else ""
        terminal.note(f"wait for it: {typed(f'labeling wait {config.name}{convert}', arguments.env)}")
        return 0


class ShowTeam:
    """The work team of a labeling job."""

    @staticmethod
    def declare(parser: ArgumentParser) -> None:
        """The job, and whether the team is made."""
        _add_file(parser)
        parser.add_argument(
            "--create", action="store_true", help="make the private team when it is not there"
        )

    @staticmethod
    def run(arguments: Namespace, terminal: Terminal) -> int:
        """Shows it, made first with --create."""
        from deploy.apply import apply
        from deploy.labeling.teams import plan_team, team

        project, aws = _connected(arguments)
        config = _config(project, arguments.job)
        if arguments.create:
            actions = plan_team(aws, project.environment, config)
            apply(actions, aws, report=lambda action: terminal.note(f"  {action.text}"))
        found = team(aws, project.environment, config)
        if arguments.output == "json":
            terminal.json(_team_document(found))
        else:
            _show_team(found, arguments, terminal)
        return 0


def _team_document(found: Team) -> dict[str, object]:
    return {
        "name": found.name,
        "arn": found.arn,
        "exists": found.exists,
        "description": found.description,
        "members": list(found.members),
        "portal": found.portal,
        "workforce": found.workforce,
    }


def _show_team(found: Team, arguments: Namespace, terminal: Terminal) -> None:
    from commands.tables import table
    from deploy.hints import typed

    if not found.exists:
        terminal.line(f'there is no work team "{found.name}"')
        terminal.note(f"make it: {typed(f'labeling team {arguments.job} --create', arguments.env)}")
        return
    rows = [
        ("team", found.name),
        ("arn", found.arn),
        ("description", found.description),
        *(("members", member) for member in found.members),
        ("workforce", found.workforce),
        ("workers' portal", f"https://{found.portal}" if found.portal else ""),
    ]
    terminal.show(table(("", ""), [row for row in rows if row[1]], heading=False))


def _add_file(parser: ArgumentParser) -> None:
    parser.add_argument("job", metavar="JOB", help="a file of config/labeling, without .yaml")


def _connected(arguments: Namespace) -> tuple[Project, Aws]:
    """The whole project: a job is checked together with the pipeline that converts it."""
    from config.load import load_project
    from deploy.session import connect

    project = load_project(arguments.env)
    _config(project, arguments.job)  # what is wrong in the file is said before anything is asked
    return project, connect(project)


def _config(project: Project, name: str) -> LabelingJobConfig:
    from config.labeling_jobs import load_labeling_job

    return load_labeling_job(project, name)


def _upload(project: Project, aws: Aws, built: Built, terminal: Terminal) -> None:
    from commands.deploying import Reporter
    from deploy.apply import apply
    from deploy.infrastructure.bundle import not_there

    with Reporter(terminal) as report:
        apply(not_there(aws, project.environment, built.uploads), aws, report=report)


def _objects(count: int) -> str:
    return "1 object" if count == 1 else f"{count:,} objects"
