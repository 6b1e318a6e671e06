"""A group's endpoint brought to serve its newest approved package that may be served.

EventBridge may deliver an event twice, late or never. So an event only says which group to look at: what
counts is the registry, the log of decisions and the endpoint now. An endpoint that is changing is left alone;
the event of its next state brings us back, and a schedule does where an event was lost. Nothing here waits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from waiting import endpoint, tags
from waiting.failures import AWS_ERRORS, code, is_in_use, is_missing, is_refused, message
from waiting.paging import items
from waiting.tools import Tools

from .clearance import Package, described, objections
from .notice import notify
from .settings import Endpoint, Settings
from .tally import APPROVED
from .wanted import ASKED_TAG, SERVING_TAG, ServingError, Wanted, endpoint_name, make, own_tags, wanted


class NotYetError(Exception):
    """The endpoint's name is not free yet; the failed invocation is repeated by Lambda, later."""


def bring_all(tools: Tools, settings: Settings, event: Mapping[str, Any]) -> dict[str, str]:
    """What every group that the event concerns does now, by group."""
    if settings.serving is None:
        return {}
    detail = event.get("detail", {})
    # Whoever is told of a problem is told once: when the package or the endpoint itself has changed.
    told = {str(detail[key]) for key in ("ModelPackageArn", "EndpointName") if key in detail}
    serving = settings.serving
    groups = _groups(tools, detail)
    return {group: Group(tools, settings, serving, group, told).bring() for group in groups}


def _groups(tools: Tools, detail: Mapping[str, Any]) -> Iterator[str]:
    """The groups of an event: of a package, of an endpoint, or all of the environment's by the schedule."""
    if "ModelPackageGroupName" in detail:
        yield str(detail["ModelPackageGroupName"])
    elif "EndpointName" in detail:
        found = endpoint.describe(tools.sagemaker, detail["EndpointName"])
        group = tags.read(tools.sagemaker, found["EndpointArn"]).get(SERVING_TAG) if found else None
        if group:
            yield group
    else:
        listing = tools.sagemaker.list_model_package_groups
        listed = items(listing, "ModelPackageGroupSummaryList", NameContains=f"{tools.prefix}-")
        yield from (each["ModelPackageGroupName"] for each in listed)


