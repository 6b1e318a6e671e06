"""What runs inside a function's process: imports the handler once, then answers until its input ends.

Standard library only, run with `-I -S`: the code sees its own files, boto3 and nothing else of the platform,
as in the service. Requests arrive on standard input, one JSON document a line; answers leave on the pipe
named by the first argument, so that whatever a handler prints is only log.
"""

from __future__ import annotations

import importlib
import io
import json
import logging
import os
import sys
import time
import traceback

TYPE_CHECKING = False
if TYPE_CHECKING:  # importing typing would cost a tenth of the start
    from typing import Any


class Context:
    """What a handler is given beside the event.
    https://docs.aws.amazon.com/lambda/latest/dg/python-context.html"""

    def __init__(self, request: dict[str, Any]) -> None:
        self.aws_request_id = request["request_id"]
        self.invoked_function_arn = request["arn"]
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        self.client_context = None
        self._deadline = request["deadline"]

    def get_remaining_time_in_millis(self) -> int:
        return max(0, int((self._deadline - time.time()) * 1000))


def main() -> None:
    task_root, runtime, handler_name = sys.argv[2:5]
    sys.path[:0] = [task_root, runtime]
    answers = os.fdopen(int(sys.argv[1]), "w", encoding="utf-8")
    requests = os.fdopen(os.dup(0), "r", encoding="utf-8")
    _close_the_network()
    _log_as_the_service_does()
    handler = failure = None
    for line in requests:
        request = json.loads(line)
        _log_to(request["log"])
        os.environ["_X_AMZN_REQUEST_ID"] = request["request_id"]
        if handler is None:
            handler, failure = _load(handler_name)
        answer = failure if handler is None else _call(handler, request)
        sys.stdout.flush()
        sys.stderr.flush()
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _load(name: str) -> tuple[Any, dict[str, Any] | None]:
    module_name, _, function_name = name.rpartition(".")
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except SyntaxError as error:
        return None, _failure(
            "Runtime.UserCodeSyntaxError", f"Syntax error in module '{module_name}': {error}"
        )
    except ImportError as error:
        return None, _failure(
            "Runtime.ImportModuleError", f"Unable to import module '{module_name}': {error}"
        )
    except Exception as error:  # noqa: BLE001  (whatever the module's top level raises is its own error)
        return None, _raised(error)
    handler = getattr(module, function_name, None)
    if handler is None:
        message = f"Handler '{function_name}' missing on module '{module_name}'"
        return None, _failure("Runtime.HandlerNotFound", message)
    return handler, None


def _call(handler: Any, request: dict[str, Any]) -> dict[str, Any]:
    try:
        result = handler(request["event"], Context(request))
    except Exception as error:  # noqa: BLE001  (whatever a handler raises is the function's error)
        return _raised(error)
    try:
        return {"payload": json.dumps(result, ensure_ascii=False)}
    except (TypeError, ValueError) as error:
        return _failure("Runtime.MarshalError", f"Unable to marshal response: {error}")


def _raised(error: Exception) -> dict[str, Any]:
    below = error.__traceback__.tb_next if error.__traceback__ else None
    error = error.with_traceback(below)  # from the handler on, without this module
    trace = traceback.extract_tb(error.__traceback__)
    print(f"[ERROR] {type(error).__name__}: {error}")
    traceback.print_exception(error, file=sys.stdout)
    answer = _failure(type(error).__name__, str(error), log=False)
    answer["failure"]["stackTrace"] = [
        f'  File "{frame.filename}", line {frame.lineno}, in {frame.name}\n    {frame.line}\n'
        for frame in trace
    ]
    return answer


def _failure(kind: str, message: str, *, log: bool = True) -> dict[str, Any]:
    if log:
        print(f"[ERROR] {kind}: {message}")
    failure = {"errorMessage": message, "errorType": kind}
    failure["requestId"] = os.environ.get("_X_AMZN_REQUEST_ID", "")
    return {"failure": failure}


def _log_to(path: str) -> None:
    """Standard output and error of this invocation, also of what the handler starts, go to one file."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    os.close(descriptor)


def _log_as_the_service_does() -> None:
    class Handler(logging.StreamHandler):  # type: ignore[type-arg]
        def emit(self, record: logging.LogRecord) -> None:
            record.aws_request_id = os.environ.get("_X_AMZN_REQUEST_ID", "")
            super().emit(record)

    sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), encoding="utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), encoding="utf-8", write_through=True)
    handler = Handler(sys.stdout)
    layout = "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s"
    formatter = logging.Formatter(layout, "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.root.addHandler(handler)


def _close_the_network() -> None:
    """Functions speak to the stand-in; the module that sees to it is not left where they could import it."""
    own_folder = os.path.dirname(__file__)
    sys.path.insert(0, own_folder)
    import loopback  # type: ignore[import-not-found]

    sys.path.remove(own_folder)
    del sys.modules["loopback"]
    loopback.keep_on_this_machine()


if __name__ == "__main__":
    main()
