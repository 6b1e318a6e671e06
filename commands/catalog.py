"""The table of verbs, in the order in which `--help` and docs/commands.md show them."""

from __future__ import annotations

from commands.verb import Verb

DEFINE = "look and check (no AWS, no credentials)"
DEPLOY = "deploy"
RUN = "run"
OBSERVE = "observe and steer an execution"
REGISTRY = "decide on models"
LABELING = "get labels made (Ground Truth)"
LOCAL = "the stand-in on this machine"
GROUPS = (DEFINE, DEPLOY, RUN, OBSERVE, REGISTRY, LABELING, LOCAL)

EXECUTION = "An EXECUTION is an ARN, an id, or the name of a pipeline, which stands for its latest execution."
JOB = "A JOB is a file of config/labeling, which stands for its latest job, or a job's name or ARN."
PACKAGE = "A PACKAGE is an ARN, GROUP/VERSION, or GROUP, which stands for its newest version."

VERBS = (
    Verb(
        "list",
        DEFINE,
        "the pipelines known here",
        ("list", "list --output json"),
        "commands.define:List",
        json=True,
    ),
    Verb(
        "validate",
        DEFINE,
        "check the YAML; every error of a file at once, at file:line:column",
        ("validate", "validate facts-training"),
        "commands.define:Validate",
        json=True,
    ),
    Verb(
        "schema",
        DEFINE,
        "the JSON Schema of a kind of file, for editors",
        ("schema training", "schema --write"),
        "commands.define:Schema",
    ),
    Verb(
        "definition",
        DEFINE,
        "the canonical definition JSON, as SageMaker gets it",
        ("definition facts-training", "definition facts-inference --env dev > definition.json"),
        "commands.define:Definition",
    ),
    Verb(
        "graph",
        DEFINE,
        "the steps and what they wait for, drawn",
        ("graph facts-training", "graph facts-inference --format svg > inference.svg"),
        "commands.define:Graph",
    ),
    Verb(
        "bootstrap",
        DEPLOY,
        "create or update what an environment needs: bucket, roles, queues, functions",
        ("bootstrap --env dev", "bootstrap --print --to handover --env dev"),
        "commands.deploying:Bootstrap",
        "What the environment file names (roles, bucket, key, functions) is used and not made. With --print "
        "a platform team makes the environment: --to DIR holds templates, parameters, the functions' code "
        "and deploy.sh; afterwards bootstrap and upsert find everything as they would have made it.",
    ),
    Verb(
        "upsert",
        DEPLOY,
        "create or update pipelines, their functions and their code; unchanged means no write",
        ("upsert", "upsert facts-training --env dev"),
        "commands.deploying:Upsert",
        json=True,
    ),
    Verb(
        "teardown",
        DEPLOY,
        "remove an environment: pipelines with their history, functions, queues, rules, logs, roles",
        ("teardown --env dev", "teardown --package-groups --data --yes --env dev"),
        "commands.removing:Teardown",
        "Shows the list, and deletes with --yes only; only what carries this environment's tag. With a "
        "pipeline the history of its executions goes. Model packages go with --package-groups, the bucket "
        "with all its data with --data. What broke off halfway is finished by the same command.",
        json=True,
    ),
    Verb(
        "start",
        RUN,
        "launch a pipeline with overrides; prints the execution's ARN first",
        (
            "start facts-training -p EpochCount=3",
            "start facts-inference --from-training latest --wait",
            "start facts-inference --params nightly.json --from-training 4f0b6mz1kq2x",
        ),
        "commands.launching:Start",
        "A value comes from -p, else from --params, else from the candidate of --from-training, else it is "
        "the default that the pipeline declares. All values are checked before anything starts.",
    ),
    Verb(
        "run",
        RUN,
        "bring pipelines up to date here, start each in order, follow, sum up",
        ("run facts-training facts-inference", "run facts-inference -p MinimumF1=0.6"),
        "commands.launching:Run",
        "On the stand-in it is started, bootstrapped and upserted first; on AWS `run` starts what is "
        "deployed. An inference pipeline takes the candidate of the training execution just run, or of the "
        "latest one. A -p goes to each of the pipelines that declares it. Exit code: 0 all succeeded, 1 one "
        "failed, 5 a gate was missed. Ctrl-C detaches, the execution goes on.",
        json=True,
    ),
    Verb(
        "status",
        OBSERVE,
        "the steps of an execution, its parameters, its reason when it failed",
        ("status facts-training", "status 4f0b6mz1kq2x --output json"),
        "commands.observing:Status",
        EXECUTION,
        json=True,
    ),
    Verb(
        "watch",
        OBSERVE,
        "follow an execution live to its end; exit code as of `run`",
        ("watch facts-training", "watch 4f0b6mz1kq2x"),
        "commands.observing:Watch",
        EXECUTION + " Ctrl-C detaches, the execution goes on.",
        json=True,
    ),
    Verb(
        "executions",
        OBSERVE,
        "executions, newest first",
        ("executions", "executions facts-training --limit 5 --output json"),
        "commands.observing:Executions",
        json=True,
    ),
    Verb(
        "outputs",
        OBSERVE,
        "the files that an execution wrote",
        ("outputs facts-training", "outputs facts-inference --output json"),
        "commands.observing:Outputs",
        EXECUTION,
        json=True,
    ),
    Verb(
        "logs",
        OBSERVE,
        "the log lines of an execution's steps",
        ("logs facts-training", "logs 4f0b6mz1kq2x --step evaluate --tail 50"),
        "commands.observing:Logs",
        EXECUTION,
        json=True,
    ),
    Verb(
        "stop",
        OBSERVE,
        "stop an execution, with the jobs it started",
        ("stop facts-training", "stop 4f0b6mz1kq2x --wait"),
        "commands.steering:Stop",
        EXECUTION,
    ),
    Verb(
        "retry",
        OBSERVE,
        "run the failed and stopped steps of an execution again; what succeeded is kept",
        ("retry facts-training", "retry 4f0b6mz1kq2x --wait"),
        "commands.steering:Retry",
        EXECUTION,
    ),
    Verb(
        "cleanup",
        OBSERVE,
        "what executions and deployments left behind, what it costs, and away with it",
        ("cleanup", "cleanup --older-than 7d --yes"),
        "commands.removing:Cleanup",
        "Endpoints, configurations and models by their tags; objects of executions, old code, settings, data "
        "and function versions that nothing points at. Only with --yes is anything deleted. What belongs to "
        "a running execution, serves an approved package or is evidence of one that is approved or waits "
        "for a decision stays.",
        json=True,
    ),
    Verb(
        "registry list",
        REGISTRY,
        "model packages, newest first",
        ("registry list", "registry list facts --status PendingManualApproval"),
        "commands.registry:List",
        json=True,
    ),
    Verb(
        "registry show",
        REGISTRY,
        "one model package: figures, origin, files",
        ("registry show facts", "registry show local-facts/3 --output json"),
        "commands.registry:Show",
        PACKAGE,
        json=True,
    ),
    Verb(
        "registry approve",
        REGISTRY,
        "approve a model package",
        ('registry approve local-facts/3 --reason "f1 0.71, no regressions seen"',),
        "commands.registry:Approve",
        "A PACKAGE is an ARN or GROUP/VERSION: a decision names its version.",
    ),
    Verb(
        "registry reject",
        REGISTRY,
        "reject a model package",
        ('registry reject local-facts/3 --reason "answers in the wrong language"',),
        "commands.registry:Reject",
        "A PACKAGE is an ARN or GROUP/VERSION: a decision names its version.",
    ),
    Verb(
        "labeling manifest",
        LABELING,
        "an input manifest out of a folder of recordings, or a table",
        (
            "labeling manifest s3://my-recordings/2026 --to data/calls.manifest",
            "labeling manifest calls.csv --source file --media s3://my-recordings --to calls.manifest",
        ),
        "commands.labeling_input:Manifest",
        "Recordings of a folder are taken by the endings of their files; a .txt of the same name becomes the "
        "key transcription-ref. Columns of a table become keys of the lines. What has to lie in S3 (a folder "
        "of this machine, long texts) is uploaded under the hash of its content.",
        json=True,
    ),
    Verb(
        "labeling create",
        LABELING,
        "check everything, then create the labeling job of a file in config/labeling",
        ("labeling create calls-segments", "labeling create calls-segments --check --preview page.html"),
        "commands.labeling_input:Create",
        "Checked first: the limits, every line of the manifest, CORS on the buckets, the work team, the "
        "functions, and the page, rendered for the first object. Ground Truth takes no new customers: an "
        "account that never used it is refused, which is said with what can be done instead.",
        json=True,
    ),
    Verb(
        "labeling team",
        LABELING,
        "the work team of a labeling job; made with --create",
        ("labeling team calls-segments", "labeling team calls-segments --create"),
        "commands.labeling_input:ShowTeam",
        json=True,
    ),
    Verb(
        "labeling status",
        LABELING,
        "a labeling job: how many objects are labeled, and where the labels lie",
        ("labeling status calls-segments", "labeling status calls-segments --output json"),
        "commands.labeling_jobs:Status",
        JOB,
        json=True,
    ),
    Verb(
        "labeling stop",
        LABELING,
        "end a labeling job before its time; what is labeled is kept",
        ("labeling stop calls-segments",),
        "commands.labeling_jobs:Stop",
        JOB,
    ),
    Verb(
        "labeling wait",
        LABELING,
        "wait for the end of a labeling job; with --convert, start the pipeline that converts it",
        ("labeling wait calls-segments", "labeling wait calls-segments --convert"),
        "commands.labeling_jobs:Wait",
        JOB + " Exit code: 0 completed (and converted), 1 it failed or was stopped. Ctrl-C detaches, the job "
        "goes on. With --convert and --output json the execution is printed, without --convert the job.",
        json=True,
    ),
    Verb("local up", LOCAL, "start it, or find the one that runs", ("local up",), "commands.local:Up"),
    Verb(
        "local install",
        LOCAL,
        "build the Python environments of the steps, so that later runs need no network",
        ("local install", "local install facts-training"),
        "commands.local:Install",
    ),
    Verb(
        "local down",
        LOCAL,
        "stop it; what it holds stays in its folder",
        ("local down",),
        "commands.local:Down",
    ),
    Verb(
        "local status",
        LOCAL,
        "whether it runs, where it listens, where its files lie",
        ("local status", "local status --output json"),
        "commands.local:Status",
        json=True,
    ),
    Verb(
        "local env",
        LOCAL,
        "its address and keys, for any other client",
        ('eval "$(run_pipeline.py local env)" && aws s3 ls',),
        "commands.local:Env",
        json=True,
    ),
)