class Group:
    """One group and its endpoint."""

    def __init__(
        self, tools: Tools, settings: Settings, serving: Endpoint, name: str, told: set[str]
    ) -> None:
        self._tools = tools
        self._settings = settings
        self._serving = serving
        self._name = name
        self._told = told
        self._endpoint = endpoint_name(name)

    def bring(self) -> str:
        """Does the next thing that can be done; says what is."""
        if not self._name.startswith(f"{self._tools.prefix}-"):
            return "another environment's"
        found = endpoint.describe(self._tools.sagemaker, self._endpoint)
        tagged = tags.read(self._tools.sagemaker, found["EndpointArn"]) if found else {}
        if found and (tagged.get(tags.PREFIX), tagged.get(SERVING_TAG)) != (self._tools.prefix, self._name):
            return self._say("another's endpoint has the name; it is left alone")
        package = self._newest(self._served(found))
        if package is None:
            return self._without(found)
        try:
            this = wanted(self._settings, self._serving, package)
        except ServingError as error:
            return self._say(f"cannot be served: {error}", about=package.arn)
        return self._ensure(this, found, tagged.get(ASKED_TAG, ""))

    def _newest(self, served: str) -> Package | None:
        """The newest approved package to which nothing objects."""
        for arn in self._approved():
            package = described(self._tools, arn)
            against = objections(self._tools, self._settings, package, is_served=arn == served)
            if not against:
                return package
            self._say(f"{package.name} is approved but not served: {'; '.join(against)}", about=arn)
        return None

    def _approved(self) -> Iterator[str]:
        listing = self._tools.sagemaker.list_model_packages
        request = {"SortBy": "CreationTime", "SortOrder": "Descending", "ModelApprovalStatus": APPROVED}
        try:
            for each in items(
                listing, "ModelPackageSummaryList", ModelPackageGroupName=self._name, **request
            ):
                yield each["ModelPackageArn"]
        except AWS_ERRORS as error:
            if not is_missing(error) and "does not exist" not in message(error):
                raise

    def _served(self, found: Mapping[str, Any] | None) -> str:
        """The ARN of the package that the endpoint serves; empty where there is none."""
        if found is None or found["EndpointStatus"] in endpoint.FAILED | {"Creating", "Deleting"}:
            return ""
        sagemaker = self._tools.sagemaker
        try:
            name = found["EndpointConfigName"]
            variants = sagemaker.describe_endpoint_config(EndpointConfigName=name)["ProductionVariants"]
            model = sagemaker.describe_model(ModelName=variants[0]["ModelName"])
        except AWS_ERRORS as error:
            if is_missing(error):
                return ""
            raise
        return str(model.get("PrimaryContainer", {}).get("ModelPackageName", ""))

    def _ensure(self, this: Wanted, found: Mapping[str, Any] | None, asked: str) -> str:
        status = found["EndpointStatus"] if found else None
        if status in endpoint.CHANGING:
            return self._say(f"is {status}; {this.package.name} is looked at again when that is over")
        if status == "Deleting":
            raise NotYetError(f"endpoint '{self._endpoint}' is being deleted")
        tried = asked == this.name and this.package.arn not in self._told
        if found is None or status in endpoint.FAILED:
            return self._failed(found, this) if found and tried else self._create(this, found)
        if found["EndpointConfigName"] == this.name:
            return self._say(f"serves {this.package.name}")
        return self._failed(found, this) if tried else self._update(this, found)

    def _failed(self, found: Mapping[str, Any], this: Wanted) -> str:
        reason = found.get("FailureReason") or "the service gives no reason"
        text = f"is {found['EndpointStatus']}; {this.package.name} could not be deployed: {reason}"
        return self._say(text, about=self._endpoint)

    def _create(self, this: Wanted, over: Mapping[str, Any] | None) -> str:
        """A failed endpoint has to be gone before one of its name can be created."""
        if over is not None:
            self._tools.sagemaker.delete_endpoint(EndpointName=self._endpoint)
        make(self._tools, self._settings, this)
        request = {
            "EndpointName": self._endpoint,
            "EndpointConfigName": this.name,
            "Tags": own_tags(self._tools, self._settings, self._name, **{ASKED_TAG: this.name}),
        }
        try:
            self._tools.sagemaker.create_endpoint(**request)
        except AWS_ERRORS as error:
            if not is_in_use(error):
                raise
            if over is not None:
                raise NotYetError(f"endpoint '{self._endpoint}' is being deleted") from error
            return self._say("is created by another invocation")
        return self._say(f"is created for {this.package.name}")

    def _update(self, this: Wanted, found: Mapping[str, Any]) -> str:
        make(self._tools, self._settings, this)
        try:
            self._tools.sagemaker.update_endpoint(EndpointName=self._endpoint, EndpointConfigName=this.name)
        except AWS_ERRORS as error:
            now = endpoint.describe(self._tools.sagemaker, self._endpoint) if is_refused(error) else None
            if now is None or now["EndpointStatus"] not in endpoint.CHANGING:
                raise
            return self._say("is being changed by another invocation")
        # After the update: were it the other way round, a failure in between would look like a refused model.
        asked = tags.form({}, {ASKED_TAG: this.name})
        self._tools.sagemaker.add_tags(ResourceArn=found["EndpointArn"], Tags=asked)
        return self._say(f"is updated to {this.package.name}")

    def _without(self, found: Mapping[str, Any] | None) -> str:
        """No approved package is left."""
        if found is None:
            return self._say("is not there, and no approved package may be served")
        if self._serving.without_approved == "keep":
            return self._say("serves on, though no approved package is left", about="*")
        try:
            self._tools.sagemaker.delete_endpoint(EndpointName=self._endpoint)
        except AWS_ERRORS as error:
            if not (is_missing(error) or is_refused(error)):
                raise
            return self._say(f"cannot be deleted now ({code(error)}); it is when its change is over")
        return self._say("is deleted: no approved package is left", about="*")

    def _say(self, what: str, *, about: str = "") -> str:
        """Logs it; notifies too where the event itself is about this, not where the schedule comes by."""
        self._tools.log("serving", group=self._name, endpoint=self._endpoint, what=what)
        if about in self._told or (about == "*" and self._told):
            notify(self._tools, self._settings, self._name, f"endpoint {self._endpoint}: {what}")
        return what
