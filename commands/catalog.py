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
DECISION = (
    "A PACKAGE is an ARN or GROUP/VERSION: a decision names its version. A decision is an object in the "
    "bucket, written once, with who decided and why; the registry's status follows it. Of two decisions at "
    "the same moment one is told what the other said. The same command again completes what was cut off."
)

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
        "doctor",
        DEPLOY,
        "is this machine ready, and this account; each finding with the command that mends it",
        ("doctor", "doctor --env dev --output json"),
        "commands.examining:Doctor",
        "Python and packages, the shell, the files, credentials, stacks, bucket, roles and what they may do, "
        "queues, functions, images, quotas, leftovers. What needs no connection is looked at without one. "
        "Only reads. Exit code: 0 nothing is broken, 2 something is.",
        json=True,
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
        "plan",
        DEPLOY,
        "what upsert would do, step by step, and what that means; nothing is done",
        (
            "plan",
            "plan facts-training --env dev --out plan.json",
            "plan --env prod --output markdown --exit-code",
        ),
        "commands.planning:Plan",
        "Each change is marked: `cosmetic`; `re-runs`, when a step's cache key changes; `gate`, when a "
        "Condition decides otherwise; `sdk`, when another version of the SageMaker SDK alone is the cause; "
        "`behaviour` for everything else, which applies when a step next runs. What bootstrap would do to "
        "the base stack is shown too.",
        json=True,
        markdown=True,
    ),
    Verb(
        "upsert",
        DEPLOY,
        "create or update pipelines, their functions and their code; unchanged means no write",
        ("upsert", "upsert facts-training --env dev --alias staging", "upsert --env prod --plan plan.json"),
        "commands.deploying:Upsert",
        "A pipeline that was not made by this project, or that somebody changed since it was last upserted, "
        "is refused before anything is written, unless --force is given. With --plan, nothing is written "
        "when files or environment are not those of the plan any more. Each pipeline is looked at once more "
        "just before it is written: SageMaker has no update on a condition, so moments remain.",
        json=True,
    ),
    Verb(
        "rollback",
        DEPLOY,
        "an earlier version of a pipeline runs again, or an alias goes back to it",
        ("rollback facts-training", "rollback facts-training --to 5", "rollback facts-training --alias prod"),
        "commands.rolling_back:RollBack",
        "The earlier definition becomes the newest version, which executions run that ask for no other; "
        "started executions keep theirs. Parameters that it does not declare are left out at start. "
        "Functions stay at their newest version, which open waits and other pipelines use. The next upsert "
        "goes forward to what the files say.",
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
            "start facts-training --sample 100 --wait",
            "start facts-training --estimate",
            "start facts-inference --from-training latest --wait",
            "start facts-inference --from latest --skip evaluate -p MinimumF1=0.4",
            "start facts-inference --params nightly.json --from-training 4f0b6mz1kq2x",
        ),
        "commands.launching:Start",
        "A value comes from -p, else from --params, else from the candidate of --from-training, else from "
        "the execution of --from, else it is the default of the environment or the pipeline; each is shown "
        "with where it comes from. All values are checked before anything starts. --sample sets the "
        "parameter SampleRows, which reports, candidate and model package carry on. With --estimate nothing "
        "starts. With --wait the document of --output json is that of `watch`.",
        json=True,
    ),
    Verb(
        "run",
        RUN,
        "bring pipelines up to date here, start each in order, follow, sum up",
        ("run facts-training facts-inference", "run facts-inference -p MinimumF1=0.6"),
        "commands.running:Run",
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
        "why",
        OBSERVE,
        "why an execution failed, missed a gate or still waits, on one screen",
        ("why facts-training", "why 4f0b6mz1kq2x --output json"),
        "commands.explaining:Why",
        EXECUTION + " The whole reason, the log lines that matter, the likely cause and what to type next. "
        "Of one that waits: for what, since when, until when, and when it was last looked at.",
        json=True,
    ),
    Verb(
        "compare",
        OBSERVE,
        "what is different between two executions: parameters, definition, code, data, figures, times",
        ("compare facts-training 4f0b6mz1kq2x", "compare 4f0b6mz1kq2x 9k2d7c1x0abc --output json"),
        "commands.comparing:Compare",
        EXECUTION + " Only differences are shown. Executions of two pipelines of one kind can be compared, "
        "others cannot.",
        json=True,
    ),
    Verb(
        "executions",
        OBSERVE,
        "executions, newest first",
        ("executions", "executions facts-training --status Failed --since 2d --output json"),
        "commands.listing:Executions",
        json=True,
    ),
    Verb(
        "outputs",
        OBSERVE,
        "the files that an execution wrote",
        ("outputs facts-training", "outputs facts-inference --open", "outputs 4f0b6mz1kq2x --to results"),
        "commands.outputs:Outputs",
        EXECUTION + " What is fetched is whole or not there, and lies below the folder alone. --open without "
        "--to fetches the reports into a temporary folder.",
        json=True,
    ),
    Verb(
        "logs",
        OBSERVE,
        "the log lines of an execution's steps",
        ("logs facts-training --follow", "logs 4f0b6mz1kq2x --step evaluate --tail 50"),
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
        "registry review",
        REGISTRY,
        "the evidence for a decision as one page: figures, regressions against the approved package, origin",
        ("registry review facts --open", "registry review local-facts/3 --output json --no-store"),
        "commands.reviewing:Review",
        PACKAGE + " The page is written here, stored beside the package, and linked in its model card. It is "
        "compared with the newest approved package of its group on the same rows; whatever keeps it from "
        "being decided on is said. No network is needed to look at it.",
        json=True,
    ),
    Verb(
        "registry approve",
        REGISTRY,
        "approve a model package",
        (
            'registry approve local-facts/3 --reason "f1 0.71, no regressions seen"',
            'registry approve local-facts/3 --reason "baseline, no evaluation yet" --force',
        ),
        "commands.deciding:Approve",
        DECISION + " Refused while evidence is missing or the rows asked stand in the training set, unless "
        "--force is given, which the record keeps. The environment file says how many people must approve "
        "and whether one of them may have launched the execution: registry.approvers, registry.not_launcher.",
    ),
    Verb(
        "registry reject",
        REGISTRY,
        "reject a model package",
        ('registry reject local-facts/3 --reason "answers in the wrong language"',),
        "commands.deciding:Reject",
        DECISION,
    ),
    Verb(
        "registry log",
        REGISTRY,
        "the decisions, and statuses that no decision explains",
        ("registry log", "registry log facts", "registry log local-facts/3 --output json"),
        "commands.deciding:Log",
        json=True,
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
        "Recordings of a folder are taken by the endings of their files, unless they are hidden; a .txt "
        "of the same name becomes the key transcription-ref. Columns of a table become keys of the lines. "
        "What has to lie in S3 (a folder of this machine, long texts) is uploaded under the hash of its "
        "content.",
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
        (
            'eval "$(run_pipeline.py local env)" && aws s3 ls',
            'eval "$(run_pipeline.py local env --as alice)" && run_pipeline.py registry log',
        ),
        "commands.local:Env",
        "With --as, clients and the commands of this shell act as that user until another is chosen: for "
        "trying out who may approve a model.",
        json=True,
    ),
)
