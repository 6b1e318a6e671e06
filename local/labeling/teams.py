"""Private work teams and the workforce behind them: kept, described, listed. Nobody is invited."""

from __future__ import annotations

from typing import Any

from local.api import ApiError
from local.engine.operations.pages import moment, present
from local.engine.ports import Document
from local.resources import Resources, listed

TEAM, WORKFORCE = "workteam", "workforce"
DEFAULT = "default"
_OF_TEAM = ("WorkteamName", "MemberDefinitions", "Description", "NotificationConfiguration")
_MORE_OF_TEAM = ("WorkerAccessConfiguration",)
_OF_WORKFORCE = ("WorkforceName", "CognitoConfig", "OidcConfig", "SourceIpConfig", "IpAddressType")
# An account has one private workforce in a region.
PRIVATE = "private-crowd/"


def missing(name: str, arn: str) -> ApiError:
    return ApiError("ValidationException", f"Could not find workteam or workforce '{name}' ({arn}).")


def taken(name: str, arn: str) -> ApiError:
    return ApiError("ResourceInUse", f"'{name}' already exists: {arn}")


class Teams:
    """Work teams are private: the ARN says workteam/private-crowd/<name>."""

    def __init__(self, teams: Resources, workforces: Resources) -> None:
        self._teams, self._workforces = teams, workforces

    def create(self, asked: Document) -> dict[str, Any]:
        """ApiError where there is no workforce, or a team of this name."""
        self._workforces.get(asked.get("WorkforceName") or DEFAULT)
        made = self._teams.add(f"{PRIVATE}{asked['WorkteamName']}", asked)
        return {"WorkteamArn": made["arn"]}

    def update(self, asked: Document) -> dict[str, Any]:
        """Members, description: what is given replaces what was."""
        changed = {key: value for key, value in asked.items() if value is not None}
        key = f"{PRIVATE}{asked['WorkteamName']}"
        team = self._teams.change(key, lambda found: {**found, "request": {**found["request"], **changed}})
        return {"Workteam": _shown(team, self._workforces)}

    def describe(self, asked: Document) -> dict[str, Any]:
        return {"Workteam": _shown(self._teams.get(f"{PRIVATE}{asked['WorkteamName']}"), self._workforces)}

    def list(self, asked: dict[str, Any]) -> dict[str, Any]:
        return listed(
            self._teams.all(),
            asked,
            member="Workteams",
            name=lambda team: str(team["request"]["WorkteamName"]),
            shown=lambda team: _shown(team, self._workforces),
        )

    def delete(self, asked: Document) -> dict[str, Any]:
        self._teams.delete(f"{PRIVATE}{asked['WorkteamName']}")
        return {"Success": True}

    def exists(self, arn: str) -> bool:
        """Vendors' teams are another account's: they are taken as they are named."""
        return ":workteam/vendor-crowd/" in arn or self._teams.find(arn) is not None

    def create_workforce(self, asked: Document) -> dict[str, Any]:
        if self._workforces.all():
            raise ApiError(
                "ResourceLimitExceeded", "An account has one private workforce in a Region at most."
            )
        return {"WorkforceArn": self._workforces.add(asked["WorkforceName"], asked)["arn"]}

    def describe_workforce(self, asked: Document) -> dict[str, Any]:
        return {"Workforce": _workforce(self._workforces.get(asked["WorkforceName"]))}

    def list_workforces(self, asked: dict[str, Any]) -> dict[str, Any]:
        return listed(
            self._workforces.all(),
            asked,
            member="Workforces",
            name=lambda each: str(each["request"]["WorkforceName"]),
            shown=_workforce,
        )


def _shown(team: Document, workforces: Resources) -> dict[str, Any]:
    request = team["request"]
    workforce = workforces.find(request.get("WorkforceName") or DEFAULT)
    return present(
        {
            **{name: request.get(name) for name in (*_OF_TEAM, *_MORE_OF_TEAM)},
            "WorkteamArn": team["arn"],
            "WorkforceArn": workforce["arn"] if workforce else None,
            "CreateDate": moment(team["created"]),
            "LastUpdatedDate": moment(team["modified"]),
        }
    )


def _workforce(workforce: Document) -> dict[str, Any]:
    request = workforce["request"]
    return present(
        {
            **{name: request.get(name) for name in _OF_WORKFORCE},
            "WorkforceArn": workforce["arn"],
            "Status": "Active",
            "CreateDate": moment(workforce["created"]),
            "LastUpdatedDate": moment(workforce["modified"]),
        }
    )
